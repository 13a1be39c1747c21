"""The directory of published models: versions and their life, what the next may change, what servers start with."""

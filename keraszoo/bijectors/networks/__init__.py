"""Networks that tell a transform its parameters, and what they need."""

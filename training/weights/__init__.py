"""Making trained weights."""

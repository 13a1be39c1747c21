"""How good samples are, beside data."""

"""How good a representation is: what can be learned of it with few labels."""

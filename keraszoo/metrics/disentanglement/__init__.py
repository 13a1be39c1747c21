"""How well codes keep the factors of the data apart."""

"""VAEs whose objective keeps the factors of the data apart."""

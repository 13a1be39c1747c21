"""The zoo's own datasets, which need no download."""

"""Transforms of each number alone."""

"""Datasets as they are stored."""

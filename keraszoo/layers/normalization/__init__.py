"""Layers that normalise what passes them, or the weights that it passes."""

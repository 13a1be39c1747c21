"""Densities that need no network: histograms, kernels, mixtures of Gaussians, and classifiers made of them."""

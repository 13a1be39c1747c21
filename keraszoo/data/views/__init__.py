"""Datasets seen otherwise: few labels, repeated, unpaired, weighted."""

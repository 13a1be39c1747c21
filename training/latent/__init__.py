"""The latent space of a finished run's model."""

"""Sampling of models that decode draws from a prior."""

import tensorflow as tf

from ..core.checks import checked_count
from ..core.inputs import Seed, Temperature


class PriorSampling:
    """What models have in common that hold a `prior` and `decode` its draws: a part of a class of models.

    Where it stands: `class VAE(PriorSampling, Autoencoder)`.
    """

    def sample(self, count, seed=None, temperature=1.0):
        """Decoded draws from the prior.

        Args:
            count: how many.
            seed: integer; the same seed gives the same samples. None: new ones each time.
            temperature: scale of the prior's draws; below 1 more typical, less varied.

        Returns:
            [count, *image_shape] float32.
        """
        return self.decode(self.sample_latent(count, seed, temperature))

    def sample_latent(self, count, seed=None, temperature=1.0):
        """What `sample` decodes, draws from the prior."""
        return self.prior.sample(checked_count(count), seed, temperature=temperature)

    def pictures(self, x, seed=0):
        if len(self.image_shape) != 3:
            return {}
        samples = tf.reshape(self.sample(64, seed=seed), [8, 8, *self.image_shape])
        return {"samples": samples, **super().pictures(x, seed)}

    def serving_signatures(self):
        return {**super().serving_signatures(), **self.sampling_signatures()}

    def sampling_signatures(self):
        """The signature "sample", where the prior can be sampled from."""
        if not self.prior.has_forward:
            return {}
        return {"sample": (self._serve_sample, [Seed(), Temperature()])}

    def _serve_sample(self, seed, temperature):
        return {self.inputs.name: self.decode(self.prior.sample_rows(seed, temperature))}

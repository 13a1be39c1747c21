"""What a VAE minimises: the negative ELBO; `importance_weighted.py` has the bounds of several draws.

Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), https://arxiv.org/abs/1312.6114.
"""

import keras


@keras.saving.register_keras_serializable("keraszoo")
class ELBO:
    """-log p(x|z) + beta KL(q(z|x) || p(z)) of one draw z of each posterior, in nats.

    The KL is exact for a Gaussian posterior and the prior N(0, I), else its estimate from the draw.
    """

    term_names: tuple[str, ...] = ("reconstruction", "kl")

    def terms(self, vae, x, condition, training):
        """The loss terms of a VAE, and what it measures of the bound with beta 1: `{name: [batch]}`.

        Args:
            vae: a `VAE`.
            x: [batch, *image_shape].
            condition: what both networks are told besides, or None.
            training: whether it learns.
        """
        q = vae.posterior_given(x, condition, training)
        z, log_q = q.draw(vae.noise)
        output = vae.decoder_output(z, condition, training)
        reconstruction, kl = vae.likelihood.negative_log_likelihood(x, output), vae.kl(q, z, log_q)
        return {"reconstruction": reconstruction, "kl": vae.kl_weight * kl, **vae.measured(reconstruction + kl)}

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

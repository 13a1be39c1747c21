"""The ladder VAE, of two levels.

Sonderby, Raiko, Maaloe, Sonderby and Winther, "Ladder Variational Autoencoders" (2016),
https://arxiv.org/abs/1602.02282.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.model import takes
from ...core.types import Array
from ...distributions.ladder import LadderPosterior, TwoLevelNormal
from ...distributions.normal import DiagonalNormal, StandardNormal
from ...losses import normal_kl
from ...networks import sizes
from ...networks.by_size import check_network, dense_encoder, encoder_alone
from ...networks.initialization import initializers
from .objectives import ELBO
from .vae import VAE


@keras.saving.register_keras_serializable("keraszoo")
class LadderELBO(ELBO):
    """-log p(x|z_1) + beta KL(q(z_1|x, z_2) || p(z_1|z_2)) + beta KL(q(z_2|x) || p(z_2)) of one draw of each, in nats.

    Both KLs are exact, the first given the draw of z_2.
    """

    term_names: tuple[str, ...] = ("reconstruction", "kl_1", "kl_2")

    def terms(self, vae, x, condition, training):
        q = vae.posterior_given(x, condition, training)
        z, _ = q.draw(vae.noise)
        output = vae.decoder_output(z, condition, training)
        below, above = q.kl(vae.prior.levels(z)[1])
        return {
            "reconstruction": vae.likelihood.negative_log_likelihood(x, output),
            "kl_1": vae.kl_weight * below,
            "kl_2": vae.kl_weight * above,
        }


@keras.saving.register_keras_serializable("keraszoo")
class LadderVAE(VAE):
    """A `VAE` with two levels of codes, z_1 below and z_2 above: p(x|z_1) p(z_1|z_2) p(z_2), p(z_2) = N(0, I).

    The encoder goes up and estimates both levels from x. Then inference goes down as generation does: z_2 is drawn from
    the estimate, and z_1 from the precision-weighted product of its estimate and of p(z_1|z_2), so that what the upper
    level knows need not be inferred again below. A code is both side by side, z_1 first: `encode` gives z_2's mean and,
    before it, that of z_1 given it; `prior` is p(z_1, z_2), `posterior(x)` q(z_1, z_2|x), and `decode` looks at z_1
    alone.

    Upper levels are easily left unused: the paper warms `beta` up from 0, which is `beta`'s schedule here. It also
    normalises batches in every layer, which this does not.

    Args:
        image_shape: as for `Autoencoder`.
        latent_dims: lengths of z_1 and of z_2, each >= 1.
        top_hidden: units of the hidden layers of the two networks between the levels, upwards and downwards.
        network, hidden, ...: as for `VAE`; `hidden` are the layers between x and z_1. `prior` is the model's own.
        encoder: a network of your own returns [batch, 2 * (both lengths)]: means of z_1 and of z_2, then log-variances.
        decoder: one of your own, [batch, length of z_1] -> as for `Autoencoder`.
        top_down: one of your own, [batch, length of z_2] -> [batch, 2 * length of z_1]: means, then log-variances.

    Example:
        >>> vae = LadderVAE((8, 8, 1), latent_dims=(4, 2), hidden=(32,), top_hidden=(16,))
        >>> vae.sample(4, seed=0).shape, vae.encode(tf.zeros([3, 8, 8, 1])).shape, vae.term_names
        (TensorShape([4, 8, 8, 1]), TensorShape([3, 6]), ('reconstruction', 'kl_1', 'kl_2'))
    """

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        units = sizes.code_size(shape)
        return {**sizes.network(shape), "latent_dims": (units, max(1, units // 2))}

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dims: Sequence[int] = (16, 8),
        *,
        top_hidden: Sequence[int] = (128,),
        objective: Any = None,
        encoder: keras.Layer | None = None,
        top_down: keras.Layer | None = None,
        activation: str | Callable = "relu",
        **kwargs: Any,
    ) -> None:
        if "latent_dim" in kwargs:
            raise InputError(
                "A ladder VAE has two levels of codes. "
                f"Received: latent_dim={kwargs['latent_dim']!r}. Nearest: latent_dims=(16, 8)."
            )
        self.latent_dims = positive_integers("latent_dims", latent_dims)
        if len(self.latent_dims) != 2:
            raise InputError(f"A ladder VAE has two levels of codes. Received: latent_dims={latent_dims!r}.")
        self.top_hidden = positive_integers("top_hidden", top_hidden)
        below, above = self.latent_dims
        options = {"activation": activation, "initialization": kwargs.get("initialization", "glorot")}
        options["dtype"] = kwargs.get("dtype")
        if encoder is None:
            encoder = self._bottom_up(positive_integers("image_shape", image_shape), kwargs, options)
        objective = LadderELBO() if objective is None else objective
        super().__init__(
            image_shape, below + above, objective=objective, encoder=encoder, activation=activation, **kwargs
        )
        if top_down is None:
            top_down = dense_encoder((above,), 2 * below, self.top_hidden, **options)
        check_network(top_down, "top_down", (above,), (2 * below,))
        self.prior = TwoLevelNormal(self.latent_dims, top_down)

    def _bottom_up(self, image_shape, named, options):
        """The encoder by size: from x to the estimate of z_1, and through further hidden layers to that of z_2."""
        policy, kept, hidden = options["dtype"], ("downsampling", "padding"), named.get("hidden")
        hidden = None if hidden is None else positive_integers("hidden", hidden)
        trunk = encoder_alone(
            image_shape, self.top_hidden[0], network=named.get("network", "dense"), hidden=hidden,
            **{name: named[name] for name in kept if name in named}, **options,
        )  # fmt: skip
        inputs = keras.Input(image_shape)
        features = keras.layers.Activation(options["activation"], dtype=policy)(trunk(inputs))
        means, log_vars = [], []
        for level, units in enumerate(self.latent_dims):
            for width in self.top_hidden if level else ():
                start = initializers(options["initialization"], features.shape[-1])
                features = keras.layers.Dense(width, options["activation"], dtype=policy, **start)(features)
            for estimates in (means, log_vars):
                start = initializers(options["initialization"], features.shape[-1])
                estimates.append(keras.layers.Dense(units, dtype=policy, **start)(features))
        return keras.Model(inputs, keras.layers.Concatenate(dtype=policy)([*means, *log_vars]), name="encoder")

    @property
    def decoder_shape(self) -> tuple[int, ...]:
        return self.latent_dims[:1]

    def made_prior(self, prior: Any, components: int | None) -> Any:
        if prior != "normal" or components is not None:
            raise InputError(f"{type(self).__name__} has a prior of its own. Received: prior={prior!r}.")
        return StandardNormal(self.latent_dim)  # until its network is there

    def posterior_given(self, x: Array, condition: Array | None, training: bool = False) -> Any:
        bottom_up = DiagonalNormal.of_output(self.encoder(self.network_input(x), training=training))
        return LadderPosterior(bottom_up, self.prior, training)

    def decoder_output(self, z: Array, condition: Array | None, training: bool = False) -> tf.Tensor:
        return self.decoder(z[:, : self.latent_dims[0]], training=training)

    @takes("latents")
    def decode(self, z: Array) -> tf.Tensor:
        """The mean of p(x | z_1): [batch, both lengths], z_1 first -> [batch, *image_shape] float32."""
        return self.likelihood.mean(self.decoder_output(z, None))

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        return self.likelihood.mean(self.decoder_output(self.encode(x, training=training), None, training))

    def kl(self, q: Any, z: Array, log_q: Array) -> tf.Tensor:
        """The KL of both levels, exact but for the draw of z_2."""
        return tf.add_n(q.kl(self.prior.levels(z)[1]))

    @takes("inputs")
    def kl_per_unit(self, x: Array, seed: int = 0) -> tuple[np.ndarray, ...]:
        """What each unit carries: its KL from its prior in nats, of level 1 given a draw of z_2; means over examples.

        Their sums are the terms `kl_1` and `kl_2` at beta 1. The paper calls units with more than .01 active.

        Args:
            x: [batch, *image_shape].
            seed: integer, of the draws.

        Returns:
            numpy arrays (of level 1, of level 2).
        """
        q = self.posterior(x)
        _, z_2 = self.prior.levels(q.sample(seed=seed))
        below, prior = q.given(z_2)
        of_units = (*below, *prior), (q.means[1], q.log_vars[1])
        return tuple(np.mean(normal_kl(*(part[..., None] for part in parts)), axis=0) for parts in of_units)

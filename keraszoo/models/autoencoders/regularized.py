"""The regularised autoencoder: a deterministic decoder that is smooth, and a density of the codes found afterwards.

Ghosh, Sajjadi, Vergari, Black and Schoelkopf, "From Variational to Deterministic Autoencoders" (2020),
https://arxiv.org/abs/1903.12436.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.errors import InputError, closest
from ...core.types import Array, Targets
from ...core.updates import ClosedForm, Gradient
from ...distributions.full_normal import FullNormal
from ...layers.normalization.spectral_normalization import SpectralNormalization
from ...losses import squared_jacobian_norm
from ..prior_sampling import PriorSampling
from .autoencoder import Autoencoder

REGULARIZERS = ("l2", "gradient_penalty", "spectral")


@keras.saving.register_keras_serializable("keraszoo")
class RegularizedAutoencoder(PriorSampling, Autoencoder):
    """Minimises -log p(x|z) + code_weight |z|^2 / 2 + weight R, z = encoder(x), with a regulariser R of the decoder.

    - `regularizer="l2"`: R is the sum of the squares of the decoder's kernels;
    - "gradient_penalty": R is |d decoder(z) / d z|^2 of each example, by one random direction a step;
    - "spectral": each kernel of the decoder is divided by its largest singular value, and there is no R.

    What is sampled from is a normal distribution with the mean and the covariance of the codes of the epoch before,
    which is measured, not learned: the paper's ex-post density.

    Args:
        image_shape, latent_dim, ...: as for `Autoencoder`.
        regularizer: "l2", "gradient_penalty" or "spectral".
        weight: of R, >= 0; reconstruction is a sum over the pixels.
        code_weight: of |z|^2 / 2, > 0: without it the codes could grow to undo any smoothness.

    Example:
        >>> model = RegularizedAutoencoder((8, 8, 1), latent_dim=2, hidden=(32,))
        >>> model.sample(4, seed=0).shape, model.term_names
        (TensorShape([4, 8, 8, 1]), ('reconstruction', 'code', 'regularization'))
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        regularizer: str = "l2",
        weight: float = 1e-3,
        code_weight: float = 0.1,
        decoder: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        if regularizer not in REGULARIZERS:
            raise InputError(
                f"Unknown regularizer. Received: {regularizer!r}. {closest(str(regularizer), REGULARIZERS)}"
            )
        if not weight >= 0:
            raise InputError(f"weight weighs the regulariser and must be >= 0. Received: weight={weight!r}.")
        if not code_weight > 0:
            raise InputError(f"code_weight keeps the codes small and must be > 0. Received: {code_weight!r}.")
        self.regularizer, self.weight, self.code_weight = regularizer, float(weight), float(code_weight)
        super().__init__(image_shape, latent_dim, decoder=decoder, **kwargs)
        if regularizer == "spectral" and decoder is None:
            self.decoder = keras.models.clone_model(self.decoder, clone_function=_normalized)
        self.noise = keras.random.SeedGenerator() if regularizer == "gradient_penalty" else None
        self.prior = FullNormal(self.latent_dim)

    @property
    def term_names(self) -> tuple[str, ...]:
        return ("reconstruction", "code") + ("regularization",) * (self.regularizer != "spectral")

    def penalties(self, x: Array, y: Targets | None, code: Array, training: bool) -> dict[str, tf.Tensor]:
        terms = {"code": 0.5 * self.code_weight * tf.reduce_sum(tf.square(code), axis=1)}
        if self.regularizer == "l2":
            kernels = [weight for weight in self.decoder.weights if len(weight.shape) > 1]
            squares = tf.add_n([tf.reduce_sum(tf.square(tf.cast(kernel, tf.float32))) for kernel in kernels])
            terms["regularization"] = tf.fill(tf.shape(code)[:1], self.weight * squares)
        if self.regularizer == "gradient_penalty":
            norm = squared_jacobian_norm(lambda z: self.decoder(z, training=training), code, probes=1, seed=self.noise)
            terms["regularization"] = self.weight * norm
        return terms

    def updates(self) -> dict[str, Gradient | ClosedForm]:
        return {
            "optimizer": Gradient(self.loss_terms, self.trainable_variables),
            "prior": ClosedForm(
                lambda x, y, weights: self.prior.sums(self.encode(x), weights),
                lambda sums: self.prior.fit(**sums),
                every="epoch",
                shapes=self.prior.shapes(self.latent_dim),
            ),
        }


def _normalized(layer):
    """A layer of the decoder, its kernel divided by its largest singular value where it has one."""
    copy = type(layer).from_config(layer.get_config())
    with_kernel = (keras.layers.Dense, keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    return SpectralNormalization(copy, dtype=layer.dtype_policy) if isinstance(layer, with_kernel) else copy

"""InfoGAN: codes that a generator must make visible.

Chen et al., "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets"
(2016), https://arxiv.org/abs/1606.03657.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.model import takes
from ...core.seeds import normal_rows, seed_pair
from ...core.types import Array, Targets
from .gan import GAN


@keras.saving.register_keras_serializable("keraszoo")
class InfoGAN(GAN):
    """A `GAN` whose generator gets codes beside the noise, which the discriminator must read off the fakes.

    Both networks lower -log q(codes | fake), which bounds the mutual information of codes and fakes: for each
    categorical code the cross-entropy, for each continuous one, uniform on [-1, 1], that of a Gaussian of variance 1
    (without its constant).

    Args:
        image_shape, latent_dim, ...: as for `GAN`; latent_dim is that of the noise alone.
        categories: number of values of each categorical code.
        continuous: number of continuous codes.
        information_weight: of the term, > 0.
        generator: a network of your own, [batch, latent_dim + sum(categories) + continuous] -> [batch, *image_shape].
        discriminator: one of your own, [batch, ...] -> [batch, 1 + sum(categories) + continuous].

    Example:
        >>> model = InfoGAN((8, 8, 1), latent_dim=16, categories=(10,), continuous=2)
        >>> model.read(model.sample(3, seed=0)).shape  # probabilities of the categories, and means
        TensorShape([3, 12])
    """

    term_names: tuple[str, ...] = ("discriminator", "information", "generator", "generator_information")

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 62,
        *,
        categories: Sequence[int] = (10,),
        continuous: int = 2,
        information_weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        self.categories = positive_integers("categories", categories) if categories else ()
        self.continuous = positive_integers("continuous", [continuous])[0] if continuous else 0
        if not self.categories and not self.continuous:
            raise InputError(f"InfoGAN needs a code. Received: categories={categories!r}, continuous={continuous!r}.")
        if not information_weight > 0:
            raise InputError(f"information_weight must be > 0. Received: {information_weight!r}.")
        self.information_weight = float(information_weight)
        super().__init__(image_shape, latent_dim, **kwargs)

    @property
    def code_size(self) -> int:
        return sum(self.categories) + self.continuous

    @property
    def heads(self) -> int:
        return self.code_size

    def codes(self, rows: Any, y: Targets | None = None) -> tf.Tensor:
        uniform = keras.random.uniform([rows, len(self.categories) + self.continuous], dtype="float32", seed=self.noise)
        return self.codes_of(uniform)

    def codes_of(self, uniform: Array) -> tf.Tensor:
        """Codes of draws from [0, 1): [batch, codes] -> [batch, sum(categories) + continuous]."""
        parts = [tf.one_hot(tf.cast(uniform[:, i] * n, tf.int32), n) for i, n in enumerate(self.categories)]
        return tf.concat([*parts, 2.0 * uniform[:, len(self.categories) :] - 1.0], axis=1)

    def auxiliary_terms(
        self, outputs: Array, y: Targets | None = None, codes: Array | None = None
    ) -> dict[str, tf.Tensor]:
        if codes is None:
            return {}
        sizes = [*self.categories, self.continuous]
        *logits, means = tf.split(outputs[:, 1:], sizes, axis=1)
        *hot, values = tf.split(codes, sizes, axis=1)
        surprise = 0.5 * tf.reduce_sum(tf.square(values - means), axis=1)
        for target, logit in zip(hot, logits, strict=True):
            surprise += tf.nn.softmax_cross_entropy_with_logits(target, logit)
        return {"information": self.information_weight * surprise}

    @takes("inputs")
    def read(self, x: Array) -> tf.Tensor:
        """The codes that the discriminator reads off examples.

        Args:
            x: [batch, *image_shape].

        Returns:
            [batch, sum(categories) + continuous] float32: probabilities, then the means of the continuous ones.
        """
        outputs = self._judge(tf.cast(x, tf.float32), None, False, augment=False)[:, 1:]
        *logits, means = tf.split(outputs, [*self.categories, self.continuous], axis=1)
        return tf.concat([*map(tf.nn.softmax, logits), means], axis=1)

    def sample(
        self, count: int, seed: int | None = None, temperature: float = 1.0, codes: Array | None = None
    ) -> tf.Tensor:
        """Generated examples.

        Args:
            count, seed, temperature: as for `GAN`.
            codes: [count, sum(categories) + continuous]; None draws them.

        Returns:
            [count, *image_shape] float32.
        """
        return self.decode(self.sample_latent(count, seed, temperature, codes))

    def sample_latent(
        self, count: int, seed: int | None = None, temperature: float = 1.0, codes: Array | None = None
    ) -> tf.Tensor:
        """What `sample` decodes: [count, latent_dim + sum(categories) + continuous] float32, the noise first."""
        if codes is None:
            draws = len(self.categories) + self.continuous
            other = None if seed is None else seed + 1
            codes = self.codes_of(tf.random.stateless_uniform([count, draws], seed_pair(other)))
        return self._seeded_latent(count, seed, temperature, tf.cast(codes, tf.float32))

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        """Samples; and for each code the same noise, in each row, while the code changes from left to right."""
        pictures = super().pictures(x, seed)
        if len(self.image_shape) != 3:
            return pictures
        rows, columns = 5, 10
        noise = self._seeded_latent(rows, seed, 1.0)
        draws = tf.random.stateless_uniform([rows, len(self.categories) + self.continuous], [seed, 1])
        for code in range(draws.shape[1]):
            # steps in the middle of a category each
            values = (tf.range(columns, dtype=tf.float32) + 0.5) / columns
            uniform = tf.repeat(draws[:, None], columns, axis=1)
            uniform = tf.concat(
                [uniform[..., :code], tf.tile(values[None, :, None], [rows, 1, 1]), uniform[..., code + 1 :]], axis=2
            )
            codes = self.codes_of(tf.reshape(uniform, [rows * columns, -1]))
            latent = tf.concat([tf.repeat(noise, columns, axis=0), codes], axis=1)
            pictures[f"code_{code}"] = tf.reshape(self.decode(latent), [rows, columns, *self.image_shape])
        return pictures

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        signatures = super().serving_signatures()
        return {**signatures, "read": (self._serve_read, [self.inputs])}

    def _serve_sample(self, seed, temperature):
        draws = normal_rows(seed, self.latent_dim + len(self.categories) + self.continuous)
        uniform = 0.5 + 0.5 * tf.math.erf(draws[:, self.latent_dim :] / math.sqrt(2.0))
        codes = self.codes_of(tf.minimum(uniform, 1.0 - 1e-6))
        return {
            self.inputs.name: self.decode(self._latent(None, codes, temperature[:, None] * draws[:, : self.latent_dim]))
        }

    def _serve_read(self, image):
        return {"codes": self.read(image)}

"""A normal distribution with a full covariance, measured on codes."""

import math
from typing import Any

import keras
import tensorflow as tf

from ..core.seeds import normal_rows, seed_pair
from ..core.types import Array
from .prior import Prior

JITTER = 1e-4  # of the mean variance, added to the diagonal: codes may lie in fewer dimensions than they have units


@keras.saving.register_keras_serializable("keraszoo")
class FullNormal(Prior, keras.layers.Layer):
    """N(mean, covariance) of codes, whose parameters are measured, not learned; N(0, I) until then.

    Args:
        size: number of units, >= 1.

    Attributes:
        loc: [size], the mean.
        scale_tril: [size, size], the lower Cholesky factor of the covariance.

    Example:
        >>> prior = FullNormal(2)
        >>> prior.fit(*FullNormal.sums(tf.constant([[0.0, 0.0], [2.0, 2.0], [0.0, 2.0], [2.0, 0.0]])).values())
        >>> prior.loc.numpy(), prior.covariance().numpy().round(3)
        (array([1., 1.], dtype=float32), array([[1., 0.],
               [0., 1.]], dtype=float32))
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.size = size
        options = {"trainable": False, "autocast": False}
        self.loc = self.add_weight(name="loc", shape=(size,), initializer="zeros", **options)
        start = keras.initializers.Identity()
        self.scale_tril = self.add_weight(name="scale_tril", shape=(size, size), initializer=start, **options)
        self.built = True

    @staticmethod
    def shapes(size: int) -> dict[str, tuple]:
        """Of `sums`."""
        return {"count": (), "total": (size,), "products": (size, size)}

    @staticmethod
    def sums(codes: Array, weights: Array | None = None) -> dict[str, tf.Tensor]:
        """What the parameters follow from, sums over the rows of codes [n, size]: {"count", "total", "products"}."""
        codes = tf.cast(codes, tf.float32)
        weights = tf.ones(tf.shape(codes)[:1]) if weights is None else weights
        weighted = weights[:, None] * codes
        return {
            "count": tf.reduce_sum(weights),
            "total": tf.reduce_sum(weighted, axis=0),
            "products": tf.matmul(weighted, codes, transpose_a=True),
        }

    def fit(self, count: Array, total: Array, products: Array) -> None:
        """Sets mean and covariance from `sums`, the most likely ones."""
        mean = total / count
        covariance = products / count - mean[:, None] * mean
        jitter = JITTER * tf.linalg.trace(covariance) / self.size + 1e-12
        self.loc.assign(mean)
        self.scale_tril.assign(tf.linalg.cholesky(covariance + jitter * tf.eye(self.size)))

    def covariance(self) -> tf.Tensor:
        """[size, size]."""
        return tf.matmul(self._scale(), self._scale(), transpose_b=True)

    def log_prob(self, z: Array) -> tf.Tensor:
        """In nats: [rows, size] -> [rows] float32."""
        scale = self._scale()
        white = tf.linalg.triangular_solve(scale, tf.transpose(tf.cast(z, tf.float32) - tf.convert_to_tensor(self.loc)))
        log_det = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(scale)))
        return -0.5 * tf.reduce_sum(tf.square(white), axis=0) - log_det - 0.5 * self.size * math.log(2.0 * math.pi)

    def sample(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Draws, `temperature` times as far from the mean: [count, size] float32."""
        return self._of_normal(temperature * tf.random.stateless_normal([count, self.size], seed_pair(seed)))

    def sample_rows(self, seed: Array, temperature: Array) -> tf.Tensor:
        """A draw for each seed, from its own alone: [batch] int64, [batch] -> [batch, size] float32."""
        return self._of_normal(temperature[:, None] * normal_rows(seed, self.size))

    def _of_normal(self, normal):
        return tf.convert_to_tensor(self.loc) + tf.matmul(normal, self._scale(), transpose_b=True)

    def _scale(self):
        return tf.convert_to_tensor(self.scale_tril)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["dtype"]
        return {**config, "size": self.size}

"""Two levels of Gaussian codes, the lower one given the upper one: the prior and the posterior of a ladder VAE.

Sonderby, Raiko, Maaloe, Sonderby and Winther, "Ladder Variational Autoencoders" (2016),
https://arxiv.org/abs/1602.02282.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ..core.seeds import normal_rows, seed_pair
from ..core.types import Array
from ..losses import normal_kl
from .normal import DiagonalNormal, normal_log_prob
from .prior import Prior


def precision_weighted(
    mean: Array, log_var: Array, other_mean: Array | float, other_log_var: Array | float
) -> tuple[tf.Tensor, tf.Tensor]:
    """The Gaussian that is proportional to the product of two: equation 16 of the paper.

    Args:
        mean, log_var: of the one; log_var is the logarithm of the *variance*.
        other_mean, other_log_var: of the other, broadcastable to them.

    Returns:
        Its mean, that of both weighted by their precisions, and the logarithm of its variance, one over their sum.

    Example:
        >>> mean, log_var = precision_weighted(0.0, tf.zeros([1]), 3.0, tf.zeros([1]))
        >>> mean.numpy(), tf.exp(log_var).numpy()
        (array([1.5], dtype=float32), array([0.5], dtype=float32))
    """
    share = tf.sigmoid(other_log_var - log_var)  # of the first precision in their sum
    return share * mean + (1.0 - share) * other_mean, log_var + tf.math.log_sigmoid(other_log_var - log_var)


@keras.saving.register_keras_serializable("keraszoo")
class TwoLevelNormal(Prior, keras.layers.Layer):
    """p(z) = p(z_1 | z_2) p(z_2) of z = (z_1, z_2): N(0, I) above, a Gaussian that a network makes of z_2 below.

    Args:
        sizes: lengths of z_1 and of z_2.
        top_down: a network, [batch, length of z_2] -> [batch, 2 * length of z_1]: means, then log-variances.

    Example:
        >>> from keraszoo.networks.by_size import dense_encoder
        >>> prior = TwoLevelNormal((3, 2), dense_encoder((2,), 6, (8,)))
        >>> prior.log_prob(prior.sample(4, seed=0)).shape
        TensorShape([4])
    """

    def __init__(self, sizes: Sequence[int], top_down: keras.Layer, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.sizes, self.top_down = tuple(sizes), top_down
        self.built = True

    def given(self, z_2: Array, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean and log-variance of p(z_1 | z_2), float32.

        Shapes:
            [rows, length of z_2] -> 2 x [rows, length of z_1], or with draws for each row, [rows, count, ...].
        """
        output = tf.cast(self.top_down(tf.reshape(z_2, [-1, self.sizes[1]]), training=training), tf.float32)
        if len(z_2.shape) == 3:
            output = tf.reshape(output, [-1, tf.shape(z_2)[1], 2 * self.sizes[0]])
        return tf.split(output, 2, axis=-1)

    def levels(self, z: Array) -> Any:
        """z_1 and z_2 of z, [..., both]."""
        return tf.split(z, self.sizes, axis=-1)

    def log_prob(self, z: Array) -> tf.Tensor:
        """In nats: [rows, both] -> [rows] float32, or with draws for each row, [rows, count, both]."""
        z_1, z_2 = self.levels(tf.cast(z, tf.float32))
        return normal_log_prob(z_1, *self.given(z_2)) + normal_log_prob(z_2)

    def sample(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Draws of z_2 and of z_1 given it, `temperature` times as far from their means: [count, both] float32."""
        return self._of_normal(temperature * tf.random.stateless_normal([count, sum(self.sizes)], seed_pair(seed)))

    def sample_rows(self, seed: Array, temperature: Array) -> tf.Tensor:
        """A draw for each seed, from its own alone: [batch] int64, [batch] -> [batch, both] float32."""
        return self._of_normal(temperature[:, None] * normal_rows(seed, sum(self.sizes)))

    def _of_normal(self, normal):
        noise, z_2 = self.levels(normal)
        mean, log_var = self.given(z_2)
        return tf.concat([mean + tf.exp(0.5 * log_var) * noise, z_2], axis=-1)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["dtype"]
        return {**config, "sizes": self.sizes, "top_down": keras.saving.serialize_keras_object(self.top_down)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{**config, "top_down": keras.saving.deserialize_keras_object(config["top_down"])})


class LadderPosterior:
    """q(z|x) = q(z_1 | x, z_2) q(z_2 | x) for each row of a batch.

    Above it is the encoder's Gaussian; below the precision-weighted product of the encoder's and the prior's,
    p(z_1 | z_2).

    Args:
        bottom_up: the encoder's `DiagonalNormal` of both levels side by side, [batch, both].
        prior: a `TwoLevelNormal`.
        training: whether the prior's network is called as in training.
    """

    def __init__(self, bottom_up: Any, prior: Any, training: bool = False) -> None:
        self.bottom_up, self.prior, self.training = bottom_up, prior, training
        self.means, self.log_vars = prior.levels(bottom_up.loc), prior.levels(bottom_up.log_var)

    def given(self, z_2: Array, estimate: Callable = lambda level: level) -> tuple:
        """Mean and log-variance of q(z_1 | x, z_2), and of p(z_1 | z_2): each as z_2 is.

        Args:
            z_2: [batch, length of z_2], or [batch, count, length of z_2].
            estimate: function of the encoder's [batch, length of z_1] that makes it broadcastable to z_1.
        """
        prior = self.prior.given(z_2, self.training)
        return precision_weighted(estimate(self.means[0]), estimate(self.log_vars[0]), *prior), prior

    def center(self) -> tf.Tensor:
        """The code that stands for all others: the mean of z_2, and of z_1 given it: [batch, both]."""
        (mean, _), _ = self.given(self.means[1])
        return tf.concat([mean, self.means[1]], axis=-1)

    def mean(self) -> tf.Tensor:
        """The same. The mean of z_1 has no formula."""
        return self.center()

    @property
    def log_var(self) -> tf.Tensor:
        """Log-variances of z_2, and of z_1 given the mean of z_2: [batch, both]."""
        (_, log_var), _ = self.given(self.means[1])
        return tf.concat([log_var, self.log_vars[1]], axis=-1)

    def log_prob(self, z: Array) -> tf.Tensor:
        """In nats: [batch, both] -> [batch] float32."""
        z_1, z_2 = self.prior.levels(z)
        below, _ = self.given(z_2)
        return normal_log_prob(z_1, *below) + normal_log_prob(z_2, self.means[1], self.log_vars[1])

    def sample(self, count: int | None = None, seed: int | None = None) -> tf.Tensor:
        """Draws: [count, batch, both], or [batch, both] for no count."""
        batch = tf.shape(self.bottom_up.loc)
        shape = tf.stack([batch[0], 1 if count is None else count, batch[1]])
        z, _ = self.draws(tf.random.stateless_normal(shape, seed_pair(seed)))
        return z[:, 0] if count is None else tf.transpose(z, [1, 0, 2])

    def draw(self, noise: keras.random.SeedGenerator) -> tuple[tf.Tensor, tf.Tensor]:
        """A reparameterised draw for each row, from a SeedGenerator, and its log-density: [batch, both], [batch]."""
        normal = keras.random.normal(tf.shape(self.bottom_up.loc), dtype="float32", seed=noise)
        z, log_q = self.draws(normal[:, None])
        return z[:, 0], log_q[:, 0]

    def draws(self, normal: Array) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws from noise of N(0, I), [batch, count, both], and their log-densities, [batch, count]."""
        below, above = self.prior.levels(normal)
        z_2, log_q_2 = DiagonalNormal(self.means[1], self.log_vars[1]).draws(above)
        (mean, log_var), _ = self.given(z_2, lambda level: level[:, None])
        z_1 = mean + tf.exp(0.5 * log_var) * below
        return tf.concat([z_1, z_2], axis=-1), log_q_2 + normal_log_prob(z_1, mean, log_var)

    def kl(self, z_2: Array) -> tuple[tf.Tensor, tf.Tensor]:
        """KL(q(z_1 | x, z_2) || p(z_1 | z_2)) and KL(q(z_2 | x) || p(z_2)) of each example, in nats: 2 x [batch].

        Args:
            z_2: a draw of it for each example, [batch, length of z_2], of which the first is a function.
        """
        below, prior = self.given(z_2)
        return normal_kl(*below, *prior), normal_kl(self.means[1], self.log_vars[1])

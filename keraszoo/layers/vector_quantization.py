"""Vector quantisation: each vector becomes the nearest of a learned codebook.

Van den Oord, Vinyals and Kavukcuoglu, "Neural Discrete Representation Learning" (2017),
https://arxiv.org/abs/1711.00937 (moving averages: its appendix A.1); Razavi, van den Oord and Vinyals, "Generating
Diverse High-Fidelity Images with VQ-VAE-2" (2019), https://arxiv.org/abs/1906.00446. Restarts: Dhariwal et al.,
"Jukebox: A Generative Model for Music" (2020), https://arxiv.org/abs/2005.00341.
"""

import numbers
import typing
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn.cluster import kmeans_plusplus

from ..core.errors import InputError, closest
from ..core.replicas import global_rows, global_sums
from ..core.types import Array

LEARNING = ("ema", "gradient")
STARTING_COUNT = 0.01  # of each codeword: next to nothing, as the first steps move all vectors far away
VECTORS_PER_CODE = 32  # that codewords are chosen from at the start


class Quantized(typing.NamedTuple):
    """What `VectorQuantizer` answers, for z of shape [batch, ..., dim].

    Attributes:
        vectors: [batch, ..., dim] float32, the nearest codewords; their gradient goes to z as if they were z.
        codes: [batch, ...] int32, their numbers.
        commitment: [batch, ...] float32, beta |z - e|^2, whose gradient goes to z alone.
        codebook: [batch, ...] float32, |z - e|^2, whose gradient goes to the codebook alone.
        counts: [codes] float32, how often the global batch uses each codeword.
    """

    vectors: tf.Tensor
    codes: tf.Tensor
    commitment: tf.Tensor
    codebook: tf.Tensor
    counts: tf.Tensor


@keras.saving.register_keras_serializable("keraszoo")
class VectorQuantizer(keras.layers.Layer):
    """Replaces each vector by the nearest codeword e, with the gradient of the identity (straight through).

    The codebook learns in one of two ways:

    "ema": in each call with `training=True`, unless the layer is frozen, each codeword moves towards the mean of the
        vectors that chose it. Their numbers n and their sums, over the global batch, enter moving averages,
        N = decay N + (1 - decay) n and m = decay m + (1 - decay) sum; then e = m / N, with Laplace smoothing of the N.
        They start as if each codeword had been chosen once, by itself.
    "gradient": an optimizer lowers the term `codebook`, |z - e|^2.

    A codeword that nothing chooses no longer learns. With `restart`, one whose N falls below that share of the mean of
    all N becomes one of the batch's vectors, drawn at random, with that mean as its N.

    It computes in float32, whatever the policy.

    Args:
        num_codes: number of codewords, >= 2.
        dim: length of each.
        learning: "ema" or "gradient".
        decay: of the moving averages, in [0, 1).
        smoothing: of the N, > 0.
        beta: weight of the commitment, >= 0.
        restart: 0 for never, or a share of the mean use, below 1; "ema" only.

    Shapes:
        [batch, ..., dim] -> `Quantized`.

    Raises:
        InputError: for impossible arguments.

    Example:
        >>> layer = VectorQuantizer(3, 2)
        >>> _ = layer.codebook.assign([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
        >>> quantized = layer(tf.constant([[0.9, 1.2], [5.0, 5.0]]))
        >>> quantized.codes.numpy(), quantized.vectors.numpy()
        (array([1, 2], dtype=int32), array([[1., 1.],
               [2., 2.]], dtype=float32))
    """

    def __init__(
        self,
        num_codes: int,
        dim: int,
        *,
        learning: str = "ema",
        decay: float = 0.99,
        smoothing: float = 1e-5,
        beta: float = 0.25,
        restart: float = 0.0,
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=dtype, **kwargs)
        self.num_codes, self.dim = checked_codes(num_codes), _checked_dim(dim)
        if learning not in LEARNING:
            raise InputError(
                f"Unknown way to learn a codebook. Received: learning={learning!r}. {closest(str(learning), LEARNING)}"
            )
        self.learning = learning
        self.decay = _number("decay", decay, "must lie in [0, 1)", lambda value: 0 <= value < 1)
        self.smoothing = _number("smoothing", smoothing, "must be > 0", lambda value: 0 < value < float("inf"))
        self.beta = _number("beta", beta, "weighs the commitment and must be >= 0", lambda v: 0 <= v < float("inf"))
        self.restart = _number("restart", restart, "must lie in [0, 1)", lambda value: 0 <= value < 1)
        moving = self.learning == "ema"
        if self.restart and not moving:
            raise InputError(
                "Codewords are restarted by their moving counts, which a codebook learned by gradient has not. "
                f"Received: learning={learning!r}, restart={restart!r}. Nearest: restart=0."
            )
        start = keras.initializers.RandomUniform(-1 / self.num_codes, 1 / self.num_codes)
        shape, options = (self.num_codes, self.dim), {"trainable": not moving, "autocast": False}
        self.codebook = self.add_weight(name="codebook", shape=shape, initializer=start, **options)
        if moving:
            self.counts = self.add_weight(name="counts", shape=(self.num_codes,), initializer="ones", **options)
            self.sums = self.add_weight(name="sums", shape=shape, initializer="zeros", **options)
            self.sums.assign(self.codebook)
        self.noise = keras.random.SeedGenerator() if self.restart else None
        self.built = True

    def start(self, z: Array) -> None:
        """Sets the codewords to vectors far from each other, of those [..., dim] that it is given, by k-means++.

        Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding" (2007).
        """
        rows = np.unique(np.asarray(z, "float32").reshape([-1, self.dim]), axis=0)
        rows = np.random.default_rng(0).permutation(rows)[: VECTORS_PER_CODE * self.num_codes]
        if len(rows) > self.num_codes:
            rows, _ = kmeans_plusplus(rows, self.num_codes, random_state=0)
        codewords = np.resize(rows, self.codebook.shape)
        self.codebook.assign(codewords)
        if self.learning == "ema":
            self.sums.assign(STARTING_COUNT * codewords)
            self.counts.assign(np.full(self.num_codes, STARTING_COUNT))

    def nearest(self, z: Array) -> tf.Tensor:
        """The number of each vector's nearest codeword: [..., dim] -> [...] int32; the first of equally near ones."""
        return _nearest(tf.cast(z, tf.float32), tf.convert_to_tensor(self.codebook))

    def embed(self, codes: Array) -> tf.Tensor:
        """The codewords of these numbers: [...] integers -> [..., dim] float32."""
        return tf.gather(tf.convert_to_tensor(self.codebook), codes)

    def call(self, z: Array, training: bool = False) -> Any:
        if z.shape[-1] != self.dim:
            raise InputError(f"The codewords stand for vectors of length {self.dim}. Received: shape {z.shape}.")
        z, codebook = tf.cast(z, tf.float32), tf.convert_to_tensor(self.codebook)
        codes = _nearest(z, codebook)
        e, fixed = tf.gather(tf.stop_gradient(codebook), codes), tf.stop_gradient(z)
        chosen = tf.one_hot(tf.reshape(codes, [-1]), self.num_codes)
        rows = tf.reshape(fixed, [-1, self.dim])
        counts, sums = global_sums([tf.reduce_sum(chosen, axis=0), tf.matmul(chosen, rows, transpose_a=True)])
        # a product, whose gradient is dense and the same in every run, as a gather's need not be
        learned = tf.reshape(tf.matmul(chosen, codebook), tf.shape(z))
        answer = Quantized(
            vectors=e + (z - fixed),
            codes=codes,
            commitment=self.beta * tf.reduce_sum(tf.square(z - e), axis=-1),
            codebook=tf.reduce_sum(tf.square(fixed - learned), axis=-1),
            counts=counts,
        )
        if training and self.trainable and self.learning == "ema":
            with tf.control_dependencies(list(answer)):  # which have read the codebook
                self._move(fixed, counts, sums)
        return answer

    def _move(self, z, counts, sums):
        """One step of the moving averages."""
        counts = self.decay * tf.convert_to_tensor(self.counts) + (1.0 - self.decay) * counts
        sums = self.decay * tf.convert_to_tensor(self.sums) + (1.0 - self.decay) * sums
        if self.restart:
            mean = tf.reduce_mean(counts)
            dead = counts < self.restart * mean
            sums = tf.where(dead[:, None], mean * self._drawn(z, dead), sums)
            counts = tf.where(dead, mean, counts)
        total = tf.reduce_sum(counts)
        smoothed = (counts + self.smoothing) / (total + self.num_codes * self.smoothing) * total
        self.counts.assign(counts)
        self.sums.assign(sums)
        self.codebook.assign(sums / smoothed[:, None])

    def _drawn(self, z, dead):
        """A vector of the global batch for each dead codeword, none twice unless there are too few: [codes, dim]."""
        examples = tf.shape(z)[0]
        vectors, _ = global_rows(tf.reshape(z, [examples, -1]))
        shape = [examples, tf.size(z) // (examples * self.dim)]
        keys, _ = global_rows(keras.random.uniform(shape, dtype="float32", seed=self.noise))
        order = tf.argsort(tf.reshape(keys, [-1]), stable=True)
        rank = tf.cumsum(tf.cast(dead, tf.int32), exclusive=True)
        return tf.gather(tf.reshape(vectors, [-1, self.dim]), tf.gather(order, rank % tf.size(order)))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_codes": self.num_codes,
            "dim": self.dim,
            "learning": self.learning,
            "decay": self.decay,
            "smoothing": self.smoothing,
            "beta": self.beta,
            "restart": self.restart,
        }


def perplexity(counts):
    """exp of the entropy of how often each codeword is used, from 1, always the same, to their number, all alike.

    Args:
        counts: [codes] float32, >= 0.

    Returns:
        float32 scalar.

    Example:
        >>> float(perplexity(tf.constant([5.0, 5.0, 0.0, 0.0])))
        2.0
    """
    shares = tf.math.divide_no_nan(counts, tf.reduce_sum(counts))
    return tf.exp(-tf.reduce_sum(tf.math.xlogy(shares, shares)))


def checked_codes(num_codes):
    """`num_codes` as an integer >= 2; else InputError."""
    if isinstance(num_codes, bool) or not isinstance(num_codes, numbers.Integral) or num_codes < 2:
        raise InputError(f"num_codes is the number of codewords, an integer >= 2. Received: num_codes={num_codes!r}.")
    return int(num_codes)


def _checked_dim(dim):
    if isinstance(dim, bool) or not isinstance(dim, numbers.Integral) or dim < 1:
        raise InputError(f"A codeword's length must be an integer >= 1. Received: dim={dim!r}.")
    return int(dim)


def _nearest(z, codebook):
    # |z - e|^2 = |z|^2 - 2 z.e + |e|^2, of which |z|^2 is the same for every e
    products = tf.tensordot(z, codebook, [[-1], [1]])
    return tf.argmin(tf.reduce_sum(tf.square(codebook), axis=-1) - 2.0 * products, axis=-1, output_type=tf.int32)


def _number(name, value, rule, holds):
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not holds(value):
        raise InputError(f"{name} {rule}. Received: {name}={value!r}.")
    return float(value)

"""What a decoder's output means: the distribution p(x | z) of the data given the output.

A likelihood is a small serialisable object, so that models take one by name (`"bernoulli"`) or as an instance
(`Gaussian(scale=0.1)`), and so that new ones fit in without touching a model.
"""

import math

import keras
import tensorflow as tf

from ..errors import InputError, closest


class Likelihood:
    """Base class. A subclass defines the two methods below and, if it has arguments, `get_config`."""

    #: the closed interval that data must lie in, or None for the whole real line
    support = None

    def negative_log_likelihood(self, x, output):
        """-log p(x | output) in nats, summed over everything but the batch: [batch, ...] -> [batch] float32."""
        raise NotImplementedError

    def mean(self, output):
        """E[x | output], float32, of the shape of the data."""
        raise NotImplementedError

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _sum_over_example(values):
    return tf.reduce_sum(tf.reshape(values, [tf.shape(values)[0], -1]), axis=-1)


@keras.saving.register_keras_serializable("keraszoo")
class Bernoulli(Likelihood):
    """Independent Bernoulli pixels with the decoder's outputs as logits.

    For grey pixels in [0, 1] the same formula is the cross-entropy that most implementations use; it is then not a
    likelihood (its minimum is the entropy of the pixels, not 0).
    """

    support = (0.0, 1.0)

    def negative_log_likelihood(self, x, output):
        x, logits = tf.cast(x, tf.float32), tf.cast(output, tf.float32)
        return _sum_over_example(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits))

    def mean(self, output):
        return tf.sigmoid(tf.cast(output, tf.float32))


@keras.saving.register_keras_serializable("keraszoo")
class Gaussian(Likelihood):
    """Independent Gaussian values around the decoder's outputs, with one fixed standard deviation.

    -log p = |x - mean|^2 / (2 scale^2) + D/2 log(2 pi scale^2). The plain squared error |x - mean|^2 is that of
    scale = sqrt(1/2), up to the constant.

    Args:
        scale: the standard deviation, > 0.
    """

    def __init__(self, scale=1.0):
        if not scale > 0:
            raise InputError(f"Gaussian's scale is a standard deviation and must be > 0. Received: scale={scale!r}.")
        self.scale = float(scale)

    def negative_log_likelihood(self, x, output):
        x, mean = tf.cast(x, tf.float32), tf.cast(output, tf.float32)
        standardised = (x - mean) / self.scale
        return _sum_over_example(0.5 * tf.square(standardised) + math.log(self.scale) + 0.5 * math.log(2 * math.pi))

    def mean(self, output):
        return tf.cast(output, tf.float32)

    def get_config(self):
        return {"scale": self.scale}


@keras.saving.register_keras_serializable("keraszoo")
class ContinuousBernoulli(Likelihood):
    """Independent values in [0, 1] with densities proportional to exp(logit * x), the decoder's outputs as logits.

    Loaiza-Ganem and Cunningham, "The continuous Bernoulli: fixing a pervasive error in variational autoencoders"
    (2019), https://arxiv.org/abs/1907.06845. It is what `Bernoulli` becomes for grey pixels when it is made to
    integrate to 1: the normaliser is (exp(logit) - 1) / logit, 1 at logit 0. It is a density: -log p may be negative.
    """

    support = (0.0, 1.0)

    def negative_log_likelihood(self, x, output):
        x, logits = tf.cast(x, tf.float32), tf.cast(output, tf.float32)
        # log of the normaliser = logit/2 + log(sinh(u)/u), u = logit/2
        return _sum_over_example(_log_sinh_ratio(0.5 * logits) + (0.5 - x) * logits)

    def mean(self, output):
        u = 0.5 * tf.cast(output, tf.float32)
        near = tf.abs(u) < _NEAR
        away = tf.where(near, 1.0, u)
        return 0.5 + 0.5 * tf.where(near, u / 3 - u**3 / 45 + 2 * u**5 / 945, 1 / tf.tanh(away) - 1 / away)


_NEAR = 0.3  # where the series is as exact as float32


def _log_sinh_ratio(u):
    """log(sinh(u) / u), with finite gradients everywhere, 0 included."""
    near = tf.abs(u) < _NEAR
    size = tf.abs(tf.where(near, 1.0, u))
    series = tf.square(u) / 6 - u**4 / 180 + u**6 / 2835
    return tf.where(near, series, size + tf.math.log1p(-tf.exp(-2 * size)) - tf.math.log(2 * size))


_BY_NAME = {"bernoulli": Bernoulli, "continuous_bernoulli": ContinuousBernoulli, "gaussian": Gaussian}


def get(identifier):
    """The likelihood for a name, an instance, or what `keras.saving.serialize_keras_object` made of one."""
    if isinstance(identifier, Likelihood):
        return identifier
    if isinstance(identifier, dict):
        return keras.saving.deserialize_keras_object(identifier)
    if isinstance(identifier, str) and identifier in _BY_NAME:
        return _BY_NAME[identifier]()
    raise InputError(f"Unknown likelihood. Received: {identifier!r}. {closest(str(identifier), _BY_NAME)}")

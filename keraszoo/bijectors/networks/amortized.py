"""Parameters of a transform as weights, or as a linear function of a context."""

import math

import keras
import tensorflow as tf

from ..transform import Transform
from .conditioner import scaled_start


class Amortized(Transform):
    """Base class: a transform of vectors with a few parameters, the same for all or one set for each context.

    Without a context its parameters are weights. With one, such as what the encoder of a VAE says of an image, a linear
    function of the context is added to them, so that each example goes through a flow of its own.

    Args:
        features: number of features.
        parameters: {name: (shape, initializer)} of the parameters.
        context_dim: length of the context; 0 for none.
    """

    def __init__(self, features, parameters, **kwargs):
        super().__init__([features], **kwargs)
        self.features = self.event_shape[0]
        self._shapes = {name: tuple(shape) for name, (shape, _) in parameters.items()}
        self._weights = {
            name: self.add_parameter(name, shape, initializer) for name, (shape, initializer) in parameters.items()
        }
        self.amortization = None
        if self.context_dim:
            self.amortization = keras.layers.Dense(
                sum(math.prod(shape) for shape in self._shapes.values()),
                use_bias=False,
                kernel_initializer=scaled_start(self.context_dim),
                dtype=self.dtype_policy,
                name="amortization",
            )
            self.amortization.build((None, self.context_dim))

    def parameters(self, context=None):
        """{name: [batch, *shape]}; without a context the batch is 1."""
        values = {name: tf.convert_to_tensor(weight)[None] for name, weight in self._weights.items()}
        if self.amortization is None:
            return values
        changes = tf.cast(self.amortization(context), self.precision)
        changes = tf.split(changes, [math.prod(shape) for shape in self._shapes.values()], axis=1)
        return {
            name: values[name] + tf.reshape(change, [-1, *self._shapes[name]])
            for name, change in zip(values, changes, strict=True)
        }

    def get_config(self):
        return {**super().get_config(), "features": self.features, "context_dim": self.context_dim}


def positive(values):
    """Softplus, shifted so that 0 gives 1: how steep a map that shall start as the identity may become."""
    return tf.math.softplus(values + math.log(math.e - 1.0)) + 1e-6  # never 0, where softplus underflows


def log_slope_of_tanh(height, slope):
    """log(1 + (slope - 1) tanh'(a)) where height = tanh(a): a sum of positive terms, in which no digit is lost."""
    return tf.math.log(height**2 + slope * (1.0 - height**2))

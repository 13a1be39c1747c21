"""The exponential moving average of a generator.

Yazici et al., "The Unusual Effectiveness of Averaging in GAN Training" (2019), https://arxiv.org/abs/1806.04498.
"""

import keras
import tensorflow as tf

from ...core.errors import InputError


class GeneratorAverage(keras.layers.Layer):
    """A copy of a generator whose weights follow it slowly.

    Moving statistics of batch normalisation are the copy's own: of what its own weights make of the latent vectors. In
    the first steps the decay is smaller, (1 + step) / (10 + step), so that the average forgets where it began.

    Args:
        generator: a built network that Keras can clone.
        decay: of the average in a step, 0 < decay < 1.
    """

    def __init__(self, generator, decay, **kwargs):
        super().__init__(**kwargs)
        if not (isinstance(decay, float) and 0 < decay < 1):
            raise InputError(f"average is a decay and must lie between 0 and 1. Received: average={decay!r}.")
        self.decay = decay
        self.network = type(generator).from_config(generator.get_config())
        if not self.network.built:
            self.network.build(generator.input_shape)
        self.network.set_weights(generator.get_weights())
        for variable in self.network.trainable_variables:
            variable.trainable = False  # unlike the layer's own `trainable`, it leaves batch normalisation alone
        self.built = True

    def follow(self, generator, step, latent):
        """Takes a step towards the generator.

        Args:
            generator: the network that is followed.
            step: how many steps it has learned.
            latent: function () -> the generator's input, where statistics are to be taken.
        """
        step = tf.cast(tf.convert_to_tensor(step), tf.float32)
        decay = tf.minimum(self.decay, (1.0 + step) / (10.0 + step))
        learned = {id(variable) for variable in generator.trainable_variables}
        kept = False
        for mine, theirs in zip(self.network.variables, generator.variables, strict=True):
            if id(theirs) in learned:
                average, value = tf.convert_to_tensor(mine), tf.convert_to_tensor(theirs)
                mine.assign(decay * average + (1.0 - decay) * value)
            else:
                kept = kept or mine.name != "seed_generator_state"
        if kept:
            self.network(latent(), training=True)

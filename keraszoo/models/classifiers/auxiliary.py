"""Classifiers on hidden layers, by which a deep network learns further down.

Szegedy et al., "Going Deeper with Convolutions" (2015), https://arxiv.org/abs/1409.4842, section 5.
"""

import keras
import tensorflow as tf

from ...networks.hidden_layers import hidden_layers, output_in, with_outputs

POOL, STRIDE, MAPS, UNITS, DROPOUT = 5, 3, 128, 1024, 0.7  # the paper's


class AuxiliaryHeads(keras.layers.Layer):
    """For each of these layers: the mean of 5x5 windows, a 1x1 convolution, a dense layer, and the classes' logits.

    Args:
        encoder: the functional network, with `names` among its layers.
        names: of the layers.
        num_classes: number of classes.
        dtype: a Keras dtype policy.

    Raises:
        InputError: no such layer.
    """

    def __init__(self, encoder, names, num_classes, dtype=None):
        super().__init__(dtype=dtype, name="auxiliary")
        self.names = tuple(layer.name for layer in hidden_layers(encoder, names, "encoder"))
        shapes = (output_in(encoder, encoder.get_layer(name)).shape[1:] for name in self.names)
        self.heads = tuple(_head(shape, num_classes, dtype) for shape in shapes)
        self.built = True

    def call(self, x, encoder, training=False):
        """(the encoder's features, [logits of each head])."""
        layers = [encoder.get_layer(name) for name in self.names]
        *hidden, features = with_outputs(encoder, [*layers, encoder.layers[-1]])(x, training=training)
        logits = [head(each, training=training) for head, each in zip(self.heads, hidden, strict=True)]
        return features, [tf.cast(each, tf.float32) for each in logits]


def _head(shape, num_classes, dtype):
    side = min(POOL, *shape[:2])
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.AveragePooling2D(side, STRIDE, dtype=dtype),
            keras.layers.Conv2D(MAPS, 1, activation="relu", dtype=dtype),
            keras.layers.Flatten(dtype=dtype),
            keras.layers.Dense(UNITS, "relu", dtype=dtype),
            keras.layers.Dropout(DROPOUT, dtype=dtype),
            keras.layers.Dense(num_classes, dtype=dtype),
        ]
    )

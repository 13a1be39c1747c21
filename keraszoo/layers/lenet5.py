"""The layers of LeNet-5 as it was published, which have gone out of use since.

LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE 86
(1998), section II.B.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError
from ..core.types import Array

AMPLITUDE, SLOPE = 1.7159, 2 / 3  # of the squashing function; with them f(1) = 1 and f(-1) = -1

#: the code of each digit, drawn on 12 rows of 7 pixels in the manner of the paper's figure 3
DIGITS = """
.......  .......  .......  .......  .......  .......  .......  .......  .......  .......
..###..  ...#...  ..###..  #######  ....##.  #######  ..####.  #######  .#####.  .#####.
.#...#.  ..##...  .#...#.  .....#.  ...#.#.  #......  .#.....  ......#  #.....#  #.....#
#.....#  .#.#...  #.....#  ....#..  ..#..#.  #......  #......  .....#.  #.....#  #.....#
#.....#  ...#...  ......#  ...#...  .#...#.  #.####.  #......  .....#.  #.....#  #.....#
#.....#  ...#...  .....#.  ..####.  #....#.  ##....#  #.####.  ....#..  .#####.  .######
#.....#  ...#...  ....#..  ......#  #######  ......#  ##....#  ....#..  #.....#  ......#
#.....#  ...#...  ...#...  ......#  .....#.  ......#  #.....#  ...#...  #.....#  ......#
#.....#  ...#...  ..#....  ......#  .....#.  ......#  #.....#  ...#...  #.....#  ......#
.#...#.  ...#...  .#.....  #.....#  .....#.  #.....#  #.....#  ...#...  #.....#  .....#.
..###..  .#####.  #######  .#####.  .....#.  .#####.  .#####.  ...#...  .#####.  .####..
.......  .......  .......  .......  .......  .......  .......  .......  .......  .......
"""


@keras.saving.register_keras_serializable("keraszoo")
def scaled_tanh(x):
    """The squashing function, 1.7159 tanh(2 x / 3).

    Example:
        >>> scaled_tanh(tf.constant([-1.0, 0.0, 1.0])).numpy().round(3).tolist()
        [-1.0, 0.0, 1.0]
    """
    return AMPLITUDE * keras.ops.tanh(SLOPE * x)


@keras.saving.register_keras_serializable("keraszoo")
class FanInUniform(keras.initializers.Initializer):
    """Uniform within +-2.4 / fan_in, the paper's start (its appendix A).

    Args:
        fan_in: inputs of a unit.
    """

    def __init__(self, fan_in):
        self.fan_in = int(fan_in)

    def __call__(self, shape, dtype=None):
        limit = 2.4 / self.fan_in
        return keras.random.uniform(shape, -limit, limit, dtype=dtype)

    def get_config(self):
        return {"fan_in": self.fan_in}


@keras.saving.register_keras_serializable("keraszoo")
class Subsampling2D(keras.layers.Layer):
    """The sum of each 2 x 2 pixels of a map times a coefficient plus a bias, both learned, then squashed.

    Shapes:
        [batch, height, width, channels] -> [batch, height // 2, width // 2, channels].

    Example:
        >>> layer = Subsampling2D()
        >>> layer(tf.ones([1, 4, 6, 3])).shape, layer.count_params()
        (TensorShape([1, 2, 3, 3]), 6)
    """

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[-1],)
        self.coefficient = self.add_weight(name="coefficient", shape=shape, initializer=FanInUniform(4))
        self.bias = self.add_weight(name="bias", shape=shape, initializer="zeros")

    def call(self, x: Array) -> tf.Tensor:
        sums = 4 * tf.nn.avg_pool2d(x, 2, 2, "VALID")
        return scaled_tanh(sums * self.coefficient + self.bias)


@keras.saving.register_keras_serializable("keraszoo")
class PartialConv2D(keras.layers.Layer):
    """A convolution in which each filter sees only some of the maps, then squashed. Borders are lost ("valid").

    Args:
        connections: for each filter the maps that it sees, numbered from 0.
        kernel_size: side of the filters.

    Example:
        >>> layer = PartialConv2D(((0, 1), (1, 2), (0, 1, 2)), 5)
        >>> layer(tf.zeros([1, 8, 8, 3])).shape, layer.count_params()  # 25 for each of 7 connections, 3 biases
        (TensorShape([1, 4, 4, 3]), 178)
    """

    def __init__(self, connections: Any, kernel_size: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connections = tuple(tuple(int(place) for place in maps) for maps in connections)
        self.kernel_size = positive_integers("kernel_size", kernel_size)[0]

    def build(self, input_shape: Any) -> None:
        pairs = [(place, filter_) for filter_, maps in enumerate(self.connections) for place in maps]
        if max(place for place, _ in pairs) >= input_shape[-1]:
            raise InputError(f"There are {input_shape[-1]} maps. Received: connections={self.connections}.")
        fan_in = self.kernel_size**2 * len(pairs) / len(self.connections)
        self.kernel = self.add_weight(
            name="kernel", shape=(self.kernel_size, self.kernel_size, len(pairs)), initializer=FanInUniform(fan_in)
        )
        self.bias = self.add_weight(name="bias", shape=(len(self.connections),), initializer="zeros")
        #: [connections, maps * filters]: where in the full kernel each belongs
        self.places = np.zeros([len(pairs), input_shape[-1] * len(self.connections)], "float32")
        for row, (place, filter_) in enumerate(pairs):
            self.places[row, place * len(self.connections) + filter_] = 1.0

    def call(self, x: Array) -> tf.Tensor:
        full = tf.matmul(tf.reshape(self.kernel, [-1, len(self.places)]), tf.cast(self.places, self.kernel.dtype))
        full = tf.reshape(full, [self.kernel_size, self.kernel_size, x.shape[-1], len(self.connections)])
        return scaled_tanh(tf.nn.conv2d(x, tf.cast(full, x.dtype), 1, "VALID") + tf.cast(self.bias, x.dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "connections": self.connections, "kernel_size": self.kernel_size}


@keras.saving.register_keras_serializable("keraszoo")
class RadialBasis(keras.layers.Layer):
    """Minus the squared distance of the features to the code of each class: the logits of LeNet-5's output.

    The codes are fixed and made of -1 and +1: stylised pictures of the ten digits on 7 x 12 pixels where there are ten
    classes and 84 features, drawn at random with equal probability otherwise, as the paper says one might.

    Args:
        num_classes: number of classes.
        seed: of random codes.

    Shapes:
        [batch, features] -> [batch, num_classes].

    Example:
        >>> layer = RadialBasis(10)
        >>> layer.build((None, 84))
        >>> distances = -layer(layer.codes)
        >>> int(distances[3, 3]), int(distances[3, 8])  # fifteen pixels are others
        (0, 60)
    """

    def __init__(self, num_classes: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_classes, self.seed = positive_integers("num_classes", num_classes)[0], seed

    def build(self, input_shape: Any) -> None:
        shape = (self.num_classes, input_shape[-1])
        codes = digit_codes() if shape == (10, 84) else 2.0 * np.random.default_rng(self.seed).integers(0, 2, shape) - 1
        self.codes = self.add_weight(name="codes", shape=shape, initializer="zeros", trainable=False)
        self.codes.assign(codes)

    def call(self, x: Array) -> tf.Tensor:
        """-|x - w|^2 by its three parts, of which none loses digits: |x| and |w| are about as large as |x - w|."""
        lengths = tf.reduce_sum(x**2, axis=-1, keepdims=True) + tf.reduce_sum(self.codes**2, axis=-1)
        return 2 * tf.matmul(x, self.codes, transpose_b=True) - lengths

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_classes": self.num_classes, "seed": self.seed}


def digit_codes():
    """The pictures of `DIGITS` as [10, 84] of -1 and +1."""
    rows = [line.split() for line in DIGITS.strip().splitlines()]
    return np.array([[2.0 * (pixel == "#") - 1 for row in rows for pixel in row[digit]] for digit in range(10)])

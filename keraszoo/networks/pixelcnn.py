"""The gated PixelCNN: a distribution over grids of codes, one position after the other.

Van den Oord et al., "Conditional Image Generation with PixelCNN Decoders" (2016), https://arxiv.org/abs/1606.05328.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ..core.checks import positive_integers
from ..core.errors import InputError
from ..core.seeds import seed_pair, uniform_rows
from ..core.types import Array
from ..distributions.prior import Prior
from ..layers.vector_quantization import checked_codes

COLDEST = 1e-6  # at a temperature below, the most probable code is as good as certain


class CausalConvolution(keras.layers.Layer):
    """A convolution that sees no pixel below; with one row, none to the right either.

    Args:
        filters: of the output.
        kernel: (rows, columns) that it sees, its own pixel's included: rows from above, columns on both sides, or with
            one row, from the left.
    """

    def __init__(self, filters, kernel, **kwargs):
        super().__init__(**kwargs)
        (rows, columns), self.filters = kernel, filters
        self.borders = ((rows - 1, 0), (columns - 1, 0) if rows == 1 else (columns // 2, columns // 2))
        self.convolution = keras.layers.Conv2D(filters, kernel, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.convolution.build((None, None, None, input_shape[-1]))

    def call(self, x):
        return self.convolution(tf.pad(x, [(0, 0), *self.borders, (0, 0)]))


class GatedLayer(keras.layers.Layer):
    """The paper's figure 2: the stack that sees the rows above tells the one that sees what is left of it.

    Shapes:
        two of [batch, height, width, filters] -> the same.
    """

    def __init__(self, filters, kernel, **kwargs):
        super().__init__(**kwargs)
        above, left = (kernel // 2 + 1, kernel), (1, kernel // 2 + 1)
        self.vertical = CausalConvolution(2 * filters, above, dtype=self.dtype_policy)
        self.horizontal = CausalConvolution(2 * filters, left, dtype=self.dtype_policy)
        self.to_horizontal = keras.layers.Dense(2 * filters, dtype=self.dtype_policy)
        self.change = keras.layers.Dense(filters, dtype=self.dtype_policy)
        for convolution in (self.vertical, self.horizontal):
            convolution.build((None, None, None, filters))
        self.to_horizontal.build((None, None, None, 2 * filters))
        self.change.build((None, None, None, filters))
        self.built = True

    def call(self, stacks):
        above, left = stacks
        features = self.vertical(above)
        change = _gated(self.horizontal(left) + self.to_horizontal(features))
        return _gated(features), left + self.change(change)


@keras.saving.register_keras_serializable("keraszoo")
class PixelCNN(Prior, keras.layers.Layer):
    """p(codes) = prod_i p(code_i | the codes before it), in the order in which one reads.

    Two stacks of convolutions: the vertical one sees all the rows above, the horizontal one what is to the left in the
    same row, and in each layer also the vertical one's features. So each position sees, as far as the layers reach, all
    the codes before it, without the blind spot of masked 3x3 kernels, and none after it. The input of the vertical
    stack is moved down by a row and that of the horizontal one to the right by a column, once; after that every
    convolution may see its own pixel.

    The first position sees nothing, and each layer reaches kernel // 2 further. What is beyond is taken to be
    independent; `layers * (kernel // 2) >= max(height, width) - 1` reaches everywhere.

    Args:
        grid: (height, width) of the grid.
        codes: number of values that a code can take, >= 2.
        filters: channels of both stacks.
        layers: of convolutions; None: as many as reach everywhere.
        kernel: side of the convolutions before they are cut, odd, >= 3.

    Shapes:
        codes [batch, height, width], integers -> logits [batch, height, width, codes] float32.

    Raises:
        InputError: for impossible sizes.

    Example:
        >>> prior = PixelCNN((2, 2), codes=3, filters=8)
        >>> prior.log_prob(tf.zeros([5, 2, 2], tf.int32)).shape
        TensorShape([5])
        >>> prior.sample(4, seed=0).shape
        TensorShape([4, 2, 2])
    """

    def __init__(
        self,
        grid: Sequence[int],
        codes: int,
        filters: int = 32,
        *,
        layers: int | None = None,
        kernel: int = 3,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.grid, self.codes = positive_integers("grid", grid), checked_codes(codes)
        if len(self.grid) != 2:
            raise InputError(f"The codes of a PixelCNN are a grid (height, width). Received: grid={grid!r}.")
        (self.filters,), (self.kernel,) = positive_integers("filters", filters), positive_integers("kernel", kernel)
        if self.kernel < 3 or self.kernel % 2 == 0:
            raise InputError(f"A PixelCNN's kernel is an odd number >= 3. Received: kernel={kernel!r}.")
        reach = max(1, -(-(max(self.grid) - 1) // (self.kernel // 2)))
        (self.layers,) = positive_integers("layers", reach if layers is None else layers)
        self.embedding = keras.layers.Dense(self.filters, use_bias=False, dtype=self.dtype_policy)
        self.embedding.build((None, None, None, self.codes))
        self.gated = [GatedLayer(self.filters, self.kernel, dtype=self.dtype_policy) for _ in range(self.layers)]
        self.hidden = keras.layers.Dense(self.filters, "relu", dtype=self.dtype_policy)
        self.outputs = keras.layers.Dense(self.codes, dtype=self.dtype_policy)
        for layer in (self.hidden, self.outputs):
            layer.build((None, None, None, self.filters))
        self.built = True

    def call(self, codes: Array) -> tf.Tensor:
        return self.logits(tf.one_hot(codes, self.codes, dtype=self.compute_dtype))

    def logits(self, one_hot: Array) -> tf.Tensor:
        """The logits of each position's code: [batch, height, width, codes] -> the same shape, float32."""
        x = self.embedding(one_hot)
        above = tf.pad(x, [(0, 0), (1, 0), (0, 0), (0, 0)])[:, :-1]
        left = tf.pad(x, [(0, 0), (0, 0), (1, 0), (0, 0)])[:, :, :-1]
        for layer in self.gated:
            above, left = layer((above, left))
        return tf.cast(self.outputs(self.hidden(tf.nn.relu(left))), tf.float32)

    def log_prob(self, codes: Array) -> tf.Tensor:
        """log p(codes) in nats: [batch, height, width] integers -> [batch] float32."""
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(codes, self(codes))
        return -tf.reduce_sum(cross_entropy, axis=[1, 2])

    def sample(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Draws of whole grids, position by position.

        Args:
            count: how many.
            seed: integer; the same seed gives the same draws. None: new ones each time.
            temperature: divides the logits; below 1 more typical, less varied; 0 the most probable code each time.

        Returns:
            [count, height, width] int32.
        """
        seed = seed_pair(seed)
        uniform = tf.random.stateless_uniform([count, self.grid[0] * self.grid[1]], seed)
        return self._drawn(uniform, tf.fill([count], tf.cast(temperature, tf.float32)))

    def sample_rows(self, seed: Array, temperature: Array) -> tf.Tensor:
        """A draw for each seed, from its own alone: [batch] int64, [batch] -> [batch, height, width] int32."""
        return self._drawn(uniform_rows(seed, self.grid[0] * self.grid[1]), temperature)

    def _drawn(self, uniform, temperature):
        """Numbers from [0, 1), [rows, positions], as codes: each chooses where the sum of probabilities passes it."""
        positions = self.grid[0] * self.grid[1]
        scale = 1.0 / tf.maximum(temperature, COLDEST)[:, None]

        def draw(position, codes):
            logits = tf.reshape(self(tf.reshape(codes, [-1, *self.grid])), [-1, positions, self.codes])
            ends = tf.cumsum(tf.nn.softmax(scale * logits[:, position]), axis=-1)
            passed = tf.reduce_sum(tf.cast(ends <= uniform[:, position, None], tf.int32), axis=-1)
            code = tf.minimum(passed, self.codes - 1)  # rounding may end the sum below 1
            return position + 1, tf.where(tf.range(positions) == position, code[:, None], codes)

        start = tf.zeros(tf.shape(uniform), tf.int32)
        codes = tf.while_loop(lambda position, _: position < positions, draw, (0, start), parallel_iterations=1)[1]
        return tf.reshape(codes, [-1, *self.grid])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "grid": self.grid,
            "codes": self.codes,
            "filters": self.filters,
            "layers": self.layers,
            "kernel": self.kernel,
        }


def _gated(features):
    """tanh of one half of the channels times sigmoid of the other."""
    value, gate = tf.split(features, 2, axis=-1)
    return tf.tanh(value) * tf.sigmoid(gate)

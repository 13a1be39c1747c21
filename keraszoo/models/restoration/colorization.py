"""The colourisation autoencoder.

Zhang, Isola and Efros, "Colorful Image Colorization", ECCV 2016, https://arxiv.org/abs/1603.08511.
"""

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ...core.inputs import Input, Temperature
from ...core.model import takes
from ...core.types import Array, Targets
from ...layers.color_bins import ColorBins, gamut_centers
from ...layers.lab import chroma, colored, grey_of_equal_lightness, rgb_to_lab
from ...layers.upsampling import BilinearUpsampling2D
from ...metrics.restoration.similarity import psnr
from ...networks import sizes
from ...networks.convolutional import check_options
from ..first_examples import MeasuresFirst
from .restoration import RestorationAutoencoder

TARGETS = ("classes", "mean")
STRIDES = (1, 2, 4)
COMPARED = {"mean, T=1": 1.0, "annealed mean, T=0.38": 0.38, "mode, T=0": 0.0}


@keras.saving.register_keras_serializable("keraszoo")
class ColorizationAutoencoder(MeasuresFirst, RestorationAutoencoder):
    """Colours grey images: `restore(grey)` takes [batch, H, W, 1] and returns [batch, H, W, 3].

    Trained on colour images and the grey ones that are as light (L of CIE L*a*b*). The lightness stays; a and b are
    learned, on a grid `stride` times coarser than the pixels, and interpolated.

    With target="classes" the network gives a distribution over 261 bins of (a, b) at each place of the grid. It learns
    from the distributions that `ColorBins.encode` makes of the colours, by cross-entropy, the sum over the grid, rare
    colours weighed up. `restore` takes the annealed mean of the distribution: at temperature 1 its mean, which is close
    to the original and pale, towards 0 its mode, which is vivid and may be wrong. `adapt`, which `fit` does first,
    measures how often each bin occurs.

    With target="mean" it gives a and b themselves and learns by squared error, the sum over the grid: the paper's
    baseline, whose colours are the mean of the plausible ones.

    Measured are `psnr` and the mean `chroma` of restored images, the distance of (a, b) from grey; with classes also
    `mean_psnr`, at temperature 1.

    Args:
        image_shape: (height, width, 3).
        target: "classes" or "mean".
        stride: 1, 2 or 4.
        temperature: of the annealed mean where `restore` is given none, >= 0.
        rebalancing: how far rare colours are weighed up, from 0, not at all, to below 1; see `ColorBins`.
        hidden, network, ...: as for `RestorationAutoencoder`; a network of your own maps [batch, H, W, stride^2], the
            pixels of each place of the grid, to [batch, H, W, 261], logits, or [batch, H, W, 2], a and b over 100.

    Example:
        >>> import numpy as np
        >>> model = ColorizationAutoencoder((8, 8, 3), hidden=(8,))
        >>> model.restore(np.zeros([2, 8, 8, 1], "float32"), temperature=0.1).shape
        TensorShape([2, 8, 8, 3])
    """

    adapts = True

    def __init__(
        self,
        image_shape: Sequence[int],
        *,
        target: str = "classes",
        stride: int = 2,
        temperature: float = 0.38,
        rebalancing: float = 0.5,
        **kwargs: Any,
    ) -> None:
        if tuple(image_shape)[2:] != (3,):
            raise InputError(
                f"ColorizationAutoencoder learns from colour images, (height, width, 3). Received: "
                f"image_shape={tuple(image_shape)}."
            )
        check_options(target=(target, TARGETS), stride=(stride, STRIDES))
        self.target, self.network_stride = target, stride
        super().__init__(image_shape, **kwargs)
        self.bins = None
        if target == "classes":
            self.bins, self.temperature = ColorBins(rebalancing), checked_temperature(temperature)
        self.doubled = BilinearUpsampling2D(dtype="float32")
        self.doubled.build((None, *self.image_shape))

    @property
    def input_channels(self) -> int:
        return 1

    @property
    def network_channels(self) -> int:
        return self.network_stride**2

    @property
    def network_outputs(self) -> int:
        return len(gamut_centers()) if self.target == "classes" else 2

    @property
    def network_options(self) -> dict[str, Any]:
        return {"last_kernel": 1} if self.target == "classes" else {}

    @property
    def term_names(self) -> tuple[str, ...]:
        return ("cross_entropy",) if self.target == "classes" else ("squared_error",)

    @property
    def metric_names(self) -> tuple[str, ...]:
        return ("psnr", "mean_psnr", "chroma") if self.target == "classes" else ("psnr", "chroma")

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        times = max(1, sizes.halvings(shape))
        stride = min(times, 2)
        return {"stride": stride, "hidden": tuple(48 * 2**depth for depth in range(max(1, min(3, times - stride + 1))))}

    @property
    def call_inputs(self) -> Any:
        return Input((None, None, None), (0.0, 1.0), any_size=True)

    def _get_save_spec(self, dynamic_batch=True):
        return self.degraded.spec()

    # ------------------------------------------------------------------ what is measured

    @property
    def measures_in_fit(self) -> bool:
        if self.bins is None or self.bins.rebalancing == 0:
            return False
        return not keras.ops.convert_to_numpy(self.bins.adapted)

    def adapt(self, x: Array, y: Targets | None = None) -> None:
        """Measures how often each bin of colours occurs in images [rows, height, width, 3]."""
        if self.bins is not None:
            self.check_values(x)
            parts = np.array_split(np.asarray(x), max(1, len(x) // 256))
            self.bins.adapt(np.concatenate([self._coarse_colors(part).numpy() for part in parts]))

    def _coarse_colors(self, x):
        """a and b on the grid: [batch, H, W, 3] -> [batch, H / stride, W / stride, 2] float32."""
        ab = rgb_to_lab(tf.cast(x, tf.float32))[..., 1:]
        return tf.nn.avg_pool2d(ab, self.network_stride, self.network_stride, "VALID")

    # ------------------------------------------------------------------ restoring

    def degrade(self, x: Array, seed: int | None = None) -> tuple:
        return (grey_of_equal_lightness(x),)

    def baselines(self, image: Array, *, mean: Array) -> dict[str, np.ndarray]:
        return {"grey": np.repeat(image, 3, axis=-1)}

    def restorations(self, image: Any) -> dict[str, Any]:
        if self.bins is None:
            return super().restorations(image)
        return {name: self.restore(image, temperature) for name, temperature in COMPARED.items()}

    def start(self, image: Array) -> Any:
        return tf.repeat(image, 3, axis=-1)

    def network_input(self, image: Array) -> tf.Tensor:
        return image if self.network_stride == 1 else tf.nn.space_to_depth(image, self.network_stride)

    def restored(self, image: Array, training: bool = False, temperature: float | tf.Tensor | None = None) -> tf.Tensor:
        return self._colored(image, self._output(image, training), temperature)

    def _output(self, image, training=False):
        """The network's answer, [batch, H / stride, W / stride, bins or 2] float32."""
        return tf.cast(self.network(self.network_input(image), training=training), tf.float32)

    def _colored(self, image, output, temperature=None):
        """The grey images in the colours of the network's answer, at a temperature: a number, or [batch]."""
        if self.bins is None:
            ab = 100.0 * output
        else:
            temperature = tf.cast(self.temperature if temperature is None else temperature, tf.float32)
            ab = self.bins(output, temperature=tf.reshape(temperature, [-1, 1, 1, 1]))
        for _ in range(self.network_stride // 2):  # 1, 2, 4 -> 0, 1, 2 doublings
            ab = self.doubled(ab)
        return colored(image, ab)

    @takes("degraded")
    def restore(self, image: Array, temperature: float | tf.Tensor | None = None) -> tf.Tensor:
        """The images in colour: [batch, H, W, 1] in [0, 1] -> [batch, H, W, 3]. H and W are any.

        Args:
            temperature: of the annealed mean: 1 for the mean, 0 for the most probable colour; a number >= 0, or
                [batch]. None: the model's own.

        Raises:
            InputError: another temperature, or one where target="mean".
        """
        if temperature is not None and self.bins is None:
            raise InputError(
                f"With target='mean' there is one answer. Received: temperature={temperature!r}. Nearest: None."
            )
        if isinstance(temperature, (numbers.Real, str)):
            checked_temperature(temperature)
        return self._restore(image, temperature=temperature)

    @takes("call_inputs")
    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        """`restore` of grey images; colour images lose their colours first."""
        return self.restore(grey_of_equal_lightness(x) if x.shape[-1] == 3 else x)

    # ------------------------------------------------------------------ learning

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        (image,), ab = self.degrade(x), self._coarse_colors(x)
        output = self._output(image, training)
        restored = self._colored(image, output)
        measures = {"psnr": psnr(x, restored), "chroma": tf.reduce_mean(chroma(restored), axis=[1, 2])}
        if self.bins is None:
            return {"squared_error": tf.reduce_sum(tf.square(ab - 100.0 * output), axis=[1, 2, 3]), **measures}
        shares = self.bins.encode(ab)
        cross_entropy = tf.nn.softmax_cross_entropy_with_logits(shares, output)
        weighted = tf.reduce_sum(self.bins.weights_of(shares) * cross_entropy, axis=[1, 2])
        return {
            "cross_entropy": weighted,
            "psnr": measures["psnr"],
            "mean_psnr": psnr(x, self._colored(image, output, 1.0)),
            "chroma": measures["chroma"],
        }

    # ------------------------------------------------------------------ serving

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        if self.bins is None:
            return super().serving_signatures()
        annealed = (self._serve_annealed, [self.degraded, Temperature()])
        return {**super().serving_signatures(), "restore_annealed": annealed}

    def _serve_annealed(self, image, temperature):
        """At a temperature for each image."""
        return {"image": self.restore(image, temperature)}


def checked_temperature(temperature):
    """The number; InputError unless it is one, >= 0."""
    if isinstance(temperature, bool) or not isinstance(temperature, numbers.Real) or not 0 <= temperature < np.inf:
        raise InputError(f"A temperature is a number >= 0. Received: temperature={temperature!r}.")
    return float(temperature)

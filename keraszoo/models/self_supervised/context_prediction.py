"""Context prediction: where does the second patch lie, seen from the first?

Doersch, Gupta and Efros, "Unsupervised Visual Representation Learning by Context Prediction" (2015),
https://arxiv.org/abs/1505.05192.
"""

import dataclasses
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError, closest
from ...core.inputs import Input
from ...core.model import takes
from ...core.types import Array, Targets
from ...layers.self_supervision.aberration import keep_one_channel, project_green_magenta
from ...layers.self_supervision.patches import DRAWS, OFFSETS, grid_side, patch_pairs, side_by_side
from ...networks import sizes
from .self_supervised import SelfSupervised

COLORS = ("as_they_are", "dropping", "projection")


@keras.saving.register_keras_serializable("keraszoo")
class ContextPrediction(SelfSupervised):
    """Classifies which of the eight neighbours of the centre of a 3x3 grid of patches a patch is.

    One encoder sees each patch alone; a head sees both vectors of features ("late fusion"). In each step every image
    gives one pair, from a grid anywhere in it. Low-level hints would answer without knowing what is seen: lines that
    go on across the border of two patches, which gap and jitter hide, and the lens's chromatic aberration, which tells
    where in the photograph a patch was, and which the treatment of colours hides.

    The encoder takes patches: `features(x)` is the mean over the patches of the image that fit side by side.

    Args:
        image_shape: (height, width, channels); both sides hold three patches, two gaps and twice the jitter.
        patch: side of a patch in pixels.
        gap: pixels between two patches; in the paper half a patch.
        jitter: pixels by which each patch is moved at most, each way; in the paper 7 of 96.
        color: "dropping", all channels but one of each patch replaced by faint noise; "projection", without the part
            along the axis from green to magenta, in `features` too; or "as_they_are". Grey images have no other.
        head: units of the head's hidden layers.
        features, network, hidden, activation, initialization: of the encoder; see `SelfSupervised`.
        encoder: a network instead, [batch, patch, patch, channels] -> [batch, features].

    Raises:
        InputError: (a ValueError) for images that are smaller than the grid, or have no colours to treat, and for
            impossible sizes, names or networks.

    Example:
        >>> model = ContextPrediction((32, 32, 3), patch=8, gap=2, jitter=1, hidden=(8, 16))
        >>> model.features(tf.zeros([5, 32, 32, 3])).shape
        TensorShape([5, 64])
        >>> center, neighbor, position = model.pairs(tf.zeros([5, 32, 32, 3]), seed=0)
        >>> model.predict_position(center, neighbor).shape
        TensorShape([5, 8])
    """

    term_names: tuple[str, ...] = ("cross_entropy",)

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        """Patches of a quarter of the shorter side; gap and jitter up to a quarter and an eighth of that."""
        patch = max(1, min(shape[:2]) // 4)
        room = min(shape[:2]) - 3 * patch
        jitter = min(patch // 8, room // 4)
        gap = min(patch // 4, (room - 2 * jitter) // 2)
        grey = {"color": "as_they_are"} if shape[2:] == (1,) else {}
        return {**sizes.network((patch, patch, *shape[2:])), "patch": patch, "gap": gap, "jitter": jitter, **grey}

    def __init__(
        self,
        image_shape: Sequence[int],
        *,
        patch: int = 8,
        gap: int = 2,
        jitter: int = 1,
        color: str = "dropping",
        head: Sequence[int] = (128,),
        **kwargs: Any,
    ) -> None:
        (self.patch,) = positive_integers("patch", [patch])
        self.gap, self.jitter = _pixels("gap", gap), _pixels("jitter", jitter)
        if color not in COLORS:
            raise InputError(f"Unknown treatment of colours. Received: color={color!r}. {closest(str(color), COLORS)}")
        self.color = color
        super().__init__(image_shape, **kwargs)
        self.head = self.made_head(2 * self.feature_count, positive_integers("head", head), len(OFFSETS))
        self.patches = Input(self.encoder_shape, (0.0, 1.0), name="center")
        self.noise = keras.random.SeedGenerator()

    @property
    def encoder_shape(self) -> tuple[int, ...]:
        return (self.patch, self.patch, self.image_shape[2])

    def check_images(self) -> None:
        height, width, channels = self.image_shape
        side = grid_side(self.patch, self.gap, self.jitter)
        if min(height, width) < side:
            nearest = (min(height, width) - 2 * self.gap - 2 * self.jitter) // 3
            without = max(1, min(height, width) // 3)
            smaller = f"patch={nearest}" if nearest >= 1 else f"patch={without}, gap=0, jitter=0"
            if min(height, width) < 3:
                smaller = "images of at least 3x3 pixels, which patch=1, gap=0, jitter=0 takes"
            raise InputError(
                f"A grid of 3x3 patches takes 3 patch + 2 gap + 2 jitter = {side} pixels of each side. Received: "
                f"{height}x{width}, patch={self.patch}, gap={self.gap}, jitter={self.jitter}. Nearest: {smaller}."
            )
        if channels == 1 and self.color != "as_they_are":
            raise InputError(
                f"Grey images have no colours to treat. Received: image_shape={self.image_shape}, "
                f"color={self.color!r}. Nearest: color='as_they_are'."
            )
        if channels != 3 and self.color == "projection":
            raise InputError(
                f"The axis from green to magenta is one of red, green and blue. Received: {channels} channels. "
                "Nearest: color='dropping'."
            )

    @takes("inputs")
    def pairs(self, x: Array, seed: int | None = None) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Pairs of patches as the network sees them: the centre of a grid, a neighbour, and which of the eight it is.

        Args:
            x: [batch, *image_shape] in [0, 1].
            seed: None draws anew; an integer always draws the same and leaves the model's own noise alone.

        Returns:
            center and neighbor, [batch, patch, patch, channels] float32, and the position, [batch] int32 from 0 to 7,
            row by row around the centre.
        """
        rows = tf.shape(x)[0]
        source = self.noise if seed is None else seed
        draws = keras.random.uniform([rows, DRAWS + 2], dtype="float32", seed=source)
        center, neighbor, position = patch_pairs(x, draws, patch=self.patch, gap=self.gap, jitter=self.jitter)
        if self.color == "dropping":
            noise = keras.random.normal([rows, 2, *self.encoder_shape], dtype="float32", seed=source)
            center = keep_one_channel(center, draws[:, DRAWS], noise[:, 0])
            neighbor = keep_one_channel(neighbor, draws[:, DRAWS + 1], noise[:, 1])
        return self.treated(center), self.treated(neighbor), position

    def treated(self, patches: Array) -> tf.Tensor:
        """What is done to the colours of every patch, without noise."""
        return project_green_magenta(patches) if self.color == "projection" else patches

    def logits(self, center: Array, neighbor: Array, training: bool = False) -> tf.Tensor:
        """[batch, patch, patch, channels] twice -> [batch, 8] float32."""
        features = self.encoder(tf.concat([center, neighbor], axis=0), training=training)
        pair = tf.concat(tf.split(features, 2, axis=0), axis=-1)
        return tf.cast(self.head(pair, training=training), tf.float32)

    @takes("patches")
    def predict_position(self, center: Array, neighbor: Array) -> tf.Tensor:
        """Probabilities of the eight positions of the neighbour, row by row: [batch, 8] float32.

        Args:
            center, neighbor: [batch, patch, patch, channels] in [0, 1].
        """
        return tf.nn.softmax(self.logits(self.treated(center), self.treated(self._beside(center, neighbor))))

    @takes("patches")
    def _neighbors(self, patches):
        return patches

    def _beside(self, center, neighbor):
        """The neighbours, one for each centre."""
        neighbor = self._neighbors(neighbor)
        if not center.shape[:1].is_compatible_with(neighbor.shape[:1]):
            raise InputError(
                f"Each centre has one neighbour. Received: {center.shape[0]} centres, {neighbor.shape[0]} neighbours."
            )
        return neighbor

    def represent(self, images: Array) -> tf.Tensor:
        patches = side_by_side(self.treated(images), self.patch)
        features = self.encoder(tf.reshape(patches, [-1, *self.encoder_shape]), training=False)
        features = tf.reshape(tf.cast(features, tf.float32), [-1, patches.shape[1], self.feature_count])
        return tf.reduce_mean(features, axis=1)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        center, neighbor, position = self.pairs(x)
        logits = self.logits(center, neighbor, training=training)
        return {
            "cross_entropy": tf.nn.sparse_softmax_cross_entropy_with_logits(labels=position, logits=logits),
            "accuracy": tf.cast(tf.argmax(logits, axis=-1, output_type=tf.int32) == position, tf.float32),
        }

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        neighbor = dataclasses.replace(self.patches, name="neighbor")
        return super().serving_signatures() | {"position": (self._serve_position, [self.patches, neighbor])}

    def _serve_position(self, center, neighbor):
        probabilities = self.predict_position(center, neighbor)
        return {"probabilities": probabilities, "position": tf.argmax(probabilities, axis=-1)}


def _pixels(name, value):
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 0:
        raise InputError(f"{name} is a number of pixels, an integer >= 0. Received: {name}={value!r}.")
    return int(value)

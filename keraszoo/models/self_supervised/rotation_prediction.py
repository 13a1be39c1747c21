"""Rotation prediction: by which quarter turns was the image turned?

Gidaris, Singh and Komodakis, "Unsupervised Representation Learning by Predicting Image Rotations" (2018),
https://arxiv.org/abs/1803.07728.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.errors import InputError
from ...core.model import takes
from ...core.types import Array, Targets
from .self_supervised import SelfSupervised

TURNS = 4


@keras.saving.register_keras_serializable("keraszoo")
class RotationPrediction(SelfSupervised):
    """Classifies by how many quarter turns, counter-clockwise, an image was turned.

    Every step sees each image in all four positions, as the paper advises; the loss of an image is the mean of four
    cross-entropies, and nothing is drawn. Images must have an upright position.

    Args:
        image_shape: (height, width, channels), height and width equal.
        features, network, hidden, activation, initialization, encoder: see `SelfSupervised`.

    Raises:
        InputError: (a ValueError) for images that are not square, and for impossible sizes, names or networks.

    Example:
        >>> model = RotationPrediction((8, 8, 3), hidden=(8,), features=16)
        >>> model.features(tf.zeros([5, 8, 8, 3])).shape, model.predict_rotation(tf.zeros([5, 8, 8, 3])).shape
        (TensorShape([5, 16]), TensorShape([5, 4]))
    """

    term_names: tuple[str, ...] = ("cross_entropy",)

    def __init__(self, image_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(image_shape, **kwargs)
        self.head = self.made_head(self.feature_count, (), TURNS)

    def check_images(self) -> None:
        height, width, channels = self.image_shape
        if height != width:
            raise InputError(
                "A quarter turn keeps the shape of square images only. Received: "
                f"image_shape={self.image_shape}. Nearest: {(min(height, width),) * 2 + (channels,)}."
            )

    @takes("inputs")
    def logits(self, x: Array, training: bool = False) -> tf.Tensor:
        """[batch, *image_shape] -> [batch, 4] float32."""
        return tf.cast(self.head(self.encoder(x, training=training), training=training), tf.float32)

    @takes("inputs")
    def predict_rotation(self, x: Array) -> tf.Tensor:
        """Probabilities of 0, 1, 2 and 3 quarter turns: [batch, *image_shape] -> [batch, 4] float32."""
        return tf.nn.softmax(self.logits(x))

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        turned = tf.concat([tf.image.rot90(x, turns) for turns in range(TURNS)], axis=0)
        logits = tf.reshape(self.logits(turned, training=training), [TURNS, -1, TURNS])
        turns = tf.broadcast_to(tf.range(TURNS)[:, None], tf.shape(logits)[:2])
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=turns, logits=logits)
        right = tf.cast(tf.argmax(logits, axis=-1, output_type=tf.int32) == turns, tf.float32)
        return {"cross_entropy": tf.reduce_mean(cross_entropy, axis=0), "accuracy": tf.reduce_mean(right, axis=0)}

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return super().serving_signatures() | {"rotation": (self._serve_rotation, [self.inputs])}

    def _serve_rotation(self, image):
        probabilities = self.predict_rotation(image)
        return {"probabilities": probabilities, "quarter_turns": tf.argmax(probabilities, axis=-1)}

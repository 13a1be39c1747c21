"""SimCLR: two views of one image are to be alike, and unlike all others.

Chen, Kornblith, Norouzi and Hinton, "A Simple Framework for Contrastive Learning of Visual Representations" (2020),
https://arxiv.org/abs/2002.05709.
"""

import math
import numbers
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.model import takes
from ...core.replicas import global_rows
from ...core.types import Array, Targets
from ...layers.self_supervision.views import DRAWS, random_view
from ...losses.contrastive import nt_xent
from .self_supervised import SelfSupervised


@keras.saving.register_keras_serializable("keraszoo")
class SimCLR(SelfSupervised):
    """Contrastive learning: of the other views in the batch, the projection of an image's second view is the nearest.

    In each step every image gives two random views: cropped and resized, mirrored, in other colours or grey (without
    the paper's blur, which it leaves out for images of 32 pixels). The loss is NT-Xent over the views of the *global*
    batch: two replicas have the negatives of one with both their images. `features` are what the encoder answers, below
    the projection. Loss and accuracy depend on the batch's size: compare them at the same one.

    Args:
        image_shape: (height, width, channels) of images.
        projection: units of the two layers of the projection head, the last one's the dimension of the comparison.
        temperature: by which cosine similarities are divided, > 0.
        smallest_crop: least area of a crop, of the image's, in (0, 1].
        color: strength of the changes of colour, >= 0; in the paper 1, for images of 32 pixels 0.5.
        features, network, hidden, activation, initialization, encoder: see `SelfSupervised`.

    Raises:
        InputError: (a ValueError) for impossible numbers, sizes, names or networks.

    Example:
        >>> model = SimCLR((32, 32, 3), hidden=(8, 16))
        >>> model.features(tf.zeros([5, 32, 32, 3])).shape, model.views(tf.zeros([5, 32, 32, 3]), seed=0)[0].shape
        (TensorShape([5, 64]), TensorShape([5, 32, 32, 3]))
    """

    term_names: tuple[str, ...] = ("contrastive",)
    batch_term_names: tuple[str, ...] = ("contrastive", "accuracy")
    smallest_batch = 2  # one image alone has nothing that it is unlike

    def __init__(
        self,
        image_shape: Sequence[int],
        *,
        projection: Sequence[int] = (64, 64),
        temperature: float = 0.5,
        smallest_crop: float = 0.08,
        color: float = 0.5,
        **kwargs: Any,
    ) -> None:
        self.temperature = _number("temperature", temperature, "> 0", lambda value: value > 0)
        self.smallest_crop = _number("smallest_crop", smallest_crop, "in (0, 1]", lambda value: 0 < value <= 1)
        self.color = _number("color", color, ">= 0", lambda value: value >= 0)
        super().__init__(image_shape, **kwargs)
        if not (layers := positive_integers("projection", projection)):
            raise InputError("projection is the units of at least one layer. Received: projection=().")
        *hidden, outputs = layers
        self.projection = self.made_head(self.feature_count, hidden, outputs, name="projection")
        self.noise = keras.random.SeedGenerator()

    @takes("inputs")
    def views(self, x: Array, seed: int | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """Two random views of each image, [batch, *image_shape] in [0, 1] each.

        Args:
            x: [batch, *image_shape] in [0, 1].
            seed: None draws anew; an integer always draws the same and leaves the model's own noise alone.
        """
        source = self.noise if seed is None else seed
        draws = keras.random.uniform([tf.shape(x)[0], 2, DRAWS], dtype="float32", seed=source)
        options = {"smallest_crop": self.smallest_crop, "color": self.color}
        return random_view(x, draws[:, 0], **options), random_view(x, draws[:, 1], **options)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        features = self.encoder(tf.concat(self.views(x), axis=0), training=training)
        one, other = tf.split(tf.cast(self.projection(features, training=training), tf.float32), 2, axis=0)
        (all_ones, first), (all_others, _) = global_rows(one), global_rows(other)
        terms, right = nt_xent(one, other, all_ones, all_others, first=first, temperature=self.temperature)
        return {"contrastive": terms, "accuracy": right}

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        """Rows of (image, a view, another view)."""
        x = tf.cast(x[:8], tf.float32)
        if self.image_shape[2] not in (1, 3):
            return {}
        return {"views": tf.stack([x, *self.views(x, seed=seed)], axis=1)}


def _number(name, value, rule, holds):
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not (math.isfinite(value) and holds(value)):
        raise InputError(f"{name} is a number {rule}. Received: {name}={value!r}.")
    return float(value)

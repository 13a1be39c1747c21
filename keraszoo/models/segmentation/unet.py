"""U-Net: an image in, the class of each of its pixels out.

Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015),
https://arxiv.org/abs/1505.04597.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.checks import positive_integers, sizes
from ...core.errors import InputError
from ...core.inputs import Input, Mask
from ...core.model import ZooModel, takes
from ...core.types import Array, Targets
from ...layers.padding import mirror, mirror_to_multiple
from ...losses import segmentation as losses
from ...networks.convolutional import check_options
from ...networks.tiles import predict_tiled
from ...networks.unet import lost_pixels, receptive_radius, unet, valid_sizes
from ...scaling import Scaling
from ..classes import checked_class_names
from .encoded import EncodedImages, decoded
from .instances import check_levels, instances
from .levels import check_measure, choose_levels
from .loss import loss_functions

AVERAGINGS = (None, "flips", "flips_and_rotations")


@keras.saving.register_keras_serializable("keraszoo")
class UNet(ZooModel):
    """Segments images: probabilities of the classes of each pixel, and with two classes a mask by a threshold.

    It learns from (x, y): images [batch, height, width, channels] in [0, 1], and y the class of each pixel, integers
    [batch, height, width], or {"label": those, "weight": [batch, height, width] float}.

    `segment` takes images of any height and width, as does the exported model: they are mirrored at the borders to
    what the network takes, and those larger than `tile` are predicted in overlapping parts. Without `encoder` and
    without group normalisation that gives exactly what the whole image would give.

    Args:
        image_shape: (height, width, channels) of the training images; height and width may be None. With
            padding="valid" they must be possible sizes, such as 572.
        num_classes: 2 as published; 1 for one logit by sigmoid, also for two classes, of which the second is the
            foreground; or more.
        padding, depth, width, normalization, dropout, up, residual, attention, encoder, weights: of the network, see
            `keraszoo.networks.unet`. `weights` are not loaded again with a saved model, which has its own.
        loss: "cross_entropy", "dice", "jaccard", "focal" or "tversky", or several with their weights, such as
            {"cross_entropy": 1, "dice": 1}, or with parameters, {"focal": {"gamma": 3, "weight": 0.5}}; see
            `keraszoo.losses.segmentation`; also "centerline_dice", for thin structures. Each is the image's own. A
            pixel's weight matters to cross-entropy and focal loss alone.
        class_weights: how much a pixel of each class counts in these two, times its own weight; None: alike.
        class_names: names of the classes, class 0 first, for tables; None: numbers.
        threshold: with two classes, the probability of the foreground from which on a pixel is foreground in the mask.
            `calibrate` chooses it.
        marker: the probability from which on there is an object; from there it grows down to `threshold`, see
            `instances`. `calibrate` chooses it. None: as `threshold`, so that objects are connected parts.
        measure: for what `calibrate` chooses: "segments" (V_rand + V_info), "v_rand", "v_info", "rand_error",
            "average_precision" or "pixel_error"; None: nothing, and the levels stay.
        averaging: "flips" or "flips_and_rotations": `segment` averages over 4 flips of the image, or over these of the
            image and of its transposed, 8 times the work. None: the image alone.
        scaling: (dtype, low, high): which stored values of an encoded image become 0 and 1 in `segment_png_bytes`,
            "uint8" or "uint16" as dtype; None: 0 and 255 of 8 bits. A recipe's own is its data's.
        served_pixels: how many pixels the images of a request to `segment_png_bytes` may have together.
        tile: height and width of the parts of larger images, a multiple of 2^depth, or with padding="valid" a possible
            size; None: three times the overlap that they need, at least 512.
        ignore: the class of pixels that do not count, such as 255 or -1, none of the others; None: all count. They are
            left out of every loss, of the measures and of what `calibrate` chooses by.

    Raises:
        InputError: (a ValueError) for impossible sizes, names or numbers.

    Example:
        >>> model = UNet((32, 32, 1), depth=2, width=8, normalization="batch")
        >>> probabilities, mask = model.segment(np.zeros([1, 97, 131, 1], "float32"))
        >>> probabilities.shape, mask.shape
        (TensorShape([1, 97, 131, 2]), TensorShape([1, 97, 131]))
    """

    metric_names: tuple[str, ...] = ("pixel_error", "iou")
    calibrates = True
    networks_by_name: tuple[str, ...] = ("encoder",)

    def __init__(
        self,
        image_shape: Sequence[int | None],
        num_classes: int = 2,
        *,
        padding: str = "same",
        depth: int = 4,
        width: int = 64,
        normalization: str | None = None,
        dropout: float = 0.5,
        up: str = "transposed",
        residual: bool = False,
        attention: bool = False,
        encoder: str | None = None,
        weights: str | None = None,
        loss: str | Mapping[str, Any] = "cross_entropy",
        class_weights: Any = None,
        class_names: Sequence[str] | None = None,
        threshold: float = 0.5,
        marker: float | None = None,
        measure: str | None = "segments",
        averaging: str | None = None,
        tile: int | None = None,
        ignore: int | None = None,
        scaling: Any = None,
        served_pixels: int = 2**22,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scaling = Scaling.of(scaling) or Scaling("uint8", 0.0, 255.0)
        self.image_shape = _image_shape(image_shape)
        (self.served_pixels,) = positive_integers("served_pixels", [served_pixels])
        (self.num_classes,) = positive_integers("num_classes", [num_classes])
        self._loss_functions = loss_functions(loss)
        self.term_names = tuple(self._loss_functions)
        self.class_names = checked_class_names(class_names, max(2, self.num_classes))
        self.class_weights = None if class_weights is None else _class_weights(class_weights, max(2, self.num_classes))
        marker = threshold if marker is None else marker
        check_levels(marker, threshold)
        if measure is not None:
            check_measure(measure)
        self.measure = measure
        self._threshold, self._marker = self._level("threshold", threshold), self._level("marker", marker)
        check_options(averaging=(averaging, AVERAGINGS))
        self.averaging = averaging
        self.network = unet(
            self.image_shape[2],
            self.num_classes,
            padding=padding,
            depth=depth,
            width=width,
            normalization=normalization,
            dropout=dropout,
            up=up,
            residual=bool(residual),
            attention=bool(attention),
            encoder=encoder,
            weights=weights,
            dtype=self.dtype_policy,
        )
        self.recapture(weights=None)  # a saved model has its own
        self._blends = encoder is not None
        self._depth, self._factor = depth, 2**depth
        self._lost = lost_pixels(depth) if padding == "valid" else 0
        self._asked_tile = tile
        self._grid = self._tiles(tile)
        if self._lost:
            self._check_valid(*self.image_shape[:2])
        self.inputs = Input((None, None, self.image_shape[2]), (0.0, 1.0), any_size=True)
        if ignore is not None and (isinstance(ignore, bool) or not isinstance(ignore, int)):
            raise InputError(f"ignore is the class of pixels that do not count, an integer. Received: {ignore!r}.")
        self.targets = Mask(max(2, self.num_classes), ignore=ignore)

    # ------------------------------------------------------------------ the network's answers

    @property
    def threshold(self) -> float:
        """The probability of the foreground from which on a pixel is foreground, a weight of the model."""
        return round(float(keras.ops.convert_to_numpy(self._threshold)), 6)

    @property
    def marker(self) -> float:
        """The probability from which on there is an object, a weight of the model."""
        return round(float(keras.ops.convert_to_numpy(self._marker)), 6)

    @takes("inputs")
    def logits(self, x: Array, training: bool = False) -> tf.Tensor:
        """[batch, height, width, channels] -> [batch, height, width, num_classes] float32, before softmax or sigmoid.

        With padding="valid" height and width must be possible ones, and the answer is for the middle of the image.
        """
        x = tf.convert_to_tensor(x)
        height, width = sizes(x)[1:3]
        if not self._lost and not (isinstance(height, int) and height % self._factor == width % self._factor == 0):
            x = mirror_to_multiple(x, self._factor)
        logits = tf.cast(self.network(x, training=training), tf.float32)
        return logits if self._lost else logits[:, :height, :width]

    @takes("inputs")
    def probabilities(self, x: Array) -> tf.Tensor:
        """Of the classes of each pixel: [batch, height, width, channels] -> [batch, height, width, classes] float32.

        Height and width are any. There are at least two classes: those of a model with a single logit are its
        background and its foreground.
        """
        x = tf.cast(x, tf.float32)
        if self.averaging is None:
            return self._tiled(x)
        answer = self._over_flips(x)
        if self.averaging == "flips":
            return answer
        with tf.control_dependencies([answer]):  # one after the other, for memory
            turned = tf.transpose(x, [0, 2, 1, 3])
        return (answer + tf.transpose(self._over_flips(turned), [0, 2, 1, 3])) / 2.0

    def mask(self, probabilities: Array) -> tf.Tensor:
        """The class of each pixel: [batch, height, width, classes] -> [batch, height, width] int64.

        Of two classes the foreground, if its probability is `threshold` at least; of several the most probable.
        """
        if self.num_classes > 2:
            return tf.argmax(probabilities, axis=-1)
        return tf.cast(probabilities[..., 1] >= tf.convert_to_tensor(self._threshold), tf.int64)

    def segment(self, x: Array) -> tuple[tf.Tensor, tf.Tensor]:
        """(`probabilities`, `mask`) of images of any height and width, [batch, height, width, channels] in [0, 1]."""
        probabilities = self.probabilities(x)
        return probabilities, self.mask(probabilities)

    def instances(self, probabilities: Array, line: bool = False) -> np.ndarray:
        """The objects: [batch, height, width, classes] -> [batch, height, width] int32, an array, 0 in the background.

        They begin where the foreground is at least `marker` and grow down to `threshold`; of more than two classes each
        has its own, numbered class by class. See `keraszoo.models.segmentation.instances`.
        """
        levels = max(self.marker, self.threshold), self.threshold
        return np.stack([instances(each, *levels, line=line) for each in np.asarray(probabilities)])

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        return self.probabilities(x)

    def _level(self, name, value):
        return self.add_weight(
            name=name, shape=(), initializer=keras.initializers.Constant(value), trainable=False,
            autocast=False, aggregation="only_first_replica",
        )  # fmt: skip

    def _tiled(self, x):
        """The probabilities of images of any size, a tensor, without averaging."""
        height, width = sizes(x)[1:3]
        if self._lost:
            border, rest = self._lost // 2, self._factor - 4  # sizes are rest modulo the factor
            more = [(rest - self._lost - size) % self._factor for size in (height, width)]
            x = mirror(x, *[(border, border + below) for below in more])
        else:
            x = mirror_to_multiple(x, self._factor)
        answer = predict_tiled(self._part, x, max(2, self.num_classes), **self._grid)
        return answer[:, :height, :width]

    def _part(self, x):
        return losses.probabilities(self.network(x, training=False))

    def _over_flips(self, x):
        """The mean over the image, its two mirror images and the mirror image of a mirror image."""

        def add(index, total):
            def flipped(images):
                images = tf.cond(index % 2 == 1, lambda: tf.reverse(images, [1]), lambda: images)
                return tf.cond(index // 2 == 1, lambda: tf.reverse(images, [2]), lambda: images)

            return index + 1, total + flipped(self._tiled(flipped(x)))

        start = 0, tf.zeros([*sizes(x)[:3], max(2, self.num_classes)])
        return tf.while_loop(lambda index, _: index < 4, add, start, parallel_iterations=1)[1] / 4.0

    def _tiles(self, tile):
        """The arguments of `predict_tiled`: parts of the image, and how far they overlap."""
        margin = 0
        if self._lost:
            overlap = 4 % self._factor  # what makes the step from part to part divisible
            tile = valid_sizes(max(512, 2 * self._lost), self._depth)[-1] if tile is None else tile
        else:
            margin = receptive_radius(self._depth)
            if self._blends:  # it sees further than parts should overlap; blending hides seams
                margin = 2 * self._factor
            overlap = _up_to_multiple(2 * margin + self._factor, self._factor)
            tile = max(512, 3 * overlap) if tile is None else tile
            tile = _up_to_multiple(tile, self._factor) if self._asked_tile is None else tile
        (tile,) = positive_integers("tile", [tile])
        if self._lost:
            self._check_valid(tile, tile, "tile")
        least = self._lost + overlap + self._factor
        if tile < least or (not self._lost and tile % self._factor):
            nearest = max(least, round(tile / self._factor) * self._factor)
            raise InputError(
                f"At a depth of {self._depth} parts of an image must be at least {least} pixels wide, and a multiple "
                f"of {self._factor} unless padding='valid'. Received: tile={tile}. Nearest: {nearest}."
            )
        return {"tile": tile, "overlap": overlap, "margin": margin, "lost": self._lost}

    @property
    def context(self) -> int:
        """How far around a pixel its class depends on the image, in pixels, a multiple of 2^depth."""
        reach = self._lost // 2 + receptive_radius(self._depth) if self._lost else self._grid["margin"]
        return _up_to_multiple(reach, self._factor)

    @property
    def block(self) -> int:
        """How wide blocks of a large image are best, in pixels, a multiple of 2^depth: a tile without its context."""
        return max(self._factor, (self._grid["tile"] - 2 * self.context) // self._factor * self._factor)

    # ------------------------------------------------------------------ learning

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        if self._lost:
            self._check_valid(*x.shape[1:3])
        labels, weight, valid = self._targets(x, y)
        logits = self.logits(x, training=training)
        if self.class_weights is not None:
            of_class = tf.gather(tf.constant(self.class_weights, tf.float32), labels)
            weight = of_class if weight is None else weight * of_class
        terms = {name: loss(logits, labels, weight, valid) for name, loss in self._loss_functions.items()}
        predicted = tf.argmax(losses.probabilities(logits), axis=-1, output_type=labels.dtype)
        return {
            **terms,
            "pixel_error": losses.mean_over(tf.cast(predicted != labels, tf.float32), valid),
            "iou": _mean_iou(predicted, labels, max(2, self.num_classes), valid),
        }

    def _targets(self, x, y):
        """Of the pixels that the network answers for, [batch, height, width] each: the labels, their weights or None,
        and whether they count, or None where all do.
        """
        parts, border = self.targets.tensor(y, type(self).__name__), self._lost // 2
        for values in parts.values():
            if not values.shape.is_compatible_with(x.shape[:3]):
                raise InputError(
                    f"A mask must be as large as its image. Received: masks of {tuple(values.shape)} for images of "
                    f"{tuple(x.shape)}."
                )
        if border:
            parts = {name: values[:, border:-border, border:-border] for name, values in parts.items()}
        return parts["label"], parts.get("weight"), parts.get("valid")

    def calibrate(self, x: Any, y: Any) -> None:
        """Chooses `threshold` and `marker` together for the objects, by `measure`; of several classes `marker` alone.

        See `keraszoo.models.segmentation.levels.choose_levels`.

        Args:
            x: [n, height, width, channels], images; better such as it has not learned from.
            y: their labels.
        """
        labels = y["label"] if isinstance(y, dict) else y
        labels = np.reshape(labels, np.shape(x)[:3])
        counts = np.ones(labels.shape, bool) if self.targets.ignore is None else labels != self.targets.ignore
        if self.measure is None or not counts.any():
            return
        probabilities = np.concatenate([np.asarray(self.probabilities(image[None])) for image in x])
        fixed = {"levels": (self.threshold,)} if self.num_classes > 2 else {}
        marker, threshold = choose_levels(probabilities, labels, counts, self.measure, **fixed)
        self._marker.assign(marker)
        self._threshold.assign(threshold)

    # ------------------------------------------------------------------ what it takes

    def _check_valid(self, height, width, what="height and width"):
        for size in (height, width):
            possible = (size,) if size is None else valid_sizes(size, self._depth)
            if size not in possible:
                nearest = " and ".join(map(str, possible))
                raise InputError(
                    f"padding='valid' at a depth of {self._depth} loses {self._lost} pixels, and {what} must be "
                    f"{self._factor} b + {4 * (self._factor - 1)} pixels. Received: {size}. Nearest: {nearest}."
                )

    # ------------------------------------------------------------------ what it shows and serves

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        """Rows of (image, probability of the foreground or most probable class as grey level), of up to 4 images."""
        x = tf.cast(x[:4, :256, :256], tf.float32)
        answer = self._tiled(x)
        if self.num_classes > 2:
            shown = tf.cast(tf.argmax(answer, -1), tf.float32)[..., None] / (self.num_classes - 1.0)
        else:
            shown = answer[..., 1:]
        return {"segmented": tf.stack([x, tf.broadcast_to(shown, tf.shape(x))], axis=1)}

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        channels = self.image_shape[2]
        signatures = {
            "segment": (self._serve_segment, [self.inputs]),
        }
        if channels in (1, 3) and self.scaling.dtype != "float32":
            signatures["segment_png_bytes"] = (
                self._serve_segment_png_bytes,
                [EncodedImages(channels, self.scaling)],
            )
        return signatures

    def _serve_segment(self, image):
        probabilities, mask = self.segment(image)
        return {"probabilities": probabilities, "mask": mask}

    def _serve_segment_png_bytes(self, image_bytes):
        """The same for encoded images, PNG or JPEG of the training images' depth; those of a request of one size."""
        return self._serve_segment(decoded(image_bytes, self.image_shape[2], self.scaling, self.served_pixels))


def _image_shape(image_shape):
    """(height, width, channels), of which height and width may be None."""
    shape = tuple(image_shape)
    if len(shape) == 4 and shape[0] is None:
        positive_integers("image_shape", shape)  # names the batch's axis
    if len(shape) != 3 or shape[2] is None:
        raise InputError(f"UNet takes images of shape (height, width, channels). Received: image_shape={image_shape}.")
    known = iter(positive_integers("image_shape", [size for size in shape if size is not None]))
    return tuple(None if size is None else next(known) for size in shape)


def _class_weights(weights, classes):
    """A positive number for each class."""
    fits = isinstance(weights, (list, tuple)) and len(weights) == classes
    if not fits or not all(isinstance(w, (int, float)) and not isinstance(w, bool) and w > 0 for w in weights):
        raise InputError(f"class_weights are {classes} numbers > 0, one for each class. Received: {weights!r}.")
    return tuple(map(float, weights))


def _mean_iou(predicted, labels, classes, valid=None):
    """Intersection over union, the mean over the classes but 0: 2 x [batch, height, width] -> [batch] float32.

    1 where a class is neither in the mask nor predicted.
    """
    if valid is not None:  # a pixel that is of class 0 in both is in no other
        predicted, labels = (tf.where(valid, values, 0) for values in (predicted, labels))
    one, other = (tf.one_hot(values, classes)[..., 1:] for values in (predicted, labels))
    both = tf.reduce_sum(one * other, [1, 2])
    either = tf.reduce_sum(tf.maximum(one, other), [1, 2])
    return tf.reduce_mean(tf.where(either > 0, tf.math.divide_no_nan(both, either), 1.0), -1)


def _up_to_multiple(size, factor):
    return -(-size // factor) * factor

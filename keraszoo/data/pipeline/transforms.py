"""Transforms of a batch, named so that a recipe can list them: `(("pad", 32), ("binarize",))`.

Each takes a float32 batch x [batch, ...] and the arguments that follow its name. Those of `augmentation.py` act in
training only. Those that move pixels act on masks too; `nearest` tells them that labels must not be mixed.
"""

import inspect

import keras
import tensorflow as tf

from ...core.errors import InputError, closest
from ..sources.image_shape import image_size, shape_of_images
from . import augmentation


def pad(x, size, *, outside=0):
    """Zeros around the images, which stay in the middle: [batch, *size, channels].

    Around a mask zero is the first class, in a weight map nothing to learn from; where masks have pixels that do not
    count, those around do not count either.

    Args:
        size: an integer or (height, width), at least the image's own.
    """
    height, width = image_size(size)
    rows, columns, _ = shape_of_images(x, "pad")
    if rows > height or columns > width:
        raise InputError(f"pad needs a size of at least the image's, {rows}x{columns}. Received: {height}x{width}.")
    top, left = (height - rows) // 2, (width - columns) // 2
    around = [[0, 0], [top, height - rows - top], [left, width - columns - left], [0, 0]]
    return tf.pad(x, around, constant_values=outside)


def resize(x, size, *, nearest=False):
    """The images at another size, [batch, *size, channels]: the middle of them, bilinear with anti-aliasing.

    Args:
        size: an integer or (height, width).
    """
    shape_of_images(x, "resize")
    return fit(x, image_size(size), nearest)


def grayscale(x):
    """One channel, the luminance: [batch, height, width, 1]."""
    channels = shape_of_images(x, "grayscale")[2]
    if channels == 1:
        return x
    if channels != 3:
        raise InputError(f"grayscale takes images of 1 or 3 channels. Received: {channels} channels.")
    return tf.image.rgb_to_grayscale(x)


def rgb(x):
    """Three channels, equal where there was one: [batch, height, width, 3]."""
    channels = shape_of_images(x, "rgb")[2]
    if channels == 3:
        return x
    if channels != 1:
        raise InputError(f"rgb takes images of 1 or 3 channels. Received: {channels} channels.")
    return tf.image.grayscale_to_rgb(x)


def flatten(x):
    """One vector an example: [batch, features]."""
    return tf.reshape(x, [-1, x.shape[1:].num_elements()])


def threshold(x, value=0.5):
    """1 where x >= value, else 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"threshold takes a number. Received: {value!r}.")
    return tf.cast(x >= value, x.dtype)


def binarize(x, *, uniform):
    """1 with probability x, else 0: drawn anew for every batch in training, always the same in evaluation.

    "Dynamic binarisation": Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders" (2016).
    """
    return tf.cast(uniform(tf.shape(x)) < x, x.dtype)


#: act in training only; evaluation sees the examples as they are
AUGMENTATIONS = {
    function.__name__: function
    for function in (
        augmentation.random_crop,
        augmentation.flip,
        augmentation.rotate90,
        augmentation.rotate,
        augmentation.shift,
        augmentation.elastic,
        augmentation.brightness,
        augmentation.contrast,
        augmentation.noise,
    )
}
TRANSFORMS = {
    function.__name__: function for function in (pad, resize, grayscale, rgb, flatten, threshold, binarize)
} | AUGMENTATIONS
#: move pixels, so what belongs to a pixel moves with it
GEOMETRIC = ("pad", "resize", "random_crop", "flip", "rotate90", "rotate", "shift", "elastic")
#: take values from 0 to 1
OF_UNIT_RANGE = ("binarize", "brightness", "contrast", "noise")


def apply(x, transforms, uniform, *, training=True):
    """`x` after all `transforms`.

    Args:
        x: [batch, ...] float32.
        transforms: sequence of `(name, *arguments)`; a name alone stands for one without arguments.
        uniform: function of (shape, position of the transform in the sequence) that draws from [0, 1), the same each
            time that it is asked.
        training: whether augmentations act.

    Raises:
        InputError: unknown transform, wrong arguments, or examples of a shape that the transform does not
            take.
    """
    return _apply(x, transforms, uniform, training, TRANSFORMS, nearest=False)


def apply_to_mask(mask, transforms, uniform, *, training=True, nearest=True, outside=0):
    """What belongs to the pixels of the images, moved as `apply` moves them.

    Args:
        mask: [batch, height, width].
        transforms, uniform, training: as `apply` takes them.
        nearest: whether `mask` holds labels, which must not be mixed; else it is mixed as images are.
        outside: what lies around a mask.

    Returns:
        [batch, height', width'] of the same dtype.
    """
    return _apply(mask[..., None], transforms, uniform, training, GEOMETRIC, nearest, outside)[..., 0]


def _apply(x, transforms, uniform, training, acting, nearest, outside=0):
    for position, (name, arguments) in enumerate(parse(transforms)):
        if name not in acting or (name in AUGMENTATIONS and not training):
            continue
        function = TRANSFORMS[name]
        takes = inspect.signature(function).parameters
        own = {name: value for name, value in (("nearest", nearest), ("outside", outside)) if name in takes}
        if "uniform" in takes:
            own["uniform"] = lambda shape, position=position: uniform(shape, position)
        x = function(x, *arguments, **own)
    return x


def parse(transforms):
    """`[(name, arguments)]` of a recipe's transforms, each known to exist and to take that many arguments."""
    if isinstance(transforms, str) or not isinstance(transforms, (tuple, list)):
        raise InputError(f'transforms is a sequence such as (("pad", 32), ("binarize",)). Received: {transforms!r}.')
    parsed = []
    for entry in transforms:
        name, *arguments = [entry] if isinstance(entry, str) else entry if isinstance(entry, (tuple, list)) else [None]
        if not isinstance(name, str):
            raise InputError(f'A transform is written ("name", argument, ...). Received: {entry!r}.')
        if name not in TRANSFORMS:
            raise InputError(f"Unknown transform {name!r}. {closest(name, TRANSFORMS)}")
        parameters = list(inspect.signature(TRANSFORMS[name]).parameters.values())[1:]
        parameters = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
        try:
            inspect.Signature(parameters).bind(*arguments)
        except TypeError as error:
            takes = ", ".join(str(p) for p in parameters) or "no arguments"
            raise InputError(f"Transform {name} takes {takes}: {error}. Received: {entry!r}.") from None
        parsed.append((name, arguments))
    return parsed


def fit(images, size, nearest=False):
    """The middle of the images, as large as the proportions of `size` allow, resized to it.

    Args:
        images: [..., height, width, channels], at most one more dimension; integers stay integers.
        size: (height, width).
        nearest: take pixels as they are instead of mixing neighbours, for masks.
    """
    how = {"interpolation": "nearest"} if nearest else {"antialias": True}
    values = images if nearest else tf.cast(images, tf.float32)
    values = keras.ops.image.resize(values, size, crop_to_aspect_ratio=True, data_format="channels_last", **how)
    if images.dtype.is_integer and not nearest:
        values = tf.clip_by_value(tf.round(values), images.dtype.min, images.dtype.max)
    return tf.cast(values, images.dtype)

"""Masks as they are stored: in files and in arrays."""

import dataclasses

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from ...core.errors import InputError
from ..pipeline.transforms import fit
from .account import counted
from .mask_values import VOID, MaskRule, chosen, colour_numbers, colour_proposal, mask_dtype
from .pages import TIFF, form_of, read_file, read_labels

LOSSLESS = (".bmp", ".gif", ".png", ".tif", ".tiff")  # they keep every pixel as it was
_EXAMPLE = "--mask-values 0-127:0,128-255:1"


@dataclasses.dataclass(frozen=True)
class MaskOptions:
    """What the user says of masks.

    Attributes:
        rule: `MaskRule` of the values.
        suffix: what the masks' names have more than their images', or None.
        class_names: of the classes, or None.
        given: names of the options that were given.
    """

    rule: MaskRule = MaskRule()
    suffix: str | None = None
    class_names: tuple | None = None
    given: tuple = ()

    @classmethod
    def of(cls, *, ignore=None, mask_values=None, mask_suffix=None, class_names=None):
        """The options of `keraszoo.data.load`, checked."""
        if class_names is not None:
            fits = isinstance(class_names, (tuple, list)) and all(isinstance(name, str) for name in class_names)
            if not fits or not class_names or len(set(class_names)) < len(class_names):
                raise InputError(f"class_names are different names of classes. Received: {class_names!r}.")
            class_names = tuple(class_names)
        options = {"ignore": ignore, "mask_values": mask_values, "mask_suffix": mask_suffix}
        given = tuple(name for name, value in options.items() if value is not None)
        return cls(MaskRule.parse(mask_values, ignore), mask_suffix, class_names, given)

    def check_used(self, source):
        """Raises InputError where there are no masks to which these options could apply."""
        if self.given and not source.has_masks:
            raise InputError(
                f"{self.given[0]} is for masks, the class of each pixel of an image. Received: {source.name}, which "
                "has none. Images and masks lie in images/ and masks/, or in arrays image and label."
            )
        if self.class_names is not None and len(self.class_names) != source.num_classes:
            raise InputError(
                f"class_names names every class, {source.num_classes or 'of which there are none'} in {source.name}. "
                f"Received: {', '.join(self.class_names)}."
            )


def read_masks(path, rule, numbers=None, size=None):
    """The values of the masks in a file, [height, width] each: numbers, or where the rule is of colours 0xrrggbb.

    One channel gives its values, or the indices of its palette; several must be equal, and alpha opaque.

    Args:
        path: of the file.
        rule: a `MaskRule`.
        numbers: of the file's pages; None: all of them.
        size: (height, width) to bring them to as their images are, labels unmixed, or None.

    Raises:
        InputError: a file that cannot be read, several channels that differ without a rule of colours, transparency.
    """
    if not str(path).lower().endswith(LOSSLESS) and not rule.entries:
        raise InputError(
            f"Masks are stored without loss, {', '.join(LOSSLESS)}, or mask_values says which range of values is which "
            f"class: {_EXAMPLE}. Received: {path}."
        )
    pages = form_of(path).pages if str(path).lower().endswith(TIFF) else 1
    numbers = range(pages) if numbers is None else numbers
    if pages == 1:
        found = [_pixels(path, rule)]
    elif rule.colours:
        found = read_file(path, numbers, 3)
    else:
        found = read_labels(path, numbers)
    return [_brought_to(_one_number(pixels, rule, path), size) for pixels in found]


def _pixels(path, rule):
    """The pixels of a file with one mask, as they are stored, or in colours."""
    try:
        with Image.open(path) as file:
            if rule.colours or file.mode not in ("1", "L", "P", "I", "F", "I;16", "I;16B"):
                return np.asarray(_opaque(file, path).convert("RGB"))
            return np.asarray(file)
    except (OSError, Image.DecompressionBombError) as error:
        raise InputError(f"Cannot read the mask {path}: {error}.") from error


def _brought_to(values, size):
    if size is None or values.shape == tuple(size):
        return values
    places = Image.fromarray(np.arange(values.size, dtype="int32").reshape(values.shape))
    places = ImageOps.fit(places, tuple(size)[::-1], Image.Resampling.NEAREST)
    return values.reshape(-1)[np.asarray(places)]


def mask_arrays(where, masks, rule):
    """The values of masks that came as arrays, as `read_masks` gives them: [n, height, width].

    Args:
        where: what they belong to, for the message.
        masks: [n, height, width], or with 1 channel, with 3 or 4 that are equal or colours, of real numbers.
        rule: a `MaskRule`.

    Raises:
        InputError: one-hot masks, colours without a rule.
    """
    masks = np.asarray(masks)
    if masks.ndim == 3:
        return _one_number(masks[..., None].repeat(3, -1), rule, where) if rule.colours else masks
    channels = masks.shape[3]
    if channels == 1:
        return mask_arrays(where, masks[..., 0], rule)
    if channels not in (3, 4) or (masks.sum(-1) == 1).all():
        hint = " They look one-hot. Nearest: label.argmax(-1)." if (masks.sum(-1) == 1).all() else ""
        raise InputError(
            f"{where}: a mask has one number a pixel, or a colour of 3 or 4. Received: {list(masks.shape)}.{hint}"
        )
    if channels == 4 and (masks[..., 3] != (1 if masks.dtype.kind in "bf" else np.iinfo(masks.dtype).max)).any():
        raise InputError(f"{where}: masks must be opaque. Received: a fourth channel, alpha, that is not full.")
    return _one_number(masks[..., :3], rule, where)


class Classes:
    """Masks of one data set, first looked at, then made classes.

    Args:
        where: what they belong to, for messages.
        rule: the `MaskRule` of the options.
        class_names: of the classes, or None.

    Attributes:
        rule: what all of the masks say, after `choose`.
        words: that rule in words.
        counts: numbers of pixels of each class; `void` of none.
    """

    def __init__(self, where, rule, class_names=None):
        self.where, self.rule, self.class_names = where, rule, class_names
        self._values = {}

    def look(self, values, name):
        """Counts the values of masks, [height, width] or [n, ...]; `name` says which they are, for messages."""
        for mask in values if values.ndim > 2 else (values,):
            if self.rule.entries:
                mask = self.rule.classes(mask, name)
            elif mask.dtype.kind == "f" and (mask != np.round(mask)).any():
                self.rule.classes(mask, name)  # refuses them by name
            found, counts = np.unique(mask, return_counts=True)
            for value, count in zip(found.tolist(), counts.tolist(), strict=True):
                self._values[value] = self._values.get(value, 0) + count

    def choose(self):
        """Decides what the values are, once all masks were looked at; InputError where that is not known."""
        given = self.rule
        self.rule, self.words = chosen(self.where, self._values, given)
        values = np.asarray(list(self._values), "float64")
        found = values.astype("int64") if given.entries else self.rule.classes(values, self.where)
        pixels = np.asarray(list(self._values.values()))
        classes = max(int(found.max(initial=0)) + 1, self.rule.num_classes or 1)
        if self.class_names is not None:
            if len(self.class_names) < classes:
                raise InputError(
                    f"{self.where}: class_names names every class, {classes} of them. Received: "
                    f"{', '.join(self.class_names)}."
                )
            classes = len(self.class_names)
        self.void = int(pixels[found == VOID].sum())
        self.counts = [int(pixels[found == number].sum()) for number in range(classes)]

    @property
    def num_classes(self):
        return len(self.counts)

    @property
    def dtype(self):
        return mask_dtype(self.num_classes, self.rule.has_void)

    def of(self, values, where):
        """The classes of values, [height, width] or [n, ...], in the type in which they are kept."""
        if self.rule == MaskRule() and values.dtype == self.dtype:
            return values
        classes = np.empty(values.shape, self.dtype)
        several = values.ndim > 2
        for own, mask in zip(classes if several else (classes,), values if several else (values,), strict=True):
            own[...] = self.rule.classes(mask, where)
        return classes

    def told(self):
        """The counts of pixels in words."""
        return counted(self.counts, self.class_names, " pixels", self.void)

    def warnings(self):
        """A line each for what is odd but possible."""
        if not sum(self.counts[1:]):
            yield f"{self.where}: warning: no mask has foreground; all pixels that count are of class 0"
        elif not self.counts[0]:
            yield f"{self.where}: warning: no pixel is of class 0, the background"


def resized(masks, size):
    """Masks [n, height, width] brought to `size` as their images are, their labels unmixed."""
    if masks.shape[1:3] == tuple(size):
        return masks
    return fit(tf.constant(masks[..., None]), size, nearest=True).numpy()[..., 0]


def _opaque(file, path):
    """The image without its alpha, which must say nothing."""
    if file.has_transparency_data:
        file = file.convert("RGBA")
        if file.getextrema()[3][0] < 255:
            raise InputError(f"A mask must be opaque: what is transparent is of no class. Received: {path}.")
    return file


def _one_number(pixels, rule, where):
    """One number a pixel: [..., height, width] of [..., height, width, 3] or of one channel."""
    colours = pixels.ndim > 2 and pixels.shape[-1] == 3
    if rule.colours:
        return colour_numbers(pixels if colours else pixels[..., None].repeat(3, -1))
    if not colours:
        return pixels.astype("uint8") if pixels.dtype == bool else pixels
    if (pixels == pixels[..., :1]).all():
        return pixels[..., 0]
    numbers = np.unique(colour_numbers(pixels))
    more = f" and {len(numbers) - 8} others" if len(numbers) > 8 else ""
    raise InputError(
        f"{where}: a mask in colours needs mask_values, which say what they mean. Received: {len(numbers)} colours. "
        f"Nearest: --mask-values '{colour_proposal(numbers)}'{more}."
    )

"""From the values that masks are stored with to the class of each pixel.

The rule is "0:0,128:1", "0-127:0,128-255:1" or "#000000:0,#ff0000:1,#ffffff:ignore": the first entry that fits a value
gives its class. Without a rule the values are the classes, but for 0 and 255, which are two.
"""

import dataclasses
import re

import numpy as np

from ...core.errors import InputError

VOID = -1  # the class of pixels that do not count
WHITE = 255
_UNKNOWN = -2
_ENTRY = re.compile(
    r"(?:(?P<low>-?\d+(?:\.\d+)?)(?:-(?P<high>-?\d+(?:\.\d+)?))?|#(?P<colour>[0-9a-fA-F]{6})):(?P<to>\d{1,5}|ignore)"
)
_FORM = '"0:0,128:1", "0-127:0,128-255:1" or "#000000:0,#ff0000:1,#ffffff:ignore"'


@dataclasses.dataclass(frozen=True)
class MaskRule:
    """How the values of masks become classes.

    Attributes:
        entries: `((lowest, highest, class or VOID), ...)` of values; colours are numbers, 0xrrggbb. () for values that
            are the classes.
        colours: whether values are colours.
        ignore: the value of pixels that do not count, or None.
    """

    entries: tuple = ()
    colours: bool = False
    ignore: float | None = None

    @classmethod
    def parse(cls, text=None, ignore=None):
        """The rule of the options `mask_values` and `ignore`.

        Raises:
            InputError: a rule that is not written so, no integer to ignore.

        Example:
            >>> MaskRule.parse("0-127:0,128-255:1").entries
            ((0.0, 127.0, 0), (128.0, 255.0, 1))
        """
        if ignore is not None and (isinstance(ignore, bool) or not isinstance(ignore, int)):
            raise InputError(f"ignore is the value of pixels that do not count, an integer. Received: {ignore!r}.")
        if text is None:
            return cls(ignore=ignore)
        if not isinstance(text, str):
            raise InputError(f"mask_values is written {_FORM}. Received: {text!r}.")
        matches = [(_ENTRY.fullmatch(entry.strip()), entry) for entry in text.split(",")]
        for match, entry in matches:
            if match is None:
                raise InputError(f"mask_values is written {_FORM}. Received: {entry.strip()!r} in {text!r}.")
        kinds = {match["colour"] is not None for match, _ in matches}
        if len(kinds) > 1:
            raise InputError(f"mask_values has values or colours, not both. Received: {text!r}.")
        if kinds == {True} and ignore is not None:
            raise InputError(
                f"Of colours the one to ignore is named in mask_values: #ffffff:ignore. Received: {ignore}."
            )
        entries = tuple(_entry(match) for match, _ in matches)
        if all(to == VOID for _, _, to in entries):
            raise InputError(f"mask_values must name a class, not only what to ignore. Received: {text!r}.")
        return cls(entries, kinds == {True}, ignore)

    @property
    def has_void(self):
        """Whether some pixels may not count."""
        return self.ignore is not None or any(to == VOID for _, _, to in self.entries)

    @property
    def num_classes(self):
        """Number of classes that the rule names, or None where the values are the classes."""
        return max(to for _, _, to in self.entries) + 1 if self.entries else None

    def classes(self, values, where):
        """The class of each pixel, VOID where it does not count: int64 of the shape of `values`.

        Args:
            values: numbers; where the rule is of colours, 0xrrggbb.
            where: what they belong to, for the message.

        Raises:
            InputError: values that the rule does not name, that are not whole, or that are negative.
        """
        if self.entries:
            found = np.full(np.shape(values), _UNKNOWN, "int64")
            for low, high, to in reversed(self.entries):
                found[(values >= low) & (values <= high)] = to
        else:
            found = np.asarray(values).astype("int64")
            found = np.where((found == values) & (found >= 0), found, _UNKNOWN)
        if self.ignore is not None:
            found[np.asarray(values) == self.ignore] = VOID
        unknown = found == _UNKNOWN
        if unknown.any():
            self._refuse(np.unique(np.asarray(values)[unknown]), where)
        return found

    def _refuse(self, values, where):
        shown = _listed([f"#{int(value):06x}" if self.colours else f"{value:g}" for value in values])
        if self.entries:
            raise InputError(f"{where}: mask_values names no class for {shown}. Add them, or `:ignore` after them.")
        if (values < 0).all() and len(values) == 1:
            raise InputError(
                f"{where}: a mask's values are classes, 0, 1, 2 and so on. Received: {shown}. "
                f"If such pixels do not count: --ignore={values[0]:g}."
            )
        raise InputError(
            f"{where}: a mask's values are classes, whole numbers from 0 on. Received: {shown}. "
            "Name ranges: --mask-values 0-0.5:0,0.5-1:1."
        )


def chosen(where, counts, rule):
    """The rule for masks of these values: the one given, or what the values themselves say.

    Args:
        where: what the masks belong to, for the message.
        counts: `{value: number of pixels}` of all masks.
        rule: what the options say.

    Returns:
        `MaskRule`, and the words for it.

    Raises:
        InputError: values of which it is not known what they mean.

    Example:
        >>> chosen("cells", {0: 90, 255: 10}, MaskRule())[1]
        'masks of 0 and 255 (two classes)'
    """
    if rule.entries:
        return rule, "masks by mask_values"
    values = sorted(value for value in counts if value != rule.ignore)
    rule.classes(np.asarray(values), where)
    if WHITE in values and set(values) <= {0, WHITE}:
        entries = ((0.0, 0.0, 0), (float(WHITE), float(WHITE), 1))
        return MaskRule(entries, ignore=rule.ignore), "masks of 0 and 255 (two classes)"
    if values and (WHITE in values or _sparse(values)):
        others = [value for value in values if value != WHITE]
        if WHITE in values and others and others[-1] < WHITE // 2 and not _sparse(others):
            remedy = "If pixels of 255 do not count: --ignore 255."
        else:
            remedy = f"Say which is which: --mask-values {_proposal(values)}."
        raise InputError(
            f"{where}: a mask's values are classes, 0, 1, 2 and so on, or 0 and 255 for two. Received: "
            f"{_listed([f'{value:g}' for value in values])}. {remedy}"
        )
    return rule, "masks of classes"


def mask_dtype(num_classes, has_void):
    """The smallest type of numpy for classes from 0 to num_classes - 1, and VOID.

    Example:
        >>> mask_dtype(2, False), mask_dtype(2, True), mask_dtype(300, True)
        ('uint8', 'int8', 'int16')
    """
    if not has_void and num_classes <= 256:
        return "uint8"
    return "int8" if num_classes <= 128 else "int16" if num_classes <= 2**15 else "int32"


def colour_numbers(colours):
    """Colours [..., 3] uint8 as numbers 0xrrggbb: [...] int64."""
    red, green, blue = np.moveaxis(np.asarray(colours).astype("int64"), -1, 0)
    return (red << 16) + (green << 8) + blue


def colour_proposal(numbers):
    """Mask values for these colours, in order: "#000000:0,#ff0000:1"."""
    return ",".join(f"#{number:06x}:{place}" for place, number in enumerate(sorted(numbers)[:8]))


def _entry(match):
    to = VOID if match["to"] == "ignore" else int(match["to"])
    if match["colour"] is not None:
        number = int(match["colour"], 16)
        return number, number, to
    low = float(match["low"])
    high = low if match["high"] is None else float(match["high"])
    if high < low:
        raise InputError(f"A range of mask_values is written lowest-highest. Received: {match[0]!r}.")
    return low, high, to


def _sparse(values):
    """Whether classes would be numbered up to more than twice as many as there are."""
    return 2 * len(values) < values[-1] + 1


def _proposal(values):
    if len(values) <= 8:
        return ",".join(f"{value:g}:{place}" for place, value in enumerate(values))
    middle = (int(values[-1]) + 1) // 2
    return f"0-{middle - 1}:0,{middle}-{values[-1]:g}:1"


def _listed(values, most=8):
    return ", ".join(values[:most]) + ", ..." * (len(values) > most)

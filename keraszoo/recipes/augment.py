"""Augmentations by name, as `keraszoo train --augment flip,crop` takes them. Imports no TensorFlow."""

import ast

from ..core.errors import InputError, closest

#: {name: (transform of `keraszoo.data`, its argument where none is given, or None where it takes none)}
AUGMENTATIONS = {
    "flip": ("flip", None),
    "crop": ("shift", 4),
    "rotate90": ("rotate90", None),
    "rotate": ("rotate", 15),
    "elastic": ("elastic", 10.0),
    "brightness": ("brightness", 0.1),
    "contrast": ("contrast", 0.2),
    "noise": ("noise", 0.05),
}
#: transforms after which an example is no image of grey values or colours any more
LAST = ("flatten", "threshold", "binarize")
HELP = ", ".join(name if number is None else f"{name}={number}" for name, (_, number) in AUGMENTATIONS.items())


def augmented(transforms, text):
    """A recipe's transforms with random ones, which act in training only.

    Args:
        transforms: those of `Data`.
        text: names with commas between them, each perhaps with its argument: "flip,crop", "rotate=30,noise=.1". "crop"
            moves each image by up to so many pixels, its border mirrored, as cropping a padded image does.

    Returns:
        The same with the new ones after those that make the image, before those that flatten or binarise it.

    Raises:
        InputError: an unknown name, an argument that is no number, or one for a transform that takes none.

    Example:
        >>> augmented((("pad", 32), ("binarize",)), "flip,crop=2")
        (('pad', 32), ('flip',), ('shift', 2), ('binarize',))
    """
    added = [_parsed(part.strip()) for part in text.split(",")]
    added = [entry for entry in added if entry not in transforms]  # a run is resumed with what it was started with
    place = next((i for i, (name, *_) in enumerate(transforms) if name in LAST), len(transforms))
    return (*transforms[:place], *added, *transforms[place:])


def _parsed(part):
    name, equals, argument = part.partition("=")
    if name not in AUGMENTATIONS:
        raise InputError(f"Unknown augmentation {name!r}. {closest(name, AUGMENTATIONS)}")
    transform, number = AUGMENTATIONS[name]
    if number is None:
        if equals:
            raise InputError(f"The augmentation {name} takes no number. Received: {part!r}.")
        return (transform,)
    if equals:
        try:
            number = ast.literal_eval(argument)
        except (ValueError, SyntaxError):
            number = None
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise InputError(f"An augmentation is a name, or name=NUMBER such as {name}=3. Received: {part!r}.")
    return (transform, number)

"""The shape of images: what is given as a size, and what a batch has."""

from ...core.errors import InputError


def image_size(size):
    """(height, width) of `size`: a positive integer or a pair of them."""
    pair = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    if len(pair) != 2 or not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in pair):
        raise InputError(f"An image size is a positive integer or (height, width). Received: {size!r}.")
    return pair


def shape_of_images(x, name):
    """(height, width, channels) of a batch of images, for the transform `name`."""
    if x.shape.rank != 4:
        raise InputError(f"{name} takes images, [height, width, channels]. Received: examples of {list(x.shape[1:])}.")
    return x.shape[1:]

"""A single TIFF whose pages are images, as a Source."""

from ...core.errors import InputError
from .account import held, how_divided
from .folder import FileSplit, held_or_read
from .pages import Page, survey
from .source import divide


def load_stack(path, image_size, memory_limit, test_last=None):
    """The Source of a multi-page TIFF: each page is an image; see `keraszoo.data.load`.

    Raises:
        InputError: a single page, or pages that differ.
    """
    pages, shape, dtype = survey(path, [str(path)], image_size)
    count = pages[str(path)]
    if count < 2:
        raise InputError(
            f"{path}: a data set in one TIFF has an image on each page, two at least. Received: one page. "
            "Several files are given by their folder."
        )
    splits = {
        split: FileSplit([Page(str(path), int(row)) for row in rows], {}, shape, dtype, resize=bool(image_size))
        for split, rows in divide(path, count, test_last).items()
    }
    sizes = {split: part.size for split, part in splits.items()}
    line = held(path, shape, dtype, sizes, how_divided(test_last))
    return held_or_read(str(path), splits, memory_limit, {"input": "image", "account": line})

"""The zoo's trained weights as a directory that can be served: each exported once, then kept in the cache."""

import contextlib
import tempfile
import time
from pathlib import Path

from keraszoo import __version__, weights
from keraszoo.core.errors import InputError
from keraszoo.system.places import cache

from ..contents import manifest
from ..published import versions

#: what `--zoo` serves where no recipe is named: of each kind the best known, few enough to start within a minute
CHOSEN = (
    "vae/digits",
    "vae/mnist",
    "conditional_vae/digits",
    "vq_vae/digits",
    "dcgan/digits",
    "infogan/digits",
    "nsf/moons",
    "glow/digits",
    "denoising/digits",
    "classifier/mnist",
    "unet/cells",
)
ALL = "all"


def chosen(recipes):
    """The recipes to serve.

    Args:
        recipes: names; none: those of `CHOSEN`; "all": every one of which there are weights.

    Raises:
        InputError: a recipe that there is not, or of which there are no weights; there are no weights at all.
    """
    there = weights.names()
    if not there:
        raise InputError("There are no trained weights here. Make some: `keraszoo weights make vae/digits`.")
    if not recipes:
        return tuple(name for name in CHOSEN if name in there) or there
    if ALL in recipes:
        return there
    for name in recipes:
        weights.card(name)
    return tuple(dict.fromkeys(recipes))


@contextlib.contextmanager
def served(recipes, say=print):
    """A directory with a model for each recipe, while it is needed: "vae/digits" is the model `vae_digits`.

    An export is kept by its weights' checksum and the release that wrote it, so that no other weights are served as
    these.

    Args:
        recipes: of `chosen`.
        say: function that takes a line about what is exported.

    Raises:
        InputError: weights that are damaged, or a cache that cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="keraszoo-zoo-") as root:
        for count, recipe in enumerate(recipes, 1):
            name, start = recipe.replace("/", "_"), time.perf_counter()
            home = cache() / "zoo" / __version__ / weights.card(recipe).sha256[:16] / name
            if not _whole(home):
                _export(recipe, home)
                say(f"{name}: exported in {time.perf_counter() - start:.1f} s, {count} of {len(recipes)}")
            Path(root, name).symlink_to(home.absolute(), target_is_directory=True)
        yield root


def _whole(home):
    """Whether the newest version in a model's directory is as it was exported."""
    try:
        version = versions.find(home)
        return not manifest.damage(version, manifest.read(version)["files"])
    except (InputError, OSError):
        return False


def _export(recipe, home):
    from ..pipeline import export

    export(weights.load(recipe), home.parent, home.name, new_interface=True, say=_nothing)


def _nothing(line):
    pass

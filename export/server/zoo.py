"""The zoo's trained weights as a directory that can be served: each exported once, then kept in the cache."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keraszoo import __version__, weights
from keraszoo.core.errors import InputError
from keraszoo.system.places import cache
from keraszoo.system.processes import environment_of_child

from ..contents import manifest
from ..published import versions

#: what `--zoo` serves where no recipe is named: of each kind the best known, few enough to be there within a minute
CHOSEN = (
    "vae/digits",
    "conditional_vae/digits",
    "dcgan/digits",
    "nsf/moons",
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
def served(recipes, say=print, *, whole=False):
    """A directory with a model for each recipe, while it is needed: "vae/digits" is the model `vae_digits`.

    The first is there at once; those that were never exported before follow, from another process.

    Args:
        recipes: of `chosen`.
        say: function that takes a line about what is exported.
        whole: whether all must be there first.

    Raises:
        InputError: weights that are damaged, or a cache that cannot be written.
    """
    missing = _missing(recipes)
    first = len(missing) if whole else int(len(missing) == len(recipes))
    _export(missing[:first], say, following=len(missing) - first)
    with tempfile.TemporaryDirectory(prefix="keraszoo-zoo-") as root:
        for recipe in recipes:
            home = _home(recipe)
            Path(root, home.name).symlink_to(home.absolute(), target_is_directory=True)
        with _exported_meanwhile(missing[first:]):
            yield root


def prepare(recipes, say=print):
    """Exports those that were never exported before.

    Raises:
        InputError: as `served` does.
    """
    _export(_missing(recipes), say)


def _home(recipe):
    """Where a recipe's exports lie: by the checksum of its weights and the release that wrote them."""
    return cache() / "zoo" / __version__ / weights.card(recipe).sha256[:16] / recipe.replace("/", "_")


def _missing(recipes):
    return [recipe for recipe in recipes if not _whole(_home(recipe))]


def _whole(home):
    """Whether the newest version in a model's directory is as it was exported."""
    try:
        version = versions.find(home)
        return not manifest.damage(version, manifest.read(version)["files"])
    except (InputError, OSError):
        return False


def _export(recipes, say, following=0):
    from ..pipeline import export

    for count, recipe in enumerate(recipes, 1):
        home, start, left = _home(recipe), time.perf_counter(), len(recipes) - count + following
        export(weights.load(recipe), home.parent, home.name, new_interface=True)
        say(f"{home.name}: exported in {time.perf_counter() - start:.1f} s{f', {left} to go' if left else ''}")


@contextlib.contextmanager
def _exported_meanwhile(recipes):
    """Has another process export them; it ends with this one."""
    if not recipes:
        yield
        return
    command = [sys.executable, "-m", "keraszoo", "serve", "--zoo", *recipes, "--prepare"]
    environment = {**os.environ, **environment_of_child()}
    process = subprocess.Popen(command, env=environment, start_new_session=True)  # Ctrl-C is for the server
    try:
        yield
    finally:
        process.terminate()
        process.wait()

"""The zoo's own datasets, which need no download, and the directory in which they are prepared."""

import contextlib
import io
import os
import sys

import tensorflow as tf

from ...core.errors import InputError
from ...system.failures import reason
from ...system.locks import lock
from ...system.places import cache
from .cell_kinds import CellKinds
from .cells import Cells
from .digits import Digits
from .photographs import Photographs
from .photos import Photos
from .points import Points
from .shapes import Shapes

# A further offline dataset is a tfds builder in a file of its own and an entry here.
BUILDERS = {builder.name: builder for builder in (Digits, Cells, CellKinds, Photographs, Photos, Points, Shapes)}


def cache_dir():
    """Where datasets are prepared: KERASZOO_CACHE, else XDG_CACHE_HOME/keraszoo, else ~/.cache/keraszoo."""
    return cache() / "tensorflow_datasets"


def prepared(name, data_dir, **arguments):
    """The builder of the offline dataset `name`, prepared: in `data_dir` if it is there, else in
    `cache_dir()`.

    Args:
        name: a key of `BUILDERS`.
        data_dir: directory in which to look first; nothing is written there.
        **arguments: the builder's `config` and `version`.

    Raises:
        InputError: the cache directory cannot be written.
    """
    builder_class = BUILDERS[name]
    # tfds leaves an empty folder among the temporary ones for each builder whose data are not there
    if tf.io.gfile.exists(os.path.join(data_dir, name)):
        builder = builder_class(data_dir=data_dir, **arguments)
        if _is_prepared(builder):
            return builder
    there = cache_dir()
    builder = builder_class(data_dir=there, **arguments)
    if _is_prepared(builder):
        return builder
    print(f"Preparing the dataset {name} in {there} (once).", file=sys.stderr)
    try:
        with _alone(there / name):
            builder = builder_class(data_dir=there, **arguments)
            if not _is_prepared(builder):  # by another process, which was faster
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    builder.download_and_prepare()
    except (OSError, RuntimeError, tf.errors.OpError) as error:
        raise InputError(
            f"Cannot prepare the dataset {name}: writing to the cache directory {there} failed ({reason(error)}). "
            "Set KERASZOO_CACHE to a directory that can be written."
        ) from error
    return builder


@contextlib.contextmanager
def _alone(folder):
    """Inside, no other process prepares a dataset in the folder: tfds would remove what the other one is writing."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = lock(folder, wait=True)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _is_prepared(builder):
    return builder.data_path.exists() and builder.is_prepared()

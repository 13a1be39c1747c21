"""A `.keras` file in half the bytes: its weights as float16, which Keras reads back into float32."""

import pathlib
import tempfile
import zipfile

import h5py
import numpy as np

WEIGHTS = "model.weights.h5"


def halved(source, target):
    """Writes the `.keras` file `source` to `target`, its arrays of float32 as float16, compressed.

    Single numbers, such as a threshold, and arrays that float16 cannot hold stay as they are.

    Example:
        >>> import keras, os, tempfile
        >>> folder = tempfile.mkdtemp()
        >>> paths = [os.path.join(folder, name) for name in ("whole.keras", "half.keras")]
        >>> model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(256)])
        >>> model.save(paths[0])
        >>> halved(*paths)
        >>> os.path.getsize(paths[1]) < 0.6 * os.path.getsize(paths[0])
        True
        >>> again = keras.saving.load_model(paths[1])
        >>> bool(np.abs(again.get_weights()[0] - model.get_weights()[0]).max() < 1e-3)
        True
    """
    _rewritten(source, target, _half)


def compressed(source, target):
    """The same with every number as it is."""
    _rewritten(source, target, lambda array: array)


def _rewritten(source, target, change):
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name in archive.namelist():
            content = archive.read(name)
            written.writestr(name, _rewritten_h5(content, change) if name == WEIGHTS else content)


def _rewritten_h5(content, change):
    with tempfile.TemporaryDirectory() as folder:
        before, after = pathlib.Path(folder, "before.h5"), pathlib.Path(folder, "after.h5")
        before.write_bytes(content)
        with h5py.File(before) as old, h5py.File(after, "w") as new:
            new.attrs.update(old.attrs)
            old.visititems(lambda name, item: _copy(name, item, new, change))
        return after.read_bytes()


def _copy(name, item, new, change):
    if isinstance(item, h5py.Group):
        copied = new.require_group(name)
    else:
        array = change(item[()])
        options = {"compression": "gzip", "compression_opts": 9, "shuffle": True} if np.size(array) > 64 else {}
        copied = new.create_dataset(name, data=array, **options)
    copied.attrs.update(item.attrs)


def _half(array):
    array = np.asarray(array)
    if array.dtype != np.float32 or array.ndim == 0 or not (np.abs(array) <= np.finfo(np.float16).max).all():
        return array
    return array.astype(np.float16)

"""A full disk, and archives that unpack to more than the memory: one line, and nothing half-written."""

import contextlib
import re
import resource
import shutil
import types

import numpy as np
import psutil
import pytest
from commands import files, refused

from keraszoo.__main__ import main
from keraszoo.runs.drafts import PREFIX


@contextlib.contextmanager
def disk_of(size):
    """No file becomes larger than this; Python ignores the signal that says so, and the write fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "{run}", "--to", "{out}/served"),
        ("sample", "{run}", "--count", "1000", "--out", "{out}/x.npy"),
        ("sample", "{run}", "--count", "1000", "--out", "{out}/x.png"),
    ],
    ids=lambda arguments: " ".join(arguments[:1] + arguments[-1:]),
)
@pytest.mark.by_default("sample {out}/x.png")
def test_a_full_disk_leaves_nothing_half_written(finished, tmp_path, capsys, arguments):
    shutil.copytree(finished.path, tmp_path / "run")
    before = files(tmp_path)
    filled = [argument.format(run=tmp_path / "run", out=tmp_path) for argument in arguments]
    with disk_of(10_000):
        line = refused(capsys, *filled)
    assert re.search("file too large|not enough free space|requested and .* written", line.lower()), line
    assert files(tmp_path) == before and not list(tmp_path.rglob(f"{PREFIX}*"))
    assert main(filled) == 0


def test_an_archive_larger_than_the_memory_is_refused_before_it_is_unpacked(finished, tmp_path, capsys, monkeypatch):
    np.savez_compressed(tmp_path / "zeros.npz", image=np.zeros([1000, 8, 8], "uint8"))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: types.SimpleNamespace(available=1000))
    train_on = ("train", "vae/digits", "--dataset", tmp_path / "zeros.npz", "--run", tmp_path / "run")
    for arguments in (train_on, ("evaluate", finished.path), ("sample", finished.path, "--out", tmp_path / "x.png")):
        assert "more than the memory that is free" in refused(capsys, *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["zeros.npz"]

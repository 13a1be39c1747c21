"""Drafts: whole or not at all, and nothing of the dead is left."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from keraszoo.runs.drafts import PREFIX, draft_in, remove_dead, write_whole

MAKER = """
import sys, time
from keraszoo.runs.drafts import draft_in
with draft_in(sys.argv[1]) as draft:
    (draft / "half").write_text("half")
    print(draft, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def maker(tmp_path):
    """A process that is writing a draft in `tmp_path`, and that draft."""
    process = subprocess.Popen([sys.executable, "-c", MAKER, tmp_path], stdout=subprocess.PIPE, text=True)
    draft = pathlib.Path(process.stdout.readline().strip())
    yield process, draft
    process.kill()
    process.wait()
    process.stdout.close()


def drafts(folder):
    return [path for path in folder.iterdir() if path.name.startswith(PREFIX)]


@pytest.mark.parametrize("content", ["text", b"bytes", lambda path: path.write_text("written")])
def test_a_file_is_there_whole(tmp_path, content):
    for _ in range(2):  # the second replaces the first
        write_whole(tmp_path / "file.txt", content)
        assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]
        assert (tmp_path / "file.txt").read_text() in ("text", "bytes", "written")


def test_a_folder_takes_the_place_of_another(tmp_path):
    for name in ("one", "two"):

        def fill(folder, name=name):
            folder.mkdir()
            (folder / name).touch()

        write_whole(tmp_path / "folder", fill)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["two"]
    assert drafts(tmp_path) == []


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, ValueError])
def test_what_fails_leaves_what_was_there(tmp_path, error):
    write_whole(tmp_path / "file.txt", "before")

    def fail(path):
        path.write_text("half")
        raise error

    with pytest.raises(error):
        write_whole(tmp_path / "file.txt", fail)
    assert (tmp_path / "file.txt").read_text() == "before" and drafts(tmp_path) == []


def test_a_draft_stays_while_its_maker_lives_and_goes_with_the_next_one(tmp_path, maker):
    process, draft = maker
    write_whole(tmp_path / "file.txt", "mine")
    remove_dead(tmp_path)
    assert (draft / "half").read_text() == "half"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert draft.exists()
    write_whole(tmp_path / "file.txt", "mine")
    assert not draft.exists()


def test_a_maker_whose_draft_was_taken_for_dead_makes_another(tmp_path, monkeypatch):
    """Between making the folder and locking it, somebody else may come by."""
    from keraszoo.runs import drafts as module

    original, met = module.lock, []

    def late(path, wait=False):
        if wait and not met:
            met.append(path)
            remove_dead(tmp_path)
        return original(path, wait)

    monkeypatch.setattr(module, "lock", late)
    with draft_in(tmp_path) as draft:
        assert draft.exists() and draft != met[0] and not met[0].exists()
    assert drafts(tmp_path) == []


def test_what_is_no_draft_is_left(tmp_path):
    (tmp_path / ".tmp-other").mkdir()
    (tmp_path / "file").touch()
    remove_dead(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tmp-other", "file"]

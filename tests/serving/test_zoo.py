"""Trained weights served at once: each exported a single time, and never another one's export in its place."""

import contextlib
import json
import shutil
import sys
from pathlib import Path

import pytest
import runner
from conftest import Server
from waiting import eventually

from keraszoo import weights
from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.export.outside import examination
from keraszoo.export.published import versions
from keraszoo.export.server import zoo
from keraszoo.weights.card import sha256

NAME, SERVED = "classifier/digits", "classifier_digits"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache of its own, and a copy of one trained classifier as all the weights that there are."""
    monkeypatch.setenv("KERASZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERASZOO_WEIGHTS", str(tmp_path / "own"))
    (tmp_path / "own" / "classifier").mkdir(parents=True)
    for suffix in (".keras", ".json"):
        shutil.copy(weights.FOLDER / f"{NAME}{suffix}", tmp_path / "own" / "classifier")
    monkeypatch.setattr(weights, "FOLDER", tmp_path / "none")
    monkeypatch.setattr(examination, "examine", lambda directory: [])  # the doctor has tests of its own
    return tmp_path


def serve(said):
    with zoo.served((NAME,), said.append) as root:
        assert [path.name for path in Path(root).iterdir()] == [SERVED]
        return versions.find(Path(root, SERVED)).resolve()


def test_an_export_is_kept_until_it_is_damaged_or_the_weights_are_others(home):
    first = serve(said := [])
    assert len(said) == 1 and said[0].startswith(f"{SERVED}: exported in ")
    assert serve(said) == first and len(said) == 1

    with open(first / "saved_model.pb", "ab") as file:
        file.write(b"damage")
    mended = serve(said)
    assert mended != first and mended.parent == first.parent and len(said) == 2

    card = home / "own" / f"{NAME}.json"
    values = json.loads(card.read_text())
    file = card.with_suffix(".keras")
    file.write_bytes(file.read_bytes() + b"\0")  # a zip file may be followed by anything
    card.write_text(json.dumps({**values, "bytes": file.stat().st_size, "sha256": sha256(file)}))
    assert serve(said).parent != first.parent and len(said) == 3


def test_what_was_never_served_before_follows_from_another_process(home, monkeypatch):
    (home / "own" / "vae").mkdir()
    library = Path(weights.__file__).parent
    for suffix in (".keras", ".json"):
        shutil.copy(library / f"vae/digits{suffix}", home / "own" / "vae")
    followers = []
    monkeypatch.setattr(zoo, "_exported_meanwhile", lambda recipes: contextlib.nullcontext(followers.append(recipes)))
    with zoo.served((NAME, "vae/digits"), (said := []).append) as root:
        assert len(said) == 1 and said[0].endswith(", 1 to go") and followers == [["vae/digits"]]
        assert not Path(root, "vae_digits").exists()
        assert main(["serve", "--zoo", "vae/digits", "--prepare"]) == 0
        assert versions.numbers(Path(root, "vae_digits")) == [1]  # which the server, looking every second, finds
    with zoo.served((NAME, "vae/digits"), said.append, whole=True):
        assert len(said) == 1 and followers == [["vae/digits"], []]


def test_another_release_exports_anew(home, monkeypatch):
    first = serve(said := [])
    monkeypatch.setattr(zoo, "__version__", "99.0")
    assert serve(said) != first and len(said) == 2


def test_recipes_are_those_named_a_few_or_all(home, monkeypatch):
    assert zoo.chosen([]) == zoo.chosen(["all"]) == zoo.chosen([NAME, NAME]) == (NAME,)
    monkeypatch.undo()
    assert set(zoo.chosen([])) == set(zoo.CHOSEN) <= set(weights.of_the_library())
    with pytest.raises(InputError, match="Make them: `keraszoo weights make unet/pets`"):
        zoo.chosen(["vae/digits", "unet/pets"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Serve a DIR of exported models, or --zoo, the trained weights. Received: neither."),
        (["served", "--zoo"], "Received: served and --zoo."),
        (["served", "--prepare"], "--prepare exports trained weights, with --zoo."),
        (["--zoo", "vae/digit"], "There are no trained weights of that name. Received: 'vae/digit'."),
    ],
)
def test_mistakes_are_one_line(words, said, capsys):
    assert main(["serve", *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_without_weights_it_tells_how_to_make_some(home, capsys):
    shutil.rmtree(home / "own")
    assert main(["serve", "--zoo"]) == 2
    assert "Make some: `keraszoo weights make vae/digits`." in capsys.readouterr().err
    assert not (home / "cache").exists()


@pytest.mark.slow
def test_all_of_them_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASZOO_CACHE", str(tmp_path))
    ports = ["--rest-port", "0", "--grpc-port", "0"]
    program = [sys.executable, "-m", "keraszoo", "serve", "--zoo", "all", "--backend", "embedded", *ports]
    server = Server(program, tmp_path)
    there = {name.replace("/", "_") for name in weights.names()}
    try:
        server.wait()
        assert eventually(lambda: models_of(server), lambda models: set(models) == there, seconds=600)
    finally:
        server.stop()


def models_of(server):
    return json.loads(runner.send(server.rest, "GET", "/health")[2])["models"]

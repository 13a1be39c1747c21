"""Trained weights: what comes with the library is what its cards tell, and more can be made."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keraszoo
from keraszoo import models, recipes, weights
from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.models import VAE, Classifier, GaussianMixture
from keraszoo.weights.card import Card
from keraszoo.weights.half import halved


@pytest.mark.shows("trained weights")
@pytest.mark.parametrize("name", weights.of_the_library())
def test_a_card_tells_of_its_file_and_of_what_its_recipe_reaches(name):
    card, recipe = weights.card(name), recipes.get(name)
    card.check(weights.path(name))
    assert (card.recipe, card.model, card.data) == (name, recipe.model, recipe.data.name)
    assert card.licence and card.parameters > 0 and card.dtype in ("float16", "float32")
    assert {metric: tuple(pair) for metric, pair in card.expected.items()} == recipe.expected
    for metric, (value, spread) in recipe.expected.items():
        if metric in card.measures:
            assert card.measures[metric] == pytest.approx(value, abs=spread), metric


def test_those_of_the_library_are_small():
    sizes = [weights.card(name).bytes for name in weights.of_the_library()]
    assert max(sizes) <= 2e6 and sum(sizes) <= 25e6


@pytest.mark.parametrize("name", weights.of_the_library())
@pytest.mark.by_default("vae/digits", "nsf/moons")
def test_those_of_the_library_answer(name):
    """Each signature that the model serves, its main ability first, in finite numbers of as many rows."""
    model, recipe = keraszoo.load(name), recipes.get(name)
    assert type(model) is getattr(models, recipe.model) and model.count_params() == weights.card(name).parameters
    random = np.random.default_rng(0)
    for method, declarations in model.serving_signatures().values():
        answers = method(*(tf.constant(each.random(3, random), each.spec().dtype) for each in declarations))
        for answer in answers.values():
            assert answer.shape[0] == 3
            if answer.dtype.is_floating:
                assert np.isfinite(answer).all()


@pytest.mark.slow
def test_those_of_the_library_reproduce_their_measures_in_a_new_process():
    command = [sys.executable, "-m", "keraszoo", "weights", "verify", "--measure"]
    told = subprocess.run([*command, *weights.of_the_library()], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("measures as on the card") == len(weights.of_the_library())


def test_loading_by_recipe_and_by_class_is_one():
    one, other = keraszoo.load("classifier/digits"), Classifier.from_preset("digits")
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("load", "said"),
    [
        (lambda: keraszoo.load("vae/mnis"), "no trained weights of that name. Received: 'vae/mnis'"),
        (lambda: keraszoo.load("unet/folder"), "Make them: `keraszoo weights make unet/folder`"),
        (lambda: VAE.from_preset("moons"), "A preset is the name of a recipe of the class. Received: 'moons'"),
    ],
)
def test_names_that_are_not_there_are_one_line(load, said):
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        load()


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The folder of weights that were made here, with those of a classifier."""
    monkeypatch.setenv("KERASZOO_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(weights, "FOLDER", tmp_path / "none")
    (tmp_path / "classifier").mkdir()
    for suffix in (".keras", ".json"):
        source = weights.pathlib.Path(weights.__file__).parent / f"classifier/digits{suffix}"
        shutil.copy(source, tmp_path / "classifier")
    return tmp_path


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_a_changed_byte_is_refused_before_it_is_read(own, where, capsys):
    file = own / "classifier/digits.keras"
    content = bytearray(file.read_bytes())
    content[int(where * len(content))] ^= 1
    file.write_bytes(content)
    assert main(["weights", "verify"]) == 2
    error = capsys.readouterr().err
    assert "another checksum" in error and error.count("\n") == 1
    with pytest.raises(InputError, match="another checksum"):
        keraszoo.load("classifier/digits")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"recipe": 3}'])
def test_a_damaged_card_is_one_line(own, text, capsys):
    (own / "classifier/digits.json").write_text(text)
    for words in (["list"], ["show", "classifier/digits"], ["verify"]):
        assert main(["weights", *words]) == 2
        error = capsys.readouterr().err
        assert "card of trained weights cannot be read" in error and error.count("\n") == 1


def test_measures_are_compared_with_the_card(own, capsys):
    assert main(["weights", "verify", "--measure"]) == 0
    assert "measures as on the card" in capsys.readouterr().out
    path = own / "classifier/digits.json"
    values = json.loads(path.read_text())
    values["measures"]["test/accuracy"] -= 0.2
    path.write_text(json.dumps(values))
    assert main(["weights", "verify", "--measure"]) == 1
    assert "test/accuracy" in capsys.readouterr().out


@pytest.mark.slow
def test_weights_are_made_listed_and_loaded(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KERASZOO_WEIGHTS", str(tmp_path))
    words = ["weights", "make", "histogram/checkerboard", "gaussian_mixture/gaussians8"]
    assert main(words) == 0
    assert {"histogram/checkerboard", "gaussian_mixture/gaussians8"} <= {*weights.names()}
    made = weights.path("gaussian_mixture/gaussians8", tmp_path).stat().st_mtime_ns
    assert main([*words, "--missing"]) == 0 and capsys.readouterr().out.count(": there, ") == 2
    assert weights.path("gaussian_mixture/gaussians8", tmp_path).stat().st_mtime_ns == made
    model, card = GaussianMixture.from_preset("gaussians8"), weights.card("gaussian_mixture/gaussians8")
    for metric, (value, spread) in recipes.get("gaussian_mixture/gaussians8").expected.items():
        assert card.measures[metric] == pytest.approx(value, abs=spread)
    assert np.isfinite(model.log_prob(np.zeros([1, 2], "float32"))).all()
    capsys.readouterr()
    assert main(["weights", "list"]) == 0 and "gaussian_mixture/gaussians8" in capsys.readouterr().out
    assert main(["weights", "show", "gaussian_mixture/gaussians8"]) == 0
    assert "drawn by KerasZoo" in capsys.readouterr().out


@pytest.mark.slow
def test_weights_are_those_of_a_run_of_the_recipe_alone(tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", "gaussian_mixture/gaussians8", "--set", "components=3", "--run", str(run)]) == 0
    capsys.readouterr()
    words = ["weights", "make", "gaussian_mixture/gaussians8", "--run", str(run), "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "with nothing changed" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_half_the_bytes_keep_eleven_bits(tmp_path):
    keras.utils.set_random_seed(0)
    model = VAE((8, 8, 1), latent_dim=2, hidden=(16,))
    model.save(tmp_path / "whole.keras")
    halved(tmp_path / "whole.keras", tmp_path / "half.keras")
    again = keras.saving.load_model(tmp_path / "half.keras")
    for before, after in zip(model.get_weights(), again.get_weights(), strict=True):
        assert after.dtype == before.dtype
        np.testing.assert_allclose(after, before, rtol=2**-11, atol=2**-25)


def test_a_card_is_written_as_it_is_read(tmp_path):
    card = weights.card("classifier/digits")
    (tmp_path / "card.json").write_text(card.to_json())
    assert Card.read(tmp_path / "card.json") == card

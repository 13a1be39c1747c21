"""What the verbs refuse of a VAE: one clear line, exit code 2, and nothing written."""

import numpy as np
import pytest

from keraszoo.__main__ import main
from keraszoo.data import load
from keraszoo.recipes import get
from keraszoo.runs.run import Run


@pytest.fixture
def refused(capsys):
    load("digits")  # says once that it is being prepared
    capsys.readouterr()

    def line_of(*arguments):
        assert main([str(argument) for argument in arguments]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1, error
        return error

    return line_of


@pytest.fixture
def table(tmp_path):
    """A folder of examples of two features, from -1 to 3, without labels."""
    folder = tmp_path / "table"
    folder.mkdir()
    for split in ("train", "test"):
        np.save(folder / f"{split}.npy", np.linspace([-1.0, 0.0], [3.0, 1.0], 40, dtype="float32"))
    return folder


@pytest.mark.parametrize(
    ("recipe", "setting", "message"),
    [
        ("flow_vae/digits", "prior=real_nvp", "Unknown prior. Received: 'real_nvp'. Closest: realnvp"),
        ("flow_vae/digits", "posterior=ifa", "Unknown posterior. Received: 'ifa'. Closest: iaf"),
        ("vae/digits", "likelihood=gausian", "Unknown likelihood. Received: 'gausian'. Closest: gaussian"),
        ("vae/digits", "likelihood={'name': 'gaussian', 'sd': 2}", "are: scale. Received"),
        ("vae/digits", "likelihood={'name': 'discretized_logistic', 'levels': 0}", "Received: levels=0"),
        ("conditional_vae/digits", "num_classes=5", "Labels are from 0 to 4. Received: from 0 to 9"),
        ("vamp/digits", "prior_components=0", "prior_components"),
    ],
)
@pytest.mark.by_default(every=3)
def test_impossible_settings(refused, tmp_path, recipe, setting, message):
    assert message in refused("train", recipe, "--run", tmp_path / "run", "--set", setting)
    assert not (tmp_path / "run").exists()


def test_labels_that_the_data_have_not(refused, tmp_path, table):
    options = ("--dataset", table, "--run", tmp_path / "run", "--set", "likelihood=gaussian")
    assert "has no labels. Its features: x" in refused("train", "conditional_vae/digits", *options)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli", "discretized_logistic"])
def test_data_outside_the_likelihoods_range(refused, tmp_path, table, likelihood):
    options = ("--dataset", table, "--run", tmp_path / "run", "--set", f"likelihood={likelihood}")
    line = refused("train", "vae/digits", *options)
    assert "takes values from 0 to 1" in line and "from -1 to 3" in line and "gaussian takes any real number" in line
    assert not (tmp_path / "run").exists()


def test_factors_that_the_data_have_not(refused, tmp_path):
    Run.create(tmp_path / "run", get("vae/digits"))
    assert "whose factors are known. Received: a run on digits" in refused("disentanglement", tmp_path / "run")

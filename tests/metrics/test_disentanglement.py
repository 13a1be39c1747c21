"""Measures of disentanglement: published protocols' values for four codes, analytic cases, invariances; the verb."""

import functools
import re

import numpy as np
import pytest

from keraszoo import recipes
from keraszoo.__main__ import main
from keraszoo.analysis import latent_codes
from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.data.datasets import offline
from keraszoo.data.datasets.factors import factor_values
from keraszoo.data.datasets.sprites import SIZES
from keraszoo.metrics import (
    dci_scores,
    disentanglement_scores,
    explicitness_score,
    factor_vae_score,
    higgins_score,
    modularity_score,
    mutual_information,
    mutual_information_gap,
    sap_score,
)
from keraszoo.metrics.disentanglement.dci import TREES, certainty
from keraszoo.metrics.disentanglement.information import factor_entropies
from keraszoo.metrics.disentanglement.table import distinct_rows, rows_sharing, train_and_test_rows
from keraszoo.recipes import Data
from keraszoo.runs.run import Run
from keraszoo.training import disentanglement, train

DSPRITES = (3, 6, 40, 32, 32)
SMALL = (4, 5, 10)


def grid(sizes):
    """Every combination of factors of these sizes: [n, factors]."""
    return np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)


def four_codes(sizes):
    """The factors, from 0 to 1; a rotation of them, standardised; noise; the factors twice."""
    factors = grid(sizes) / (np.array(sizes) - 1)
    standardised = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=[len(sizes)] * 2))
    noise = np.random.default_rng(0).normal(size=factors.shape)
    return {"factors": factors, "rotated": standardised @ rotation, "noise": noise, "twice": np.tile(factors, 2)}


# MIG, FactorVAE, Higgins, SAP, DCI disentanglement. Noise is told from noise by chance, 1/5. Of the factors, once or
# twice, each unit matters for one.
ORACLE = {
    "factors": (0.896, 1.0, 1.0, 0.173, 1.0),
    "rotated": (0.085, 0.923, 0.948, 0.036, 0.062),
    "noise": (0.0, 0.2, 0.195, 0.003, 0.0),
    "twice": (0.0, 1.0, 1.0, 0.0, 1.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ORACLE)
def test_four_codes_of_the_dsprites_grid_have_the_known_scores(name):
    factors, code = grid(DSPRITES), four_codes(DSPRITES)[name]
    found = (
        mutual_information_gap(code, factors),
        factor_vae_score(code, factors),
        higgins_score(code, factors),
        sap_score(code, factors),
        dci_scores(code, factors).disentanglement,
    )
    print(name, np.round(found, 3))
    np.testing.assert_allclose(found, ORACLE[name], atol=0.02)


# ---------------------------------------------------------------------- a small grid, whose values follow


def test_the_factors_themselves_score_highest():
    factors = grid(SMALL)
    code = four_codes(SMALL)["factors"]
    assert mutual_information_gap(code, factors) == pytest.approx(1.0)
    assert modularity_score(code, factors) == pytest.approx(1.0)
    assert factor_vae_score(code, factors) == higgins_score(code, factors) == 1.0
    assert explicitness_score(code, factors) > 0.95


@pytest.mark.parametrize("trees", TREES)
@pytest.mark.parametrize("sizes", [SMALL, (4, 6, 6)])
def test_trees_give_each_factor_to_its_own_unit(sizes, trees):
    assert min(dci_scores(four_codes(sizes)["factors"], grid(sizes), trees=trees)) >= 0.99


def test_factors_twice_are_modular_but_not_complete():
    factors = grid(SMALL)
    code = four_codes(SMALL)["twice"]
    assert mutual_information_gap(code, factors) == pytest.approx(0.0)
    assert sap_score(code, factors) == pytest.approx(0.0)
    assert modularity_score(code, factors) == pytest.approx(1.0)
    assert factor_vae_score(code, factors) == higgins_score(code, factors) == 1.0
    found = dci_scores(code, factors, trees="boosting")
    assert found.disentanglement > 0.95
    assert found.completeness == pytest.approx(1 - np.log(2) / np.log(6), abs=0.05)
    halved = certainty(np.tile(np.eye(3), 2))  # each factor by two of six units
    assert halved == pytest.approx(1 - np.log(2) / np.log(6))
    assert certainty(np.tile(np.eye(3), 2).T) == pytest.approx(1.0)


def test_noise_scores_as_chance_does():
    factors = grid((10, 10, 10))
    noise = np.random.default_rng(0).normal(size=[1000, 4])
    assert mutual_information_gap(noise, factors) < 0.03
    assert higgins_score(noise, factors) == pytest.approx(1 / 3, abs=0.1)  # the same thousand rows again and again
    assert factor_vae_score(noise, factors) == pytest.approx(1 / 3, abs=0.1)
    assert explicitness_score(noise, factors) == pytest.approx(0.5, abs=0.05)
    assert dci_scores(noise, factors).informativeness == pytest.approx(0.1, abs=0.05)


def test_two_factors_in_one_unit_are_known_half():
    factors = grid((4, 4))
    mixed = (4.0 * factors[:, 0] + factors[:, 1])[:, None]  # every example has its own value
    np.testing.assert_allclose(mutual_information(mixed, factors, bins=16), np.full([1, 2], np.log(4)))
    assert modularity_score(mixed, factors, bins=16) == pytest.approx(0.0)  # it knows both alike
    assert mutual_information_gap(mixed, factors, bins=16) == pytest.approx(1.0)  # and no other unit does
    coarse = mutual_information(mixed, factors, bins=4)  # the bins are the values of the first
    np.testing.assert_allclose(coarse, [[np.log(4), 0.0]], atol=1e-12)


def test_twenty_bins_keep_what_they_can():
    factors = grid((40, 32))
    information = np.diag(mutual_information(factors.astype(float), factors))
    pairs = 12 * 2 / 32  # of 32 values in 20 bins, 12 bins have two
    np.testing.assert_allclose(information, [np.log(20), np.log(32) - pairs * np.log(2)])
    np.testing.assert_allclose(factor_entropies(factors), [np.log(40), np.log(32)])


@pytest.mark.parametrize(
    "score", [mutual_information_gap, modularity_score, factor_vae_score, higgins_score, explicitness_score]
)
def test_scale_sign_and_order_of_the_units_do_not_matter(score):
    if score is factor_vae_score:
        score = functools.partial(score, least_deviation=0.0)
    factors = grid(SMALL)
    code = four_codes(SMALL)["rotated"] + 0.1 * np.random.default_rng(2).normal(size=[200, 3])
    changed = code[:, [2, 0, 1]] * np.array([1024.0, -1 / 32, 4.0])  # powers of two round alike
    assert score(changed, factors) == pytest.approx(score(code, factors), abs=0.01)


def test_rotating_lowers_what_looks_at_units_alone():
    factors = grid(SMALL)
    codes = four_codes(SMALL)
    for score in (mutual_information_gap, modularity_score, sap_score, lambda *table: dci_scores(*table)[0]):
        assert score(codes["rotated"], factors) < score(codes["factors"], factors) - 0.05
    assert explicitness_score(codes["rotated"], factors) == pytest.approx(
        explicitness_score(codes["factors"], factors), abs=0.02
    )


def test_units_that_never_change_count_for_nothing():
    factors = grid(SMALL)
    code = np.concatenate([four_codes(SMALL)["factors"], np.full([200, 2], 7.0)], axis=1)
    assert factor_vae_score(code, factors) == higgins_score(code, factors) == 1.0
    assert mutual_information_gap(code, factors) == pytest.approx(1.0)
    assert modularity_score(code, factors) == pytest.approx(3 / 5)
    assert factor_vae_score(code[:, 3:], factors) == 0.0
    assert certainty(np.zeros([2, 3])) == 0.0
    assert certainty(np.array([[1.0, -1e-17]])) == 1.0  # as rounding leaves it


def test_units_that_hardly_change_do_not_vote():
    """Tiny copies of the factors beside a code that mixes them: with their votes the code would be perfect."""
    factors = grid((4, 5, 6))
    codes = four_codes((4, 5, 6))
    mixed = codes["rotated"][:, :2]
    code = np.concatenate([mixed, 1e-3 * codes["factors"]], axis=1)
    assert factor_vae_score(code, factors) == factor_vae_score(mixed, factors) < 0.9
    assert factor_vae_score(code, factors, least_deviation=0.0) == 1.0
    assert factor_vae_score(1e-3 * codes["factors"], factors) == 0.0


@pytest.mark.parametrize("name", ["factors", "rotated", "noise"])
def test_sap_of_a_table_and_of_thirty_copies_of_it_are_equal(name):
    factors, code = grid((4, 6, 6, 4)), four_codes((4, 6, 6, 4))[name]
    copies = [np.tile(part, (30, 1))[np.random.default_rng(0).permutation(30 * 576)] for part in (code, factors)]
    assert sap_score(*copies) == sap_score(code, factors) > 0


def test_sap_of_two_values_in_four_different_rows():
    """Its own unit tells a factor always, the other one in half of the rows."""
    factors = grid((2, 2, 50))[:, :2]
    assert sap_score(factors.astype(float), factors) == pytest.approx(0.5)


def test_more_rows_do_not_loosen_the_regularisation_of_sap():
    """Thirty copies whose units are off by a millionth, so that all rows are different ones."""
    factors = np.tile(grid((4, 6, 6, 4)), (30, 1))
    code = factors / 5 + 1e-6 * np.random.default_rng(0).normal(size=factors.shape)
    assert sap_score(code, factors) == pytest.approx(sap_score(code[:576], factors[:576]), abs=0.05)


def test_copies_of_some_rows_weigh_as_much_as_they_are_many():
    factors = grid((2, 50))[:, :1]
    code = factors + np.random.default_rng(0).normal(size=[100, 1])
    codes, values, shares = distinct_rows(
        *(np.concatenate([part, np.repeat(part[:5], 3, axis=0)]) for part in (code, factors))
    )
    assert len(codes) == 100 and shares.sum() == pytest.approx(1)
    assert {*codes[shares > 2 / 115, 0]} == {*code[:5, 0]} and values.dtype == factors.dtype


def test_every_draw_shares_its_factor():
    factors = grid(SMALL)[np.random.default_rng(0).permutation(200)[:150]]  # not all combinations
    rows = np.arange(150).repeat(200).reshape(150, 200)
    for factor in factors.T:
        drawn = rows_sharing(factor, rows, np.random.default_rng(1))
        assert (factor[drawn] == factor[rows]).all()
        for row in (0, 77):  # each of its rows is drawn alike
            alike = np.flatnonzero(factor == factor[row])
            counts = np.bincount(drawn[factor == factor[row]].ravel(), minlength=150)[alike]
            assert counts.min() > 0.7 * counts.mean()
    values = grid((2, 2))[:, 0] * 100 - 50  # any integers are values
    assert (values[rows_sharing(values, np.arange(4), np.random.default_rng(0))] == values).all()


@pytest.mark.parametrize("count", [20, 300, 20_000])
def test_test_rows_are_no_training_rows(count):
    train, test = train_and_test_rows(count, 0)
    assert not set(train) & set(test)
    assert (len(train), len(test)) == {20: (14, 6), 300: (200, 100), 20_000: (10_000, 5000)}[count]


def test_same_seed_same_scores():
    factors, code = grid(SMALL), four_codes(SMALL)["rotated"]
    first = disentanglement_scores(code, factors, seed=3)
    assert first == disentanglement_scores(code, factors, seed=3)
    assert all(0 <= value <= 1 for value in first.values())
    assert first["dci_completeness"] == dci_scores(code, factors, seed=3).completeness


@pytest.mark.parametrize(
    ("codes", "factors", "message"),
    [
        (np.zeros([4, 2]), grid((2, 3)), r"a row an example. Received: \[4, 2\] and \[6, 2\]"),
        (np.zeros([6]), grid((2, 3)), r"Received: \[6\] and \[6, 2\]"),
        (np.zeros([6, 2]), grid((2, 3)) / 2, "integers, the number of each value. Received: float64"),
        (np.full([6, 2], np.nan), grid((2, 3)), "must be finite"),
        (np.zeros([6, 2]), grid((6, 1)), "two values or more. Received: factor 1 with one"),
    ],
)
def test_tables_that_cannot_be_are_refused(codes, factors, message):
    with pytest.raises(InputError, match=message):
        disentanglement_scores(codes, factors)


@pytest.mark.parametrize(
    "score", [dci_scores, higgins_score, factor_vae_score, modularity_score, disentanglement_scores]
)
def test_a_single_factor_is_told_apart_from_nothing(score):
    factors = grid(SMALL)
    with pytest.raises(InputError, match="^This measure tells factors apart and needs two or more. Received: one.$"):
        score(factors.astype(float), factors[:, :1])
    for other in (mutual_information_gap, sap_score, explicitness_score):
        assert 0 <= other(factors.astype(float), factors[:, :1]) <= 1


def test_unknown_trees_are_refused():
    with pytest.raises(InputError, match="Unknown trees. Received: 'bosting'. Closest: boosting"):
        dci_scores(np.zeros([6, 2]), grid((2, 3)), trees="bosting")


# ---------------------------------------------------------------------- the verb


@pytest.fixture(scope="module")
def shapes_dir(tmp_path_factory):
    """`data_dir` with a small `shapes/32`."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        for name, size in {"scale": 2, "rotation": 3, "x": 4, "y": 4}.items():
            patch.setitem(SIZES, name, size)
        offline.BUILDERS["shapes"](config="32", data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture(scope="module")
def run(shapes_dir, tmp_path_factory):
    """A VAE of two short epochs on 288 shapes."""
    recipe = recipes.get("vae/digits").replace(
        name="vae/shapes", data=Data("shapes/32"), input_shape=(32, 32, 1), epochs=2
    )
    return train(recipe, tmp_path_factory.mktemp("runs") / "vae", data_dir=shapes_dir, say=lambda line: None)


@pytest.mark.slow
def test_a_run_is_scored_by_the_codes_of_every_example(run, shapes_dir, capsys, monkeypatch):
    capsys.readouterr()
    assert main(["disentanglement", str(run.path), "--data-dir", str(shapes_dir)]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch("measure +value", header)
    source, model = load("shapes/32", data_dir=shapes_dir), run.model()
    codes = np.concatenate([latent_codes(model, source.array(split) / np.float32(255)) for split in source.splits])
    factors = np.concatenate([factor_values(source, split) for split in source.splits])
    assert len(codes) == 288
    scores = disentanglement_scores(codes, factors)
    assert Run.open(run.path).metrics()["disentanglement"] == pytest.approx(scores, abs=0.02)
    assert [line.split()[0] for line in lines] == list(scores)
    assert disentanglement(run, data_dir=shapes_dir) == Run.open(run.path).metrics()["disentanglement"]
    tables = []
    monkeypatch.setattr(
        "keraszoo.training.evaluators.known_factors.disentanglement_scores",
        lambda *table, **options: tables.append(table) or {},
    )
    disentanglement(Run.open(run.path), data_dir=shapes_dir)
    np.testing.assert_allclose(tables[0][0], codes, atol=1e-4)
    np.testing.assert_array_equal(tables[0][1], factors)


@pytest.mark.slow
def test_the_gap_is_told_after_each_epoch(run, shapes_dir):
    history = run.metrics()["history"]
    assert [set(epoch) >= {"val_mig", "val_loss"} for epoch in history] == [True, True]
    source = load("shapes/32", data_dir=shapes_dir)
    codes = latent_codes(run.model(), source.array("test") / np.float32(255))
    assert history[-1]["val_mig"] == pytest.approx(
        mutual_information_gap(codes, factor_values(source, "test")), abs=1e-3
    )


def test_a_run_without_factors_is_one_line(tmp_path, capsys):
    (tmp_path / "recipe.json").write_text(recipes.get("vae/digits").to_json())
    assert main(["disentanglement", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "whose factors are known. Received: a run on digits. Those of shapes/32 and shapes/64 are" in line
    assert main(["disentanglement", str(tmp_path / "nothing")]) == 2


def test_a_model_without_codes_is_one_line(run, shapes_dir, tmp_path, capsys):
    from keraszoo.models import GAN

    (tmp_path / "recipe.json").write_text(run.recipe.to_json())
    Run.open(tmp_path).save_model(GAN((32, 32, 1), hidden=(8,)))
    assert main(["disentanglement", str(tmp_path), "--data-dir", str(shapes_dir)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "needs a model that can encode. Received: GAN" in line

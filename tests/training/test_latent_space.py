"""Traversals, planes, attributes, projections and units of latent space: laws, and the sub-verbs that draw them."""

import re
import sys
import types

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from PIL import Image
from scipy.spatial.distance import pdist
from scipy.stats import norm
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector import ProjectorConfig

from keraszoo.__main__ import main
from keraszoo.analysis import (
    active_units,
    attribute_vector,
    kl_per_unit,
    latent_codes,
    latent_plane,
    project,
    traversal,
)
from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.distributions.normal import StandardUniform
from keraszoo.losses import normal_kl
from keraszoo.models import GAN, VAE, Autoencoder, Classifier, ConditionalGAN, Glow
from keraszoo.runs.run import Run
from keraszoo.training import train
from keraszoo.training.evaluators.latent_panels import encodes
from keraszoo.training.evaluators.pictures import tile
from keraszoo.training.evaluators.projector import write_projector
from keraszoo.training.latent import verbs as latent
from keraszoo.training.latent.scatter import MARGIN, SIDE, scatter

# ---------------------------------------------------------------------- points and units


def test_a_traversal_changes_one_unit_at_a_time():
    point, values = np.arange(5.0), np.linspace(-2, 2, 4)
    points = traversal(point, [3, 0], values)
    assert points.shape == (2, 4, 5)
    for row, unit in enumerate([3, 0]):
        np.testing.assert_array_equal(points[row, :, unit], values)
        np.testing.assert_array_equal(np.delete(points[row], unit, axis=1), np.tile(np.delete(point, unit), (4, 1)))


def test_points_of_a_plane_divide_the_prior_evenly():
    points = latent_plane(4, 10, units=(3, 1))
    shares = norm.cdf(points)
    np.testing.assert_allclose(shares[..., 3], np.tile((np.arange(10) + 0.5) / 10, (10, 1)))  # to the right
    np.testing.assert_allclose(shares[::-1, :, 1], shares[..., 3].T)  # upwards
    assert not points[..., [0, 2]].any()
    uniform = latent_plane(2, 4, prior="uniform")
    np.testing.assert_allclose(uniform[0, :, 0], [-0.75, -0.25, 0.25, 0.75])


def test_kl_of_the_units_sums_to_that_of_the_code():
    means, log_vars = np.random.default_rng(0).normal(size=[2, 50, 6])
    units = kl_per_unit(means, log_vars)
    assert units.sum() == pytest.approx(float(tf.reduce_mean(normal_kl(means, log_vars))), rel=1e-5)
    assert (kl_per_unit(np.zeros([50, 6]), np.zeros([50, 6])) == 0).all()
    assert kl_per_unit(np.full([3, 1], 2.0), np.zeros([3, 1])) == pytest.approx(2.0)


def test_units_are_active_where_their_means_vary():
    random = np.random.default_rng(0)
    means = random.normal(size=[10_000, 3]) * np.sqrt([0.009, 0.011, 1.0]) + [5.0, 0.0, -5.0]
    assert active_units(means).tolist() == [False, True, True]
    assert active_units(means, threshold=0.5).tolist() == [False, False, True]


def test_an_attribute_vector_leads_from_mean_to_mean():
    codes = np.random.default_rng(0).normal(size=[30, 4])
    kinds = np.arange(30) % 3
    np.testing.assert_allclose(
        codes[kinds != 1].mean(0) + attribute_vector(codes, kinds == 1), codes[kinds == 1].mean(0)
    )
    other = attribute_vector(codes, kinds == 1, kinds == 2)
    np.testing.assert_allclose(codes[kinds == 2].mean(0) + other, codes[kinds == 1].mean(0))
    with pytest.raises(InputError, match="and examples without it. Received: 30 and 0 of 30"):
        attribute_vector(codes, kinds >= 0)


# ---------------------------------------------------------------------- projections


def test_pca_of_a_plane_keeps_its_distances():
    random = np.random.default_rng(0)
    plane = np.linalg.qr(random.normal(size=[7, 2]))[0]
    codes = random.normal(size=[40, 2]) @ plane.T + 3.0
    np.testing.assert_allclose(pdist(project(codes)), pdist(codes), rtol=1e-6)
    np.testing.assert_allclose(project(codes[:, :1])[:, 0], codes[:, 0] - codes[:, 0].mean())


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_groups_that_are_apart_stay_apart(method):
    random = np.random.default_rng(0)
    kinds = np.arange(60) % 3
    codes = 8.0 * np.eye(10)[kinds] + 0.1 * random.normal(size=[60, 10])
    points = project(codes, method, seed=1)
    assert points.shape == (60, 2)
    nearest = np.argsort(np.linalg.norm(points[:, None] - points, axis=2), axis=1)[:, 1]
    assert (kinds[nearest] == kinds).all()
    np.testing.assert_array_equal(points, project(codes, method, seed=1))


def test_umap_is_asked_when_it_is_there(monkeypatch):
    class UMAP:
        def __init__(self, n_neighbors, random_state):
            self.settings = n_neighbors, random_state

        def fit_transform(self, codes):
            return np.full([len(codes), 2], sum(self.settings), "float32")

    codes = np.random.default_rng(0).normal(size=[10, 3])
    monkeypatch.setitem(sys.modules, "umap", types.SimpleNamespace(UMAP=UMAP))
    assert (project(codes, "umap", seed=5) == 9 + 5).all()
    monkeypatch.setitem(sys.modules, "umap", None)  # as if it were not installed
    with pytest.raises(InputError, match="pip install umap-learn. Nearest: tsne"):
        project(codes, "umap")


def test_what_cannot_be_projected_is_refused():
    with pytest.raises(InputError, match="Unknown method. Received: 'tnse'. Closest: tsne"):
        project(np.zeros([5, 3]), "tnse")
    with pytest.raises(InputError, match="at least 3 codes. Received: 2"):
        project(np.zeros([2, 3]))
    with pytest.raises(InputError, match="finite"):
        project(np.full([5, 3], np.nan))


def test_a_scatter_shows_each_class_where_its_points_are():
    points = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
    page = scatter(points, [0, 1, 0, 1], ("left", "right"))
    ends = MARGIN, SIDE - MARGIN
    at = [page[ends[1 - (y > 0)], ends[int(x > 0)]].tolist() for x, y in points]
    assert at[0] == at[2] != at[1] == at[3] and [255] * 3 not in at
    assert page.shape[1] > SIDE and (page[:, SIDE:] != 255).any()  # the legend
    plain = scatter(points)
    assert plain.shape == (SIDE, SIDE, 3) and (plain[SIDE // 2, SIDE // 2] == 255).all()
    assert scatter(np.zeros([3, 2])).shape == (SIDE, SIDE, 3)  # no extent


# ---------------------------------------------------------------------- the verb


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A VAE of a few short epochs."""
    return train("vae/digits", tmp_path_factory.mktemp("runs") / "vae", epochs=3, say=lambda line: None)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def test_images():
    return load("digits").array("test") / np.float32(255)


def run_of(model, path, like):
    """A run on the data of another one, which has this model."""
    path.mkdir()
    (path / "recipe.json").write_text(like.recipe.to_json())
    run = Run.open(path)
    run.save_model(model)
    return run


def printed(capsys, *arguments):
    """The lines of a command that succeeds; all fit 80 columns."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80, lines
    return lines


@pytest.mark.slow
def test_units_sum_to_the_kl_of_the_evaluation(run, capsys):
    found = latent.units(run)
    assert sorted(unit.number for unit in found) == list(range(8))
    assert sum(unit.kl for unit in found) == pytest.approx(run.metrics()["test"]["kl"], rel=1e-4)
    assert [unit.kl for unit in found] == sorted((unit.kl for unit in found), reverse=True)
    lines = printed(capsys, "latent", "units", run.path)
    assert len(lines) == 1 + 8 + 1 and lines[1].split()[0] == str(found[0].number)
    assert lines[-1].startswith(f"{sum(unit.active for unit in found)} of 8 units active, KL ")


@pytest.mark.slow
def test_units_of_an_autoencoder_have_no_kl(run, here, capsys):
    plain = run_of(Autoencoder((8, 8, 1), latent_dim=3, hidden=(8,)), here / "plain", run)
    found = latent.units(plain)
    assert [unit.kl for unit in found] == [unit.noise for unit in found] == [None] * 3
    assert [unit.variance for unit in found] == sorted((unit.variance for unit in found), reverse=True)
    assert printed(capsys, "latent", "units", plain.path)[-1].endswith("of 3 units active")


def test_a_traversal_starts_at_the_code_of_an_example(run, here, capsys, test_images):
    lines = printed(
        capsys, "latent", "traverse", run.path, "--out", "a.png", "--units", 5, 2, "--steps", 3, "--example", 7
    )
    assert lines == ["From -3 to 3 in a.png, from the top units", "  5, 2"]
    model = run.model()
    code = latent_codes(model, test_images[7:8])[0]
    points = traversal(code, [5, 2], [-3, 0, 3]).astype("float32")
    images = model.decode(points.reshape(6, 8)).numpy().reshape(2, 3, 8, 8, 1)
    np.testing.assert_array_equal(np.asarray(Image.open("a.png")), tile(images)[..., 0])


def test_units_that_vary_most_come_first(run, here, test_images):
    codes = latent_codes(run.model(), test_images)
    drawn = latent.traverse(run, "a.png", reach=2.0)
    assert drawn.units == np.argsort(-codes.var(axis=0)).tolist()
    assert drawn.values[0] == -2.0 and drawn.page.shape == (8 * 33 - 1, 11 * 33 - 1, 1)


@pytest.mark.parametrize(
    "make", [lambda: GAN((8, 8, 1), latent_dim=20, prior="uniform"), lambda: ConditionalGAN((8, 8, 1))]
)
def test_models_that_do_not_encode_are_traversed_from_a_random_point(run, here, make):
    model = make()
    gan = run_of(model, here / "run", run)
    drawn = latent.traverse(gan, "a.png", steps=3, seed=4)
    assert drawn.units == list(range(16))
    assert drawn.values.tolist() == ([-1, 0, 1] if isinstance(model.prior, StandardUniform) else [-3, 0, 3])
    points = traversal(model.sample_latent(1, seed=4).numpy()[0], [0], drawn.values).astype("float32")
    np.testing.assert_array_equal(drawn.page[:32], tile(model.decode(points[0])[None]))


def test_a_flow_of_images_has_a_latent_space_too(run, here):
    flow = run_of(Glow((8, 8, 1), scales=1, steps=1, filters=4), here / "run", run)
    assert latent.interpolate(flow, "a.png", rows=2, steps=3).shape == (2 * 33 - 1, 3 * 33 - 1, 1)
    assert latent.traverse(flow, "a.png", units=[0, 63], steps=3).page.shape == (2 * 33 - 1, 3 * 33 - 1, 1)


def test_the_manifold_is_the_decoded_plane(run, here, capsys):
    assert printed(capsys, "latent", "manifold", run.path, "--units", 1, 6, "--side", 4, "--out", "a.png") == [
        "Unit 1 to the right and unit 6 upwards in a.png"
    ]
    points = latent_plane(8, 4, (1, 6)).astype("float32")
    images = run.model().decode(points.reshape(16, 8)).numpy().reshape(4, 4, 8, 8, 1)
    np.testing.assert_array_equal(np.asarray(Image.open("a.png")), tile(images)[..., 0])


def test_an_attribute_comes_with_its_vector(run, here, capsys, test_images):
    printed(capsys, "latent", "attribute", run.path, "3", "--against", 8, "--rows", 2, "--steps", 3, "--out", "a.png")
    source, model = load("digits"), run.model()
    codes = latent_codes(model, source.array("train") / np.float32(255))
    labels = source.array("train", "label")
    vector = codes[labels == 3].mean(0) - codes[labels == 8].mean(0)
    np.testing.assert_allclose(latent.attribute(run, "b.png", 3, against="8"), vector, atol=1e-5)
    eights = test_images[source.array("test", "label") == 8][:2]
    starts = latent_codes(model, eights)
    moved = [model.decode((starts + times * vector).astype("float32")) for times in (-1.5, 0, 1.5)]
    page = np.asarray(Image.open("a.png"), int)
    assert abs(page - tile(np.stack([eights, *moved], axis=1))[..., 0]).max() <= 1
    assert not np.allclose(latent.attribute(run, "b.png", 3), vector)  # against all others


def test_operands_can_be_single_examples(run, here, capsys):
    lines = printed(
        capsys, "latent", "arithmetic", run.path, "--plus", "rows:5,9,700", "--minus", 7, "--plus", 1, "--out", "a.png"
    )
    assert lines[1].strip().startswith("+ rows:5,9,700: ")
    codes = latent_codes(run.model(), load("digits").array("train") / np.float32(255))
    labels = load("digits").array("train", "label")
    found = latent.arithmetic(run, "a.png", ["rows:5,9,700", 1], [7])
    means = [codes[[5, 9, 700]].mean(0), codes[labels == 1].mean(0), codes[labels == 7].mean(0)]
    np.testing.assert_allclose(found.means, means, atol=1e-5)
    np.testing.assert_allclose(found.result, means[0] + means[1] - means[2], atol=1e-5)


def test_a_projection_has_the_points_of_the_codes(run, here, capsys, test_images):
    assert printed(capsys, "latent", "project", run.path, "--count", 50, "--out", "a.png") == [
        "50 codes by pca in a.png"
    ]
    codes = latent_codes(run.model(), test_images[:50])
    points = latent.project(run, "b.png", count=50)
    np.testing.assert_allclose(points, project(codes), atol=1e-4)
    labels = load("digits").array("test", "label")[:50]
    drawn = scatter(points, labels, tuple("0123456789"))
    np.testing.assert_array_equal(np.asarray(Image.open("b.png")), drawn)
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()
    latent.project(run, "c.png", "tsne", count=50)


def projected(folder):
    """(tensors, metadata lines, sprite, its config) of a directory, as TensorBoard reads it."""
    config = text_format.Parse((folder / "projector_config.pbtxt").read_text(), ProjectorConfig())
    (embedding,) = config.embeddings
    tensors = np.loadtxt(folder / embedding.tensor_path, delimiter="\t", ndmin=2)
    metadata = (folder / embedding.metadata_path).read_text().splitlines() if embedding.metadata_path else None
    return tensors, metadata, Image.open(folder / embedding.sprite.image_path), embedding.sprite.single_image_dim


def test_the_projector_gets_codes_classes_and_images(run, capsys, test_images):
    assert main(["latent", "embed", str(run.path), "--count", "30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"  tensorboard --logdir {run.logs}"
    tensors, metadata, sprite, size = projected(run.logs / "embedding")
    np.testing.assert_allclose(tensors, latent_codes(run.model(), test_images[:30]), rtol=1e-4, atol=1e-5)
    assert metadata == [str(label) for label in load("digits").array("test", "label")[:30]]
    assert list(size) == [8, 8] and sprite.size == (6 * 8, 6 * 8)
    pixels = np.asarray(sprite.convert("L"), int)
    np.testing.assert_allclose(pixels[8:16, 16:24], 255 * test_images[8, ..., 0], atol=1)  # row 1, column 2 of 6
    assert [path.name for path in (run.logs / "embedding").glob("events*")]


def test_codes_alone_can_be_embedded(tmp_path):
    folder = write_projector(tmp_path / "embedding", np.eye(3))
    assert {path.name.split(".")[0] for path in folder.iterdir()} == {"tensors", "projector_config", "events"}


def test_training_shows_its_latent_space(run):
    logs = EventAccumulator(str(run.logs / "latent")).Reload()
    tags = logs.Tags()["tensors"]
    assert {"latent/active_units", *(f"latent_kl/{unit:02d}" for unit in range(8)), "traversal"} <= set(tags)
    last = {
        tag: float(tf.make_ndarray(logs.Tensors(tag)[-1].tensor_proto)) for tag in tags if tag.startswith("latent_kl")
    }
    assert len(logs.Tensors("latent/active_units")) == 3
    assert sum(last.values()) == pytest.approx(run.metrics()["test"]["kl"], rel=1e-4)
    assert (run.samples / "traversal.png").exists() and (run.logs / "embedding" / "tensors.tsv").exists()


def test_only_vectors_that_come_of_examples_alone_are_shown():
    class Labelled(VAE):
        def encode(self, x, y, training=False):
            return super().encode(x, training)

    class Asking(VAE):
        def encode(self, x, y=None, training=False):
            raise InputError("A conditional model needs labels.")

    class Maps(VAE):
        def encode(self, x, training=False):
            return tf.zeros([len(x), 2, 2, self.latent_dim])

    shown = {
        kind: encodes(kind((8, 8, 1), latent_dim=3), np.zeros([2, 8, 8, 1], "float32"))
        for kind in (VAE, Labelled, Asking, Maps)
    }
    assert shown == {VAE: True, Labelled: False, Asking: False, Maps: False}


@pytest.fixture(scope="module")
def runs(run, tmp_path_factory):
    """Paths of runs, by what they are for."""
    folder = tmp_path_factory.mktemp("others")
    models = {
        "PLAIN": Autoencoder((8, 8, 1), latent_dim=3, hidden=(8,)),
        "CLASSIFIER": Classifier((8, 8, 1), hidden=(8,)),
        "GAN": GAN((8, 8, 1), latent_dim=4, hidden=(8,)),
    }
    return {"VAE": run.path, **{name: run_of(model, folder / name, run).path for name, model in models.items()}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["traverse", "VAE", "--out", "a.gif"], "Pictures are written as .png"),
        (["traverse", "VAE", "--units", "8"], "numbered from 0 to 7. Received: 8"),
        (["traverse", "VAE", "--steps", "1"], "steps must be an integer >= 2"),
        (["traverse", "VAE", "--reach", "0"], "reach is how far .* > 0. Received: 0"),
        (["traverse", "VAE", "--example", "360"], "test are numbered from 0 to 359. Received: 360"),
        (["traverse", "GAN", "--example", "3"], "GAN does not encode examples: leave out --example"),
        (["traverse", "CLASSIFIER"], "Classifier has no latent space"),
        (["manifold", "PLAIN"], "Autoencoder has no latent space from which it decodes samples"),
        (["manifold", "VAE", "--units", "1", "1"], "two different units. Received: \\(1, 1\\)"),
        (["manifold", "VAE", "--units", "1", "9"], "numbered from 0 to 7. Received: 9"),
        (["manifold", "VAE", "--side", "1"], "side must be an integer >= 2"),
        (["attribute", "VAE", "11"], "no such class. Received: '11'"),
        (["attribute", "VAE", "3", "--reach", "-1"], "times the vector .* > 0. Received: -1"),
        (["attribute", "GAN", "3"], "GAN does not encode examples"),
        (["project", "VAE", "--method", "lda"], "Unknown method. Received: 'lda'. Known: pca, tsne, umap"),
        (["project", "VAE", "--split", "tset"], "no split 'tset'. Closest: test"),
        (["project", "VAE", "--count", "2"], "count must be an integer >= 3"),
        (["project", "GAN"], "GAN does not encode examples"),
        (["embed", "GAN"], "GAN does not encode examples"),
        (["units", "GAN"], "GAN does not encode examples"),
        (["units", "nothing"], "There is no run at nothing"),
        (["arithmetic", "VAE", "--plus", "rows:1437"], "training examples, from 0 to 1436. Received: 'rows:1437'"),
        (["arithmetic", "VAE", "--plus", "rows:a,2"], "training examples, from 0 to 1436. Received: 'rows:a,2'"),
        (
            ["arithmetic", "GAN", "--plus", "rows:1", "--features", "CLASSIFIER"],
            "training examples, a model that encodes them, without --features",
        ),
    ],
)
@pytest.mark.by_default(every=2)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(runs, here, capsys, arguments, message):
    assert main(["latent", *(str(runs.get(argument, argument)) for argument in arguments)]) == 2
    _, err = capsys.readouterr()
    (line,) = err.strip().splitlines()
    assert line.startswith("keraszoo latent: ") and re.search(message, line), line
    assert not list(here.iterdir())


@pytest.mark.parametrize("name", ["traverse", "manifold", "attribute", "project", "embed", "units"])
def test_help_fits(capsys, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["latent", name, "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80

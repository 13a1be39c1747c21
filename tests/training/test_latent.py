"""Walks and arithmetic in latent space: laws of the paths and means, and the verb `latent`."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keraszoo.__main__ import main
from keraszoo.analysis import (
    class_exemplars,
    class_means,
    latent_codes,
    latent_walk,
    linear_interpolation,
    spherical_interpolation,
)
from keraszoo.core.errors import InputError
from keraszoo.core.inputs import Input
from keraszoo.data import load
from keraszoo.models import ACGAN, GAN, VAE, AdversarialAutoencoder, Autoencoder, Classifier, ConditionalGAN, InfoGAN
from keraszoo.runs.run import Run
from keraszoo.training import train
from keraszoo.training.evaluators.pictures import tile
from keraszoo.training.latent import verbs as latent

INTERPOLATIONS = [linear_interpolation, spherical_interpolation]
RANDOM = np.random.default_rng(0).standard_normal([2, 6, 16])
DEGENERATE = {
    "parallel": ([1.0, 2.0], [2.0, 4.0]),
    "equal": ([1.0, 2.0], [1.0, 2.0]),
    "opposite": ([1.0, 2.0], [-1.0, -2.0]),
    "nearly opposite": ([1.0, 0.0], [-1.0, 1e-9]),
    "from the origin": ([0.0, 0.0], [3.0, 4.0]),
    "to the origin": ([3.0, 4.0], [0.0, 0.0]),
}

# ---------------------------------------------------------------------- paths


@pytest.mark.parametrize("interpolate", INTERPOLATIONS)
def test_ends_are_exact(interpolate):
    for start, end in [tuple(RANDOM), *DEGENERATE.values()]:
        path = interpolate(start, end, [0.0, 1.0])
        np.testing.assert_array_equal(path, [start, end])
        np.testing.assert_array_equal(interpolate(start, end, 1.0), end)


@pytest.mark.parametrize("interpolate", INTERPOLATIONS)
def test_a_batch_is_interpolated_vector_by_vector(interpolate):
    positions = np.linspace(0, 1, 7)
    path = interpolate(*RANDOM, positions)
    assert path.shape == (7, 6, 16)
    for row in range(6):
        np.testing.assert_allclose(path[:, row], interpolate(RANDOM[0, row], RANDOM[1, row], positions), rtol=1e-12)


def test_on_the_arc_the_norm_stays_and_the_angle_grows_evenly():
    start, end = 3.0 * RANDOM / np.linalg.norm(RANDOM, axis=-1, keepdims=True)
    positions = np.linspace(0, 1, 11)
    path = spherical_interpolation(start, end, positions)
    np.testing.assert_allclose(np.linalg.norm(path, axis=-1), 3.0, rtol=1e-12)
    angles = np.arccos(np.clip((path * start).sum(-1) / 9.0, -1, 1))
    np.testing.assert_allclose(angles, positions[:, None] * angles[-1], atol=1e-7)
    assert (np.linalg.norm(linear_interpolation(start, end, 0.5), axis=-1) < 2.7).all()


def test_arc_of_known_vectors():
    middle = spherical_interpolation([2.0, 0.0], [0.0, 6.0], 1 / 3)  # sines of 60, 30 and 90 degrees
    np.testing.assert_allclose(middle, [2.0 * np.sqrt(3) / 2, 6.0 / 2])


@pytest.mark.parametrize("case", DEGENERATE)
def test_without_a_single_arc_the_straight_line_is_taken(case):
    start, end = DEGENERATE[case]
    positions = np.linspace(0, 1, 5)
    path = spherical_interpolation(start, end, positions)
    np.testing.assert_allclose(path, linear_interpolation(start, end, positions), atol=1e-8)


def test_a_walk_passes_its_anchors_and_closes():
    anchors = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    walk = latent_walk(anchors, 20)
    np.testing.assert_array_equal(walk[::5], anchors)
    np.testing.assert_allclose(np.linalg.norm(walk, axis=1), 1.0)
    steps = np.linalg.norm(np.roll(walk, -1, axis=0) - walk, axis=1)  # from the last to the first, too
    np.testing.assert_allclose(steps, 2 * np.sin(np.pi / 20))


def test_walks_beside_each_other_are_walks():
    anchors = RANDOM.reshape(4, 3, 16)
    for steps in (4, 7, 20):
        walk = latent_walk(anchors, steps)
        assert walk.shape == (steps, 3, 16)
        np.testing.assert_allclose(walk[:, 1], latent_walk(anchors[:, 1], steps))
    straight = latent_walk(anchors, 8, linear_interpolation)
    np.testing.assert_allclose(straight[7], (anchors[3] + anchors[0]) / 2)


# ---------------------------------------------------------------------- means


def test_exemplars_are_those_of_the_class_most_probable_first():
    first = np.array([0.9, 0.4, 0.6, 0.95, 0.6, 0.51])
    probabilities = np.stack([first, 1 - first], axis=1)
    assert class_exemplars(probabilities, 0).tolist() == [3, 0, 2, 4, 5]
    assert class_exemplars(probabilities, 0, count=2).tolist() == [3, 0]
    assert class_exemplars(probabilities, 1, least=1).tolist() == [1]
    latents = np.arange(12.0).reshape(6, 2)
    np.testing.assert_array_equal(class_means(latents, probabilities, [0, 0], 2), [[3.0, 4.0], [3.0, 4.0]])


def test_mean_of_all_that_have_a_label_is_their_mean():
    labels = np.arange(30) % 3
    latents = np.random.default_rng(0).standard_normal([30, 5])
    means = class_means(latents, np.eye(3)[labels], [2, 0], count=None)
    np.testing.assert_allclose(means, [latents[labels == 2].mean(0), latents[labels == 0].mean(0)])


# ---------------------------------------------------------------------- models


@pytest.mark.parametrize(
    ("model", "codes"),
    [
        (lambda: VAE((8, 8, 1), latent_dim=3, hidden=(8,)), 0),
        (lambda: AdversarialAutoencoder((8, 8, 1), latent_dim=3, hidden=(8,)), 0),
        (lambda: GAN((8, 8, 1), latent_dim=3, prior="uniform"), 0),
        (lambda: ConditionalGAN((8, 8, 1), latent_dim=3), 10),
        (lambda: InfoGAN((8, 8, 1), latent_dim=3), 12),
    ],
)
def test_samples_are_decoded_draws(model, codes):
    model = model()
    drawn = model.sample_latent(12, seed=5, temperature=0.7)
    assert drawn.shape == (12, 3 + codes)
    np.testing.assert_array_equal(model.decode(drawn), model.sample(12, seed=5, temperature=0.7))
    np.testing.assert_array_equal(drawn, model.sample_latent(12, seed=5, temperature=0.7))


def test_given_codes_are_in_the_draw():
    labels = [3, 1, 9]
    drawn = ACGAN((8, 8, 1), latent_dim=4).sample_latent(3, seed=0, labels=labels)
    np.testing.assert_array_equal(drawn[:, 4:], np.eye(10)[labels])
    codes = np.random.default_rng(0).random([3, 12], "float32")
    np.testing.assert_array_equal(InfoGAN((8, 8, 1), latent_dim=4).sample_latent(3, codes=codes)[:, 4:], codes)


# ---------------------------------------------------------------------- the verb


@keras.saving.register_keras_serializable("tests")
class Glass(keras.Model):
    """Its latent vectors are its images; the class is the brightest pixel."""

    def __init__(self, image_shape=(2, 2, 1), **kwargs):
        super().__init__(**kwargs)
        self.image_shape, self.latent_dim, self.built = tuple(image_shape), int(np.prod(image_shape)), True
        self.inputs, self.latents = Input(self.image_shape), Input((self.latent_dim,))

    def sample_latent(self, count, seed=None):
        return tf.random.stateless_normal([count, self.latent_dim], [seed, 0])

    def decode(self, z):
        return tf.reshape(z, [-1, *self.image_shape])

    def classify(self, x):
        return tf.nn.softmax(tf.reshape(x, [len(x), -1]))

    def get_config(self):
        return {"image_shape": self.image_shape}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A VAE of a few short epochs."""
    return train("vae/digits", tmp_path_factory.mktemp("runs") / "vae", epochs=3, say=lambda line: None)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


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
def test_walk_is_a_film_of_its_pictures(run, here, capsys):
    assert printed(capsys, "latent", "walk", run.path, "--out", "a.gif", "--steps", 12) == [
        "16 closed walks of 12 steps in a.gif"
    ]
    pages = latent.walk(run, "b.gif", steps=12)
    assert (here / "a.gif").read_bytes() == (here / "b.gif").read_bytes()
    assert pages.shape == (12, 4 * 33 - 1, 4 * 33 - 1, 1)
    with Image.open("a.gif") as film:
        assert film.n_frames == 12 and film.info["loop"] == 0
        for place, page in enumerate(pages):
            film.seek(place)
            np.testing.assert_array_equal(film.convert("L"), page[..., 0])
    samples = run.model().sample(5 * 16, seed=0).numpy()
    np.testing.assert_array_equal(pages[0], tile(samples[:16].reshape(4, 4, 8, 8, 1)))  # the first anchors
    assert not np.array_equal(latent.walk(run, "c.gif", steps=12, seed=1), pages)
    assert not np.array_equal(latent.walk(run, "c.gif", steps=12, linear=True), pages)
    assert latent.walk(run, "c.gif", steps=3, anchors=2, tiles=5).shape == (3, 2 * 33 - 1, 3 * 33 - 1, 1)


@pytest.mark.slow
def test_colours_are_filmed_too(run, here):
    model = run_of(GAN((8, 8, 3), latent_dim=4, hidden=(8,)), here / "run", run)
    pages = latent.walk(model, "a.gif", steps=6, anchors=2, tiles=1)
    with Image.open("a.gif") as film:
        assert film.n_frames == 6
        film.seek(5)
        difference = np.abs(np.asarray(film.convert("RGB"), "float32") - pages[5])
    assert np.ptp(pages[5], axis=-1).max() > 20 and difference.mean() < 8  # 256 colours each


def test_interpolation_leads_from_sample_to_sample(run, here, capsys):
    printed(capsys, "latent", "interpolate", run.path, "--out", "a.png", "--rows", 3, "--steps", 4, "--seed", 2)
    page = np.asarray(Image.open("a.png"))
    model = run.model()
    drawn = model.sample_latent(6, seed=2).numpy()
    path = spherical_interpolation(drawn[:3], drawn[3:], np.linspace(0, 1, 4))
    expected = np.stack([model.decode(point.astype("float32")) for point in path], axis=1)
    np.testing.assert_array_equal(page, tile(expected)[..., 0])
    np.testing.assert_array_equal(expected[:, 0], model.decode(drawn[:3]))


@pytest.mark.parametrize(("prior", "straight"), [("uniform", True), ("normal", False)])
def test_arcs_are_for_normal_priors(run, here, prior, straight):
    gan = run_of(GAN((8, 8, 1), latent_dim=4, prior=prior), here / "run", run)
    assert np.array_equal(latent.interpolate(gan, "a.png"), latent.interpolate(gan, "a.png", linear=True)) == straight


def test_a_conditional_model_keeps_the_class_of_a_row(run, here):
    model = ConditionalGAN((8, 8, 1), latent_dim=4)
    page = latent.interpolate(run_of(model, here / "run", run), "a.png", rows=12, steps=3, linear=True)
    drawn = model.sample_latent(24, seed=0).numpy()[:, :4]
    classes = np.eye(10)[np.arange(12) % 10]
    for column, noise in enumerate([drawn[:12], (drawn[:12] + drawn[12:]) / 2, drawn[12:]]):
        images = model.decode(np.concatenate([noise, classes], axis=1).astype("float32")).numpy()
        np.testing.assert_array_equal(page[:, 33 * column : 33 * column + 32], tile(images[:, None]))
    model = InfoGAN((8, 8, 1), latent_dim=4)
    pages = latent.walk(run_of(model, here / "info", run), "a.gif", steps=4, anchors=2, tiles=4)
    assert pages.shape == (4, 65, 65, 1)


def test_arithmetic_through_a_linear_decoder_is_that_of_the_images(run, here):
    glass = run_of(Glass(), here / "glass", run)
    found = latent.arithmetic(glass, "a.png", [2, "0"], [1], features=glass, count=10, draws=500)
    images = glass.model().sample_latent(500, seed=0).numpy()
    brightest = [np.sort(np.flatnonzero(images.argmax(1) == label)) for label in (2, 0, 1)]
    certain = [np.exp(images[rows]) / np.exp(images[rows]).sum(1, keepdims=True) for rows in brightest]
    means = [
        images[rows[np.argsort(-shares[:, label])[:10]]].mean(0)
        for rows, shares, label in zip(brightest, certain, (2, 0, 1), strict=True)
    ]
    np.testing.assert_allclose(found.means, means, rtol=1e-5)
    np.testing.assert_allclose(found.result, means[0] + means[1] - means[2], rtol=1e-4)
    page = np.asarray(Image.open("a.png"))
    last = page[-32::16, -32::16]  # each pixel is enlarged 16 times
    np.testing.assert_allclose(last.reshape(-1) / 255, np.clip(found.result, 0, 1), atol=1 / 255)
    gap = page[:, 33 * 8 : 33 * 9 - 1]
    assert page.shape == (4 * 33 - 1, 10 * 33 - 1) and (gap == 128).all()


def test_arithmetic_by_the_runs_own_labels(run, here, capsys):
    lines = printed(capsys, "latent", "arithmetic", run.path, "--plus", 7, "--minus", 1, "--plus", 4, "--out", "a.png")
    assert [line.split(":")[0].strip() for line in lines[1:4]] == ["+ 7", "+ 4", "- 1"]
    found = latent.arithmetic(run, "b.png", ["7", "4"], ["1"])
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()
    source = load("digits")
    codes = latent_codes(run.model(), source.array("train") / np.float32(255))
    labels = source.array("train", "label")
    np.testing.assert_allclose(found.means, [codes[labels == label].mean(0) for label in (7, 4, 1)], atol=1e-5)
    twice = latent.arithmetic(run, "b.png", ["7", "7"])
    np.testing.assert_allclose(twice.result, 2 * found.means[0])
    # An autoencoder has codes without a prior.
    plain = run_of(Autoencoder((8, 8, 1), latent_dim=3), here / "plain", run)
    assert latent.arithmetic(plain, "b.png", [7]).result.shape == (3,)


def test_codes_of_a_conditional_model_take_part(run, here):
    gan = run_of(ConditionalGAN((8, 8, 1), latent_dim=4), here / "gan", run)
    classifier = run_of(Glass((8, 8, 1)), here / "features", run)  # 64 classes, whose names are their numbers
    classes = np.bincount(run_classes(gan, classifier, 300), minlength=64)
    label = int(classes.argmax())
    found = latent.arithmetic(gan, "a.png", [label], features=classifier, draws=300)
    assert found.result.shape == (14,) and found.result[4:].sum() == pytest.approx(1.0)


def run_classes(gan, classifier, draws):
    images = gan.model().sample(draws, seed=0)
    return np.asarray(classifier.model().classify(images)).argmax(1)


@pytest.fixture(scope="module")
def runs(run, tmp_path_factory):
    """Paths of runs, by what they are for."""
    folder = tmp_path_factory.mktemp("others")
    models = {
        "PLAIN": Autoencoder((8, 8, 1), latent_dim=3, hidden=(8,)),
        "CLASSIFIER": Classifier((8, 8, 1), hidden=(8,)),
        "LARGE": Classifier((9, 9, 1), hidden=(8,)),
        "POINTS": GAN((2,), hidden=(8,)),
        "GAN": GAN((8, 8, 1), hidden=(8,)),
    }
    return {"VAE": run.path, **{name: run_of(model, folder / name, run).path for name, model in models.items()}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wlk"], "Unknown sub-verb. Received: 'wlk'. Closest: walk"),
        (["walk", "VAE", "--out", "a.png"], "Moving pictures are written as .gif. Received: a.png"),
        (["walk", "VAE", "--out", "no/a.gif"], "cannot be written.*no/a.gif"),
        (["walk", "VAE", "--out", "a.gif", "--steps", "4"], "steps must be an integer >= 5. Received: 4"),
        (["walk", "VAE", "--out", "a.gif", "--anchors", "1"], "anchors must be an integer >= 2. Received: 1"),
        (["walk", "VAE", "--out", "a.gif", "--tiles", "0"], "tiles must be an integer >= 1. Received: 0"),
        (["walk", "PLAIN", "--out", "a.gif"], "Autoencoder has no latent space from which it decodes samples"),
        (["walk", "CLASSIFIER", "--out", "a.gif"], "Classifier has no latent space"),
        (["walk", "POINTS", "--out", "a.gif"], r"Only images can be shown. Received: .*GAN of examples of shape"),
        (["walk", "nothing", "--out", "a.gif"], "There is no run at nothing"),
        (["interpolate", "VAE", "--out", "a.gif"], "Pictures are written as .png. Received: a.gif"),
        (["interpolate", "VAE", "--out", "a.png", "--steps", "1"], "steps must be an integer >= 2. Received: 1"),
        (["interpolate", "VAE", "--out", "a.png", "--rows", "0"], "rows must be an integer >= 1. Received: 0"),
        (["interpolate", "PLAIN", "--out", "a.png"], "Autoencoder has no latent space"),
        (["arithmetic", "VAE", "--out", "a.png"], "at least one class to add"),
        (["arithmetic", "VAE", "--out", "a.jpg", "--plus", "7"], "written as .png. Received: a.jpg"),
        (["arithmetic", "VAE", "--out", "a.png", "--plus", "seven"], "no such class. Received: 'seven'. Known: 0, 1"),
        (["arithmetic", "VAE", "--out", "a.png", "--plus", "10"], "no such class. Received: '10'"),
        (["arithmetic", "VAE", "--out", "a.png", "--plus", "7", "--count", "2"], "count must be an integer >= 3"),
        (["arithmetic", "GAN", "--out", "a.png", "--plus", "7"], "GAN does not encode.*--features RUN"),
        (["arithmetic", "CLASSIFIER", "--out", "a.png", "--plus", "7"], "Classifier has no latent space"),
        (["arithmetic", "GAN", "--out", "a.png", "--plus", "7", "--features", "VAE"], "can classify. Received: VAE"),
        (["arithmetic", "PLAIN", "--plus", "7", "--features", "VAE", "--out", "a.png"], "Autoencoder has no latent"),
        (
            ["arithmetic", "GAN", "--out", "a.png", "--plus", "7", "--features", "LARGE"],
            r"the model's shape, \(8, 8, 1\). Received: .*LARGE, which takes \(9, 9, 1\)",
        ),
        (
            # three draws cannot be three of each
            ["arithmetic", "GAN", "--out", "a.png", "--plus", "7", "--plus", "8"]
            + ["--features", "CLASSIFIER", "--draws", "3"],
            "at least 3 examples. Received: [012] of 3",
        ),
    ],
)  # fmt: skip
@pytest.mark.by_default(every=2)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(runs, here, capsys, arguments, message):
    assert main(["latent", *(str(runs.get(argument, argument)) for argument in arguments)]) == 2
    _, err = capsys.readouterr()
    (line,) = err.strip().splitlines()
    assert line.startswith("keraszoo latent: ") and re.search(message, line), line
    assert not list(here.iterdir())


def test_walks_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="at least 2 anchors. Received: 1"):
        latent_walk(np.zeros([1, 3]), 5)
    with pytest.raises(InputError, match="each of the 4 anchors. Received: 3"):
        latent_walk(np.zeros([4, 3]), 3)


def test_a_full_disk_leaves_no_half_film(run, here, capsys, monkeypatch):
    def full(self, file, **options):
        with open(file, "wb") as half:
            half.write(b"GIF89a")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    assert main(["latent", "walk", str(run.path), "--out", "a.gif", "--steps", "5"]) == 2
    assert "a.gif: No space left on device" in capsys.readouterr().err and not list(here.iterdir())


@pytest.mark.parametrize("arguments", [["latent"], ["latent", "--help"], ["latent", "arithmetic", "--help"]])
def test_help_fits(capsys, monkeypatch, arguments):
    monkeypatch.setenv("COLUMNS", "80")
    try:
        assert main(arguments) == 0
    except SystemExit as stop:
        assert stop.code == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80

"""Laws of colours: CIE L*a*b*, bins of it, and the model that colours grey images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.analysis import restore
from keraszoo.core.errors import InputError
from keraszoo.layers import ColorBins
from keraszoo.layers.lab import chroma, colored, grey_of_equal_lightness, lab_to_rgb, rgb_to_lab
from keraszoo.metrics import compare_restorations
from keraszoo.models import ColorizationAutoencoder

RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.random((4, 16, 16, 3), "float32")
#: L*a*b* of sRGB's corners under D65, as tables have them, to two decimals
PUBLISHED = {
    (1, 1, 1): (100, 0, 0), (0, 0, 0): (0, 0, 0), (1, 0, 0): (53.24, 80.09, 67.20), (0, 1, 0): (87.73, -86.18, 83.18),
    (0, 0, 1): (32.30, 79.19, -107.86), (1, 1, 0): (97.14, -21.55, 94.48), (0, 1, 1): (91.11, -48.09, -14.13),
    (1, 0, 1): (60.32, 98.23, -60.82),
}  # fmt: skip


def softmax(values):
    shares = np.exp(values - values.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


# ------------------------------------------------------------------ L*a*b*


def test_lab_has_its_published_values():
    found = rgb_to_lab(np.array(list(PUBLISHED), "float32")).numpy()
    np.testing.assert_allclose(found, list(PUBLISHED.values()), atol=0.006)


def test_every_colour_comes_back():
    rgb = np.stack(np.meshgrid(*[np.linspace(0, 1, 18)] * 3), axis=-1).astype("float32")
    np.testing.assert_allclose(lab_to_rgb(rgb_to_lab(rgb)), rgb, atol=1e-4)
    np.testing.assert_allclose(colored(grey_of_equal_lightness(rgb), rgb_to_lab(rgb)[..., 1:]), rgb, atol=1e-4)


def test_greys_have_no_colour_and_are_their_own_grey():
    grey = np.linspace(0, 1, 100, dtype="float32")[:, None].repeat(3, axis=1)
    assert np.abs(rgb_to_lab(grey)[:, 1:]).max() < 1e-3 and np.max(chroma(grey)) < 1e-3
    np.testing.assert_allclose(grey_of_equal_lightness(grey), grey[:, :1], atol=1e-6)


def test_gradients_are_finite_at_the_ends():
    rgb = tf.Variable([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    with tf.GradientTape() as tape:
        back = lab_to_rgb(rgb_to_lab(rgb) + [0.0, 1.0, 1.0])
    assert np.isfinite(tape.gradient(back, rgb)).all()


# ------------------------------------------------------------------ bins


def test_the_bins_are_those_of_all_colours():
    bins = {tuple(center) for center in ColorBins().centers}
    assert len(bins) == 261
    nearest = 10 * np.rint(rgb_to_lab(RANDOM.random((200_000, 3))).numpy()[:, 1:] / 10)
    assert {tuple(center) for center in nearest} <= bins
    # a centre that is itself a colour, at some lightness
    at = np.stack(np.meshgrid(np.arange(1, 100), np.arange(-110, 111, 10), np.arange(-110, 111, 10)), axis=-1)
    lab = at.reshape(-1, 3).astype("float64")
    shown = np.abs(rgb_to_lab(lab_to_rgb(lab)) - lab).max(axis=1) < 1e-6
    centers = {tuple(center) for center in lab[shown, 1:]}
    assert len(centers) > 200 and centers <= bins


def test_a_colour_is_shared_among_its_five_nearest_bins():
    bins, ab = ColorBins(), rgb_to_lab(COLOURS)[..., 1:].numpy()
    shares = bins.encode(ab).numpy()
    np.testing.assert_allclose(shares.sum(axis=-1), 1, atol=1e-5)
    assert ((shares > 0).sum(axis=-1) == 5).all()
    distances = np.square(ab[..., None, :] - bins.centers).sum(axis=-1)
    five = np.sort(distances, axis=-1)[..., 4:5]
    expected = np.where(distances <= five, np.exp(-distances / 50), 0)
    np.testing.assert_allclose(shares, expected / expected.sum(axis=-1, keepdims=True), atol=1e-4)


def test_a_colour_that_is_as_near_to_several_bins_is_shared_evenly():
    bins = ColorBins()
    shares = bins.encode([[0.0, 0.0], [5.0, 0.0]]).numpy()
    at = {tuple(center): number for number, center in enumerate(bins.centers)}
    around = [at[place] for place in ((10, 0), (-10, 0), (0, 10), (0, -10))]
    np.testing.assert_allclose(shares[0, around] / shares[0, at[0, 0]], np.exp(-2), rtol=1e-5)
    np.testing.assert_allclose(bins(tf.math.log(shares)), [[0, 0], [5, 0]], atol=1e-4)


def test_colours_come_back_from_their_shares_within_half_the_grid():
    bins, ab = ColorBins(), rgb_to_lab(RANDOM.random((5000, 3), "float32"))[:, 1:]
    back = bins(tf.math.log(bins.encode(ab)))
    assert np.linalg.norm(back - ab, axis=-1).max() < 5


def test_temperature_leads_from_the_mean_to_the_mode():
    bins, logits = ColorBins(), 3 * RANDOM.standard_normal((7, 261)).astype("float32")
    np.testing.assert_allclose(bins(logits, temperature=1.0), softmax(logits) @ bins.centers, atol=1e-4)
    np.testing.assert_allclose(bins(logits, temperature=0.38), softmax(logits / 0.38) @ bins.centers, atol=1e-4)
    for cold in (0.0, 1e-3):
        np.testing.assert_allclose(bins(logits, temperature=cold), bins.centers[logits.argmax(axis=-1)], atol=1e-3)
    for row, temperature in enumerate((1.0, 0.5, 0.0)):
        each = bins(logits[:3], temperature=tf.constant([[1.0], [0.5], [0.0]]))
        np.testing.assert_allclose(each[row], bins(logits[row], temperature=temperature), atol=1e-4)


@pytest.mark.parametrize("rebalancing", [0.0, 0.3, 0.5])
def test_weights_have_the_mean_one_and_rare_colours_the_largest(rebalancing):
    bins = ColorBins(rebalancing)
    np.testing.assert_allclose(bins.class_weights(), 1, rtol=1e-5)  # nothing is measured yet
    ab = 12 * RANDOM.standard_normal((3000, 2))
    bins.adapt(ab)
    # the paper's: the empirical distribution, smoothed by a Gaussian of sigma 5, mixed with the uniform one
    distances = np.square(bins.centers[:, None] - bins.centers).sum(axis=-1)
    counts = np.bincount(np.square(ab[:, None] - bins.centers).sum(axis=-1).argmin(axis=-1), minlength=261)
    spread = np.exp(-distances / 50)
    smooth = (spread / spread.sum(axis=1, keepdims=True)).T @ (counts / 3000)
    weights = 1 / (rebalancing * smooth + (1 - rebalancing) / 261)
    np.testing.assert_allclose(bins.frequencies, smooth, atol=1e-6)
    np.testing.assert_allclose(bins.class_weights(), weights / (smooth @ weights), rtol=1e-4)
    assert np.sum(bins.frequencies * bins.class_weights()) == pytest.approx(1, abs=1e-5)
    grey = tuple(map(tuple, bins.centers)).index((0, 0))
    assert bins.weights_of(bins.encode([[0.4, -0.2]])) == bins.class_weights()[grey]
    if rebalancing:
        assert np.argmax(bins.class_weights()) == np.argmin(smooth)


# ------------------------------------------------------------------ the model


def small(**options):
    return ColorizationAutoencoder((16, 16, 3), **{"hidden": (4, 8), **options})


def test_the_gradient_of_a_logit_is_the_weighted_difference_of_the_distributions():
    network = keras.Sequential([keras.Input((None, None, 4)), keras.layers.Conv2D(261, 1)])
    network.layers[0].kernel.assign(np.zeros([1, 1, 4, 261]))
    logits = RANDOM.standard_normal(261)
    network.layers[0].bias.assign(logits)
    model = small(network=network)
    model.adapt(COLOURS)
    with tf.GradientTape() as tape:
        terms = model.loss_terms(tf.constant(COLOURS[:1]))
    coarse = rgb_to_lab(COLOURS[:1]).numpy()[0, ..., 1:].reshape(8, 2, 8, 2, 2).mean(axis=(1, 3)).reshape(-1, 2)
    shares = model.bins.encode(coarse).numpy()
    weights = model.bins.class_weights().numpy()[shares.argmax(axis=-1)]
    expected = np.sum(weights[:, None] * (softmax(logits) - shares), axis=0)
    np.testing.assert_allclose(tape.gradient(terms["cross_entropy"], network.layers[0].bias.value), expected, atol=1e-3)
    cross_entropy = -np.sum(weights[:, None] * shares * np.log(softmax(logits)))
    assert terms["cross_entropy"].numpy()[0] == pytest.approx(cross_entropy, rel=1e-4)


def test_squared_error_is_that_of_a_and_b_on_the_grid():
    model = small(target="mean", stride=4)
    model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])
    coarse = rgb_to_lab(COLOURS).numpy()[..., 1:].reshape(4, 4, 4, 4, 4, 2).mean(axis=(2, 4))
    squared_error = np.square(coarse).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(model.loss_terms(tf.constant(COLOURS))["squared_error"], squared_error, rtol=1e-4)


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_right_answers_give_the_image_back(stride):
    """As far as the grid allows: of images whose colours are the same at each place of it, all."""
    coarse = RANDOM.random((2, 1, 1, 3)).astype("float32")
    images = np.broadcast_to(coarse, (2, 16, 16, 3))
    model = small(stride=stride, temperature=1.0)
    grey, ab = model.degrade(images)[0], rgb_to_lab(images)[:, ::stride, ::stride, 1:]
    model._output = lambda image, training: tf.math.log(model.bins.encode(ab))
    off = rgb_to_lab(model.restored(grey)) - rgb_to_lab(images)
    assert np.abs(off).max() < 5
    model = small(stride=stride, target="mean")
    model._output = lambda image, training: ab / 100
    np.testing.assert_allclose(model.restored(grey), images, atol=1e-4)


@pytest.mark.parametrize("target", ["classes", "mean"])
def test_grey_black_and_white_images_have_finite_values(target):
    model = small(target=target)
    images = np.stack([np.full([16, 16, 3], level, "float32") for level in (0.0, 0.5, 1.0)])
    model.adapt(images)
    with tf.GradientTape() as tape:
        terms = model.loss_terms(tf.constant(images), training=True)
        loss = tf.reduce_sum(terms[model.term_names[0]])
    assert all(np.isfinite(terms[name]).all() for name in (*model.term_names, "chroma"))
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert np.isfinite(model.restore(images[..., :1])).all()


def test_the_temperature_is_the_models_the_callers_or_each_images():
    model = small(temperature=0.5)
    grey = np.asarray(model.degrade(COLOURS)[0])
    at = {temperature: model.restore(grey, temperature).numpy() for temperature in (1, 0.5, 0)}
    np.testing.assert_array_equal(model.restore(grey), at[0.5])
    np.testing.assert_array_equal(model(COLOURS), at[0.5])
    assert not np.allclose(at[1], at[0], atol=1e-3)
    served = model._serve_annealed(tf.constant(grey), tf.constant([1.0, 0.5, 0.0, 1.0]))["image"]
    np.testing.assert_allclose(served, [at[1][0], at[0.5][1], at[0][2], at[1][3]], atol=1e-5)
    np.testing.assert_allclose(restore(model, grey[0], temperature=1.0), at[1][0], atol=1e-5)
    np.testing.assert_allclose(restore(model, grey[0]), at[0.5][0], atol=1e-5)


def test_fit_measures_the_colours_once_and_files_keep_them(tmp_path):
    model = small()
    model.compile("sgd")
    model.fit(COLOURS, verbose=0)
    measured = model.bins.frequencies.numpy()
    assert measured.max() > 2 / 261
    model.fit(np.zeros_like(COLOURS), verbose=0)
    np.testing.assert_array_equal(model.bins.frequencies, measured)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras").bins.frequencies, measured)


@pytest.mark.slow
def test_colours_are_measured_on_several_replicas_too(mirrored):
    with mirrored.scope():
        model = small()
        model.compile("adam")
    model.fit(COLOURS, batch_size=2, verbose=0)
    alone = small()
    alone.adapt(COLOURS)
    measured = keras.ops.convert_to_numpy(model.bins.frequencies)
    np.testing.assert_allclose(measured, alone.bins.frequencies.numpy(), atol=1e-6)


def test_comparison_shows_several_temperatures_and_how_vivid_they_are():
    rows = compare_restorations(small(), COLOURS, COLOURS.mean(axis=0))
    assert list(rows) == ["grey", "mean, T=1", "annealed mean, T=0.38", "mode, T=0"]
    assert rows["grey"]["chroma"] == pytest.approx(0, abs=1e-4)
    assert list(compare_restorations(small(target="mean"), COLOURS, COLOURS.mean(axis=0))) == ["grey", "model"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: small(target="class"), "Unknown target.*Closest: classes"),
        (lambda: small(stride=3), "Unknown stride.*stride=3"),
        (lambda: small(stride=4, hidden=(4, 8, 8)), "divisible by 32"),
        (lambda: small(temperature=-1), ">= 0.*temperature=-1"),
        (lambda: small(rebalancing=1), "rebalancing=1"),
        (lambda: small().restore(COLOURS[..., :1], float("nan")), "temperature=nan"),
        (lambda: small(target="mean").restore(COLOURS[..., :1], 0.5), "one answer.*temperature=0.5"),
        (lambda: restore(small(target="mean"), COLOURS[0, ..., :1], temperature=0.5), "takes no temperature.*0.5"),
        (lambda: small(network=keras.layers.Conv2D(3, 1)), "network must map.*261"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)

"""Likelihoods of which the decoder gives two numbers for each value: the densities, and the models that use them."""

import itertools
import json

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.distributions import Bernoulli, DiscretizedLogistic, GaussianLearnedVariance, likelihoods
from keraszoo.models import DIPVAE, IWAE, VAE, Autoencoder, FactorVAE, FlowVAE
from keraszoo.models.vae.importance_weighted import ImportanceWeighted
from keraszoo.models.vae.objectives import ELBO
from keraszoo.recipes import Optimizer, Recipe
from keraszoo.training import train

TWO = ("gaussian_learned_variance", "discretized_logistic")
EXTREMES = [
    (mean, log_scale) for mean in (-1e4, -0.3, 0.0, 0.5, 1.0, 1e4) for log_scale in (-1e4, -9.0, -2.0, 0.0, 1e4)
]


def pair(mean, log_scale):
    """The decoder's output for one value."""
    return tf.constant([[mean, log_scale]], tf.float32)


# ---------------------------------------------------------------------- Gaussian of learned variance


@pytest.mark.parametrize("least_scale", [0.01, 0.5])
def test_the_gaussian_is_that_of_tfp(least_scale):
    likelihood = GaussianLearnedVariance(least_scale)
    random = np.random.default_rng(0)
    x, output = random.normal(size=[50, 2, 2, 3]), random.normal(size=[50, 2, 2, 6]).astype("float32")
    mean, log_scale = (part.astype("float64") for part in np.split(output, 2, axis=-1))
    scale = least_scale * (1 + np.exp(log_scale) / least_scale)  # exp(log s + softplus(o - log s)) = s + exp(o)
    expected = -np.sum(tfd.Normal(mean, scale).log_prob(x), axis=(1, 2, 3))
    np.testing.assert_allclose(likelihood.negative_log_likelihood(x, output), expected, rtol=2e-5)
    np.testing.assert_array_equal(likelihood.mean(output), output[..., :3])


@pytest.mark.parametrize(("mean", "log_scale"), [(-3.0, -2.0), (0.4, 0.0), (0.0, -50.0), (5.0, 1.5)])
def test_the_gaussian_integrates_to_one(mean, log_scale):
    scale = 0.01 + np.exp(log_scale)
    x = np.linspace(mean - 12 * scale, mean + 12 * scale, 4001)
    output = tf.repeat(pair(mean, log_scale), len(x), axis=0)
    density = np.exp(-GaussianLearnedVariance().negative_log_likelihood(x[:, None], output).numpy().astype("float64"))
    assert np.trapezoid(density, x) == pytest.approx(1.0, abs=1e-3)


def test_a_constant_pixel_cannot_gain_without_bound():
    values = [
        float(GaussianLearnedVariance(0.01).negative_log_likelihood([[0.0]], pair(0.0, raw))[0])
        for raw in (-1, -10, -1e3)
    ]
    bound = np.log(0.01) + 0.5 * np.log(2 * np.pi)
    assert values[0] > values[1] >= values[2] == pytest.approx(bound, abs=1e-5)


# ---------------------------------------------------------------------- discretised logistic


def masses(likelihood, output):
    """The probability of each level."""
    levels = np.arange(likelihood.levels) / (likelihood.levels - 1)
    output = tf.repeat(output, len(levels), axis=0)
    return np.exp(-likelihood.negative_log_likelihood(levels[:, None], output).numpy().astype("float64")), levels


@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize(("mean", "log_scale"), EXTREMES)
@pytest.mark.by_default(every=4)
def test_the_masses_of_the_levels_sum_to_one_and_have_the_mean(levels, mean, log_scale):
    likelihood, output = DiscretizedLogistic(levels), pair(mean, log_scale)
    mass, values = masses(likelihood, output)
    assert mass.sum() == pytest.approx(1.0, abs=1e-5)
    assert float(likelihood.mean(output)[0, 0]) == pytest.approx(np.sum(mass * values), abs=1e-5)


@pytest.mark.parametrize("levels", [17, 256])
def test_the_masses_are_those_of_scipy(levels):
    likelihood = DiscretizedLogistic(levels)
    for mean in (-0.5, 0.0, 0.31, 1.02, 3.0):
        for raw in (-4.5, -2.0, 0.3):
            width = 1 / (levels - 1)
            logistic = scipy.stats.logistic(mean, width / 20 + np.exp(raw))
            edges = np.r_[-np.inf, (np.arange(levels - 1) + 0.5) * width, np.inf]
            # by whichever tail is small, so that nothing cancels
            expected = np.where(edges[:-1] > mean, -np.diff(logistic.sf(edges)), np.diff(logistic.cdf(edges)))
            found, _ = masses(likelihood, pair(mean, raw))
            kept = expected > 1e-30
            np.testing.assert_allclose(found[kept], expected[kept], rtol=2e-4)


@pytest.mark.parametrize("likelihood", [DiscretizedLogistic(256), DiscretizedLogistic(2), GaussianLearnedVariance()])
def test_gradients_are_finite_everywhere(likelihood):
    output = tf.constant([list(pair) for pair in EXTREMES] * 3, tf.float32)
    x = np.repeat([0.0, 128 / 255, 1.0], len(EXTREMES))[:, None]
    with tf.GradientTape() as tape:
        tape.watch(output)
        nll = likelihood.negative_log_likelihood(x, output)
    assert np.isfinite(nll).all() and np.isfinite(tape.gradient(nll, output)).all()


def test_a_narrow_logistic_far_away_still_leads_towards_the_data():
    """Where cdf - cdf is 0 in float32, its logarithm must still have a slope, 1/scale."""
    output = pair(0.9, -6.0)
    with tf.GradientTape() as tape:
        tape.watch(output)
        nll = DiscretizedLogistic(256).negative_log_likelihood([[100 / 255]], output)
    assert 150 < float(nll[0]) < np.inf
    assert float(tape.gradient(nll, output)[0, 0]) == pytest.approx(1 / (np.exp(-6.0) + 1 / 5100), rel=1e-3)


def test_two_levels_are_a_bernoulli():
    mean, raw = 0.8, -1.0
    logit = (mean - 0.5) / (np.exp(raw) + 1 / 20)
    x = np.array([[0.0], [1.0]])
    found = DiscretizedLogistic(2).negative_log_likelihood(x, tf.repeat(pair(mean, raw), 2, axis=0))
    expected = Bernoulli().negative_log_likelihood(x, tf.fill([2, 1], np.float32(logit)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_channels_keep_their_own_means_and_scales():
    """An output's last axis holds the means of all channels, then their scales."""
    random = np.random.default_rng(0)
    x, output = random.integers(0, 17, [4, 2, 2, 3]) / 16, random.normal(size=[4, 2, 2, 6]).astype("float32")
    for likelihood in (DiscretizedLogistic(17), GaussianLearnedVariance()):
        together = likelihood.negative_log_likelihood(x, output)
        alone = sum(likelihood.negative_log_likelihood(x[..., [c]], output[..., [c, 3 + c]]).numpy() for c in range(3))
        np.testing.assert_allclose(together, alone, rtol=1e-5)
        assert likelihood.mean(output).shape == (4, 2, 2, 3)


# ---------------------------------------------------------------------- channels that depend on those before them


def every_pixel(levels, channels):
    """All pixels of so many levels: [levels ** channels, channels]."""
    return np.array(list(itertools.product(np.arange(levels) / (levels - 1), repeat=channels)))


@pytest.mark.parametrize(("levels", "channels"), [(17, 1), (17, 2), (5, 3), (3, 4)])
def test_conditional_channels_are_a_distribution_of_pixels(levels, channels):
    likelihood = DiscretizedLogistic(levels, channels="conditional")
    numbers = likelihood.decoded_shape((1, channels))[-1]
    output = np.random.default_rng(0).normal(size=[4, numbers]).astype("float32")
    x = every_pixel(levels, channels)
    for row in output:
        mass = np.exp(-likelihood.negative_log_likelihood(x, np.tile(row, [len(x), 1])).numpy().astype("float64"))
        assert mass.sum() == pytest.approx(1.0, abs=1e-5)


def test_conditional_channels_are_logistics_around_regressions_on_the_channels_before():
    levels, random = 17, np.random.default_rng(0)
    x = random.integers(0, levels, [50, 3]) / (levels - 1)
    mean, log_scale, slopes = random.random([50, 3]), random.normal(-2, 0.3, [50, 3]), random.normal(size=[50, 3])
    d = x - 0.5
    centre = mean + np.stack([0 * d[:, 0], slopes[:, 0] * d[:, 0], np.sum(slopes[:, 1:] * d[:, :2], axis=1)], axis=1)
    output = np.concatenate([mean, log_scale, slopes], axis=1).astype("float32")
    plain = np.concatenate([centre, log_scale], axis=1).astype("float32")
    found = DiscretizedLogistic(levels, channels="conditional").negative_log_likelihood(x, output)
    np.testing.assert_allclose(found, DiscretizedLogistic(levels).negative_log_likelihood(x, plain), rtol=1e-4)


def test_the_mean_of_conditional_channels_is_theirs_away_from_the_ends():
    likelihood, x = DiscretizedLogistic(65, channels="conditional"), every_pixel(65, 2)
    output = np.array([[0.45, 0.55, -4.0, -3.5, 0.8]], "float32")
    mass = np.exp(-likelihood.negative_log_likelihood(x, np.tile(output, [len(x), 1])).numpy().astype("float64"))
    np.testing.assert_allclose(likelihood.mean(output)[0], mass @ x, atol=1e-4)


def test_conditional_channels_start_at_the_regression_of_the_data():
    random = np.random.default_rng(0)
    red = random.normal(0.4, 0.1, [400, 4, 4, 1])
    green = 0.5 + 0.9 * (red - 0.4) + random.normal(0, 0.02, red.shape)
    blue = 0.6 - 0.4 * (red - 0.4) + 1.2 * (green - 0.5) + random.normal(0, 0.03, red.shape)
    x = np.concatenate([red, green, blue], axis=-1)
    likelihood = DiscretizedLogistic(256, channels="conditional")
    means, scales, slopes = np.split(likelihood.start(x, np.zeros([400, 4, 4, 9])).mean(axis=(0, 1)), 3)
    given = [0.4, 0.5 - slopes[0] * (0.4 - 0.5), 0.6 - slopes[1] * (0.4 - 0.5) - slopes[2] * (0.5 - 0.5)]
    np.testing.assert_allclose(means, given, atol=0.01)
    np.testing.assert_allclose(np.exp(scales), np.sqrt(3) / np.pi * np.array([0.1, 0.02, 0.03]), rtol=0.05)
    np.testing.assert_allclose(slopes, [0.9, -0.4, 1.2], atol=0.06)
    grey = np.repeat(red, 3, axis=-1)
    assert np.isfinite(likelihood.start(grey, np.zeros([400, 4, 4, 9]))).all()


def test_a_vae_of_conditional_channels_starts_where_the_likelihood_wants_it():
    random = np.random.default_rng(0)
    x = np.clip(random.normal(0.5, 0.1, [64, 8, 8, 1]) + random.normal(0, 0.01, [64, 8, 8, 3]), 0, 1)
    x = (np.round(x * 255) / 255).astype("float32")
    bits = {}
    for channels in ("independent", "conditional"):
        keras.utils.set_random_seed(0)
        likelihood = {"name": "discretized_logistic", "channels": channels}
        vae = VAE((8, 8, 3), 4, network="convolutional", hidden=(8,), likelihood=likelihood)
        vae.adapt(x)
        bits[channels] = float(np.mean(vae.loss_terms(x)["bits_per_dimension"]))
    assert bits["conditional"] < bits["independent"] - 0.6


def test_a_decoder_inside_a_decoder_starts_as_that_decoder_does():
    x = (np.random.default_rng(0).integers(100, 156, [64, 8, 8, 3]) / 255).astype("float32")
    options = {"network": "convolutional", "hidden": (4,), "likelihood": "discretized_logistic"}
    decoders = {}
    for nested in (False, True):
        keras.utils.set_random_seed(0)
        decoder = VAE((8, 8, 3), 4, **options).decoder
        given = keras.Sequential([keras.Input((4,)), keras.layers.Reshape((4,)), decoder]) if nested else decoder
        VAE((8, 8, 3), 4, **options, decoder=given).adapt(x)
        decoders[nested] = decoder.layers[-1].get_weights()
    for flat, inner in zip(*decoders.values(), strict=True):
        np.testing.assert_allclose(inner, flat, atol=1e-6)
    assert np.abs(decoders[True][1]).max() > 0.4


# ---------------------------------------------------------------------- bits per dimension


@pytest.mark.parametrize("objective", [ELBO(), ImportanceWeighted(3), ImportanceWeighted(3, "dreg")])
@pytest.mark.parametrize("training", [False, True])
def test_bits_per_dimension_are_those_of_the_bound_with_beta_one(objective, training):
    x = np.round(np.random.default_rng(0).random([5, 4, 4, 1]) * 255) / 255
    options = {"latent_dim": 2, "hidden": (8,), "likelihood": "discretized_logistic", "objective": objective}
    found = {}
    for beta in (1.0, 0.3):
        vae = VAE((4, 4, 1), beta=beta, **options)
        vae.encoder.set_weights([0.3 * np.cos(np.arange(w.size)).reshape(w.shape) for w in vae.encoder.get_weights()])
        vae.decoder.set_weights([0.3 * np.sin(np.arange(w.size)).reshape(w.shape) for w in vae.decoder.get_weights()])
        vae.noise = keras.random.SeedGenerator(7)
        assert "bits_per_dimension" in vae.metric_names
        found[beta] = vae.loss_terms(x, training=training)
    np.testing.assert_allclose(found[0.3]["bits_per_dimension"], found[1.0]["bits_per_dimension"], rtol=1e-5)
    loss = sum(found[1.0][name] for name in objective.term_names)
    np.testing.assert_allclose(found[1.0]["bits_per_dimension"], loss / (16 * np.log(2)), rtol=1e-5)


def test_bits_are_shown_only_of_bounds_of_levels():
    assert VAE((4,)).metric_names == VAE((4,), likelihood="gaussian").metric_names == ()
    assert DIPVAE((4,), likelihood="discretized_logistic").metric_names == ()
    schedule = {"schedule": "linear", "start": 0.0, "end": 1.0, "steps": 10}
    both = VAE((4,), likelihood="discretized_logistic", beta=schedule)
    assert both.metric_names == ("beta", "bits_per_dimension")
    both.compile("adam")
    assert {"beta", "bits_per_dimension"} <= {*both.fit(np.zeros([8, 4], "float32"), verbose=0).history}


# ---------------------------------------------------------------------- in the models


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("network", ["dense", "convolutional"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.by_default(every=3)
def test_networks_by_size_give_as_many_numbers_as_the_likelihood_takes(name, network, channels):
    vae = VAE((8, 8, channels), latent_dim=2, network=network, hidden=(4,), likelihood=name)
    x = tf.random.stateless_uniform([3, 8, 8, channels], (0, 0))
    assert vae.decoder.output_shape == (None, 8, 8, 2 * channels)
    assert vae(x).shape == vae.reconstruct(x).shape == vae.sample(3, seed=0).shape == x.shape
    assert vae.loss_terms(x)["reconstruction"].shape == (3,)
    assert vae.negative_log_likelihood(x, samples=3).nll.shape == (3,)
    assert VAE((5,), latent_dim=2, likelihood=name).decode(tf.zeros([2, 2])).shape == (2, 5)


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("make", [Autoencoder, IWAE, FlowVAE, FactorVAE])
@pytest.mark.by_default("Autoencoder-discretized_logistic", "IWAE-gaussian_learned_variance")
def test_every_model_that_decodes_takes_them(name, make, tmp_path):
    options = {"k": 3} if make is IWAE else {"discriminator_hidden": (4,)} if make is FactorVAE else {}
    model = make((4, 4, 1), latent_dim=2, hidden=(8,), likelihood={"name": name}, **options)
    model.compile("adam")
    x = np.random.default_rng(0).random([8, 4, 4, 1], "float32")
    before = [weight.numpy().copy() for weight in model.decoder.trainable_weights]
    model.fit(x, verbose=0)
    changed = [np.any(a != b.numpy()) for a, b in zip(before, model.decoder.trainable_weights, strict=True)]
    assert all(changed)
    for method, arguments in model.serving_signatures().values():
        given = [tf.zeros([2, *each.spec().shape[1:]], each.spec().dtype) for each in arguments]
        assert all(np.isfinite(value).all() for value in method(*given).values())
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored(x), model(x))
    assert type(restored.likelihood) is type(model.likelihood)


@pytest.mark.parametrize(
    ("likelihood", "scale"), [(GaussianLearnedVariance(0.01), 0.4), (GaussianLearnedVariance(0.2), 0.7)]
)
def test_a_linear_model_with_constant_variances_has_the_density_of_the_fixed_one(likelihood, scale):
    """The decoder's second half constant: importance sampling finds what the Gaussian of that scale has."""
    d, random = 5, np.random.default_rng(0)
    w, b = random.normal(size=[d, 1]), random.normal(size=d)
    raw = np.full(d, np.log(scale - likelihood.least_scale))
    decoder = keras.Sequential([keras.layers.Dense(2 * d)])
    vae = VAE((d,), latent_dim=1, hidden=(), likelihood=likelihood, decoder=decoder)
    decoder.set_weights([np.hstack([w.T, np.zeros([1, d])]), np.r_[b, raw]])
    precision = 1 + (w.T @ w).item() / scale**2
    gain = w.T / scale**2 / precision
    vae.encoder.layers[-1].set_weights([np.hstack([gain.T, np.zeros([d, 1])]), np.r_[-gain @ b, -np.log(precision)]])
    x = random.normal(size=[20, d]).astype("float32")
    exact = -tfd.MultivariateNormalFullCovariance(b, w @ w.T + scale**2 * np.eye(d)).log_prob(x.astype("float64"))
    np.testing.assert_allclose(vae.negative_log_likelihood(x, samples=7).nll, exact, atol=1e-4)


# ---------------------------------------------------------------------- mistakes


def test_mistakes_are_told_in_one_line():
    cases = [
        (lambda: VAE((4,), likelihood="gaussian_learned"), "Closest: gaussian_learned_variance"),
        (lambda: VAE((4,), likelihood={"name": "discretised_logistic"}), "Closest: discretized_logistic"),
        (lambda: VAE((4,), likelihood={"levels": 3}), "Unknown likelihood"),
        (lambda: VAE((4,), likelihood={"name": "gaussian", "scle": 3}), "are: scale. Received"),
        (lambda: VAE((4,), likelihood={"name": "bernoulli", "scale": 3}), "are: none. Received"),
        (lambda: DiscretizedLogistic(1), "Received: levels=1"),
        (lambda: DiscretizedLogistic(channels="conditionl"), "Closest: conditional"),
        (lambda: DiscretizedLogistic(2.5), "Received: levels=2.5"),
        (lambda: GaussianLearnedVariance(0.0), "Received: 0.0"),
        (
            lambda: VAE((4,), latent_dim=2, likelihood="gaussian_learned_variance", decoder=keras.layers.Dense(4)),
            r"decoder must map \(None, 2\) to \(None, 8\)",
        ),
        (
            lambda: VAE((4,), likelihood="discretized_logistic").negative_log_likelihood(np.full([1, 4], 2.0)),
            "from 0 to 1",
        ),
    ]
    for make, message in cases:
        with pytest.raises(InputError, match=message) as error:
            make()
        assert "\n" not in str(error.value)


@pytest.mark.slow
def test_the_command_tells_bits_of_the_levels_that_the_data_have(tmp_path, capsys):
    recipe = Recipe(
        name="vae/test", title="levels", model="VAE", input_shape=(8, 8, 1),
        arguments={"latent_dim": 2, "hidden": (16,), "likelihood": {"name": "discretized_logistic", "levels": 17}},
        optimizers={"optimizer": Optimizer("adam", 1e-2)}, epochs=1,
    )  # fmt: skip
    assert Recipe.from_json(recipe.to_json()) == recipe
    run = train(recipe, tmp_path / "run", strategy="none", say=lambda line: None)
    assert main(["likelihood", str(run.path), "--samples", "5", "--count", "30"]) == 0
    found = json.loads((run.path / "metrics.json").read_text())["likelihood"]
    assert 0 < found["bits_per_dimension"] < 17
    wrong = train(
        recipe, tmp_path / "wrong", strategy="none", say=lambda line: None,
        arguments={"likelihood": {"name": "discretized_logistic", "levels": 16}},
    )  # fmt: skip
    capsys.readouterr()
    assert main(["likelihood", str(wrong.path), "--samples", "5"]) == 2
    line = capsys.readouterr().err
    assert "multiples of 1/15" in line and line.count("\n") == 1


def test_a_likelihood_by_name_or_by_dictionary_is_the_same():
    for name in ("bernoulli", "continuous_bernoulli", "gaussian", *TWO):
        assert likelihoods.get(name).get_config() == likelihoods.get({"name": name}).get_config()

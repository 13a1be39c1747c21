"""Objectives for disentanglement: their terms by hand, what they do in the limit, and what they refuse."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.core.schedules import Schedule
from keraszoo.losses import normal_kl
from keraszoo.models import DIPVAE, IWAE, VAE, BetaTCVAE, BetaVAE, BurgessVAE, FactorVAE, InfoVAE
from keraszoo.models.vae.disentanglement.factor_vae import permuted_halves


def images(count=6, seed=0):
    return np.random.default_rng(seed).random((count, 4, 4, 1), "float32")


def telling(moments):
    """An encoder that reads its answer, [mean, log_var], off the example itself."""
    network = keras.Sequential([keras.layers.Dense(moments, kernel_initializer="identity")])
    network.build((None, moments))
    return network


# ---------------------------------------------------------------------- beta and capacity


def test_normalised_beta_counts_pixels_and_units(same_noise):
    vae = VAE((4, 4, 1), latent_dim=2)
    pressed = BetaVAE((4, 4, 1), latent_dim=2, beta=0.5, normalized=True)
    pressed.set_weights(vae.get_weights())
    plain, terms = vae.loss_terms(images()), pressed.loss_terms(images())
    np.testing.assert_allclose(terms["kl"], 0.5 * 16 / 2 * plain["kl"], rtol=1e-6)
    np.testing.assert_allclose(terms["reconstruction"], plain["reconstruction"], rtol=1e-6)  # still in nats
    again = BetaVAE.from_config(pressed.get_config())
    assert (again.beta, again.normalized, again.kl_weight) == (0.5, True, 4.0)


def held(capacity, gamma=3.0):
    """A model of 4 numbers which are the means and log-variances of 2 units."""
    return BurgessVAE(
        (4,), latent_dim=2, capacity=capacity, gamma=gamma, encoder=telling(4), decoder=keras.layers.Dense(4),
        likelihood="gaussian",
    )  # fmt: skip


def test_capacity_holds_the_mean_of_the_batch():
    x = np.zeros([2, 4], "float32")
    x[1, 0] = 2.0  # KLs of 0 and 2
    terms = held(1.0).loss_terms(x)
    np.testing.assert_allclose(terms["kl"], [0.0, 2.0], atol=1e-6)
    np.testing.assert_allclose(terms["deviation"], [0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(held(4.0).loss_terms(x)["deviation"], [9.0, 9.0], atol=1e-5)
    np.testing.assert_allclose(held(0.0).loss_terms(x)["deviation"], [3.0, 3.0], atol=1e-5)


def kl_to_the_prior(model, x):
    q = model.posterior(x)
    return normal_kl(q.mean(), q.log_var)


@pytest.mark.slow
def test_capacity_is_reached_from_both_sides():
    x = np.random.default_rng(0).normal(size=[64, 16]).astype("float32")
    for log_var in (-6.0, 0.0):
        model = BurgessVAE((16,), latent_dim=4, hidden=(16,), capacity=3.0, gamma=20.0, likelihood="gaussian")
        bias = model.encoder.layers[-1].bias
        bias.assign(tf.concat([tf.zeros(4), tf.fill([4], log_var)], 0))
        model.compile(keras.optimizers.Adam(1e-2))
        before = float(np.mean(kl_to_the_prior(model, x)))
        model.fit(x, batch_size=64, epochs=150, verbose=0)
        after = float(np.mean(kl_to_the_prior(model, x)))
        assert abs(before - 3.0) > 1.0 and after == pytest.approx(3.0, abs=0.3)


def test_impossible_capacities_are_refused():
    with pytest.raises(InputError, match="capacity must be a number >= 0, or a schedule. Received: capacity=-1"):
        BurgessVAE((4, 4, 1), capacity=-1)
    with pytest.raises(InputError, match="must be >= 0. Received: gamma=-2"):
        BurgessVAE((4, 4, 1), gamma=-2)


# ---------------------------------------------------------------------- schedules


def values_of(schedule, steps):
    number = Schedule("beta", schedule)
    return [float(number(step)) for step in range(steps)]


def test_schedules_are_their_formulas():
    warm_up = {"schedule": "linear", "start": 1.0, "end": 3.0, "steps": 4}
    assert values_of(warm_up, 7) == [1.0, 1.5, 2.0, 2.5, 3.0, 3.0, 3.0]
    cycles = {"schedule": "cyclic", "end": 2.0, "period": 6, "rising": 2 / 3}
    np.testing.assert_allclose(values_of(cycles, 8), [0.0, 0.5, 1.0, 1.5, 2.0, 2.0, 0.0, 0.5], rtol=1e-6)
    assert values_of(2.5, 3) == [2.5, 2.5, 2.5]


WARM_UP = {"schedule": "linear", "end": 4.0, "steps": 16}


def warming(make=BetaVAE):
    model = make((4, 4, 1), latent_dim=2, hidden=(8,), beta=WARM_UP)
    model.compile("adam", steps_per_execution=3)
    return model


WARMED = [BetaVAE, DIPVAE, InfoVAE, FactorVAE, functools.partial(IWAE, k=3, gradient="dreg")]


@pytest.mark.parametrize("make", WARMED)
@pytest.mark.by_default("BetaVAE")
def test_each_step_has_its_own_beta(make):
    model = warming(make)
    history = model.fit(images(16), batch_size=4, epochs=3, verbose=0).history  # executions of 3 steps and 1
    np.testing.assert_allclose(history["beta"], [0.375, 1.375, 2.375], rtol=1e-6)  # means over 4 steps
    assert float(model.beta) == 3.0
    assert model.evaluate(images(4), verbose=0, return_dict=True)["beta"] == 3.0


def test_a_saved_schedule_goes_on_where_it_was(tmp_path):
    model = warming()
    model.fit(images(16), batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert float(restored.beta) == 1.0 and int(restored.iterations) == 4
    assert restored.fit(images(16), batch_size=4, verbose=0).history["beta"] == [1.375]


@pytest.mark.slow
def test_two_replicas_count_a_step_once(mirrored):
    with mirrored.scope():
        model = warming()
    model.fit(images(12), batch_size=4, epochs=2, verbose=0)
    assert float(model.beta) == 1.5


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"schedule": "liner", "end": 1.0, "steps": 5}, "Unknown schedule of beta. Received: 'liner'. Closest: linear"),
        ({"schedule": "linear", "end": 1.0}, "A linear schedule of beta takes end, steps, start. Received: "),
        ({"schedule": "linear", "end": 1.0, "steps": 0}, "must be an integer >= 1. Received: 0"),
        ({"schedule": "linear", "end": -1.0, "steps": 5}, "end must be a number >= 0, or a schedule. Received: end=-1"),
        ({"schedule": "cyclic", "end": 1.0, "period": 5, "rising": 0}, "0 < rising <= 1. Received: 0"),
        ("linear", "beta must be a number >= 0, or a schedule. Received: beta='linear'"),
    ],
)
def test_impossible_schedules_are_refused(schedule, message):
    with pytest.raises(InputError, match=message) as error:
        BetaVAE((4, 4, 1), beta=schedule)
    assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- total correlation


def gaussian_model(model, count, **arguments):
    """A model of `count` numbers which are the means and log-variances of half as many units."""
    return model(
        (count,), latent_dim=count // 2, encoder=telling(count), decoder=keras.layers.Dense(count),
        likelihood="gaussian", **arguments,
    )  # fmt: skip


def posteriors(count, correlation=0.0, variance=0.2):
    """Examples whose codes are N(0, [[1, correlation], [correlation, 1]]): their means, and the same log-variances."""
    spread = np.array([[1 - variance, correlation], [correlation, 1 - variance]])
    mean = np.random.default_rng(0).multivariate_normal([0, 0], spread, size=count)
    return np.hstack([mean, np.full_like(mean, np.log(variance))]).astype("float32")


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_parts_of_the_kl_of_a_gaussian_code_are_known(correlation):
    model = gaussian_model(BetaTCVAE, 4, size=100_000, beta=1.0)
    terms = model.loss_terms(posteriors(2000, correlation))
    exact = {
        "mutual_information": 0.5 * np.log((1 - correlation**2) / 0.2**2),
        "total_correlation": -0.5 * np.log(1 - correlation**2),
        "dimension_wise_kl": 0.0,
    }
    for name, value in exact.items():
        found = np.asarray(terms[name])
        assert found.mean() == pytest.approx(value, abs=3 * found.std() / np.sqrt(2000) + 0.02), name


@pytest.mark.slow
def test_parts_of_the_kl_add_up_to_it():
    x = posteriors(3000, 0.5)
    model = gaussian_model(BetaTCVAE, 4, size=3000, beta=1.0)
    terms = model.loss_terms(x)
    whole = sum(np.asarray(terms[name]) for name in model.batch_term_names)
    error = whole.std() / np.sqrt(len(x))
    assert whole.mean() == pytest.approx(float(np.mean(normal_kl(x[:, :2], x[:, 2:]))), abs=3 * error)


def test_each_part_has_its_weight(same_noise):
    x = posteriors(16, 0.5)
    plain = gaussian_model(BetaTCVAE, 4, size=16, beta=1.0).loss_terms(x)
    weighed = gaussian_model(BetaTCVAE, 4, size=16, alpha=2.0, beta=3.0, gamma=5.0).loss_terms(x)
    for name, weight in {"mutual_information": 2.0, "total_correlation": 3.0, "dimension_wise_kl": 5.0}.items():
        np.testing.assert_allclose(weighed[name], weight * np.asarray(plain[name]), rtol=1e-5, atol=1e-6)
    again = BetaTCVAE.from_config(BetaTCVAE((4, 4, 1), size=16, beta=3.0, alpha=2.0, gamma=5.0).get_config())
    assert (again.size, again.beta, again.alpha, again.gamma) == (16, 3.0, 2.0, 5.0)


def test_impossible_weights_of_the_parts_are_refused():
    with pytest.raises(InputError, match="alpha weighs a part of the KL and must be >= 0. Received: alpha=-1"):
        BetaTCVAE((4, 4, 1), size=10, alpha=-1)
    with pytest.raises(InputError, match="size"):
        BetaTCVAE((4, 4, 1), size=0)
    with pytest.raises(InputError, match="part of the training examples. Received: 6 of size=5"):
        BetaTCVAE((4, 4, 1), size=5).loss_terms(images(6))


@pytest.mark.parametrize("make", [DIPVAE, FactorVAE, functools.partial(BetaTCVAE, size=100)])
@pytest.mark.by_default("DIPVAE")
def test_a_learned_prior_is_learned_with_the_model(make):
    model = make((4, 4, 1), latent_dim=2, hidden=(8,), prior="mixture", prior_components=3)
    before = [weight.numpy() for weight in model.prior.trainable_weights]
    model.compile("adam")
    model.fit(images(16), verbose=0)
    after = model.prior.trainable_weights
    assert all(np.abs(new - old).max() > 0 for new, old in zip(after, before, strict=True))


# ---------------------------------------------------------------------- covariance


def test_covariance_of_means_or_of_codes_is_pressed():
    x = np.array([[1, 0, 0, 0], [-1, 0, 0, 0], [1, 2, 0, 0], [-1, -2, 0, 0]], "float32")  # means, then log-variances
    # Cov(E[z|x]) = [[1, 1], [1, 2]]; with the posteriors' variances of 1, [[2, 1], [1, 3]]
    first = gaussian_model(DIPVAE, 4, variant="I", off_diagonal=3.0).loss_terms(x)["covariance"]
    np.testing.assert_allclose(first, 3 * 2 + 30 * 1, rtol=1e-5)
    second = gaussian_model(DIPVAE, 4, variant="II", off_diagonal=3.0).loss_terms(x)["covariance"]
    np.testing.assert_allclose(second, 3 * 2 + 3 * (1 + 4), rtol=1e-5)
    own = gaussian_model(DIPVAE, 4, variant="II", off_diagonal=3.0, diagonal=0.0).loss_terms(x)["covariance"]
    np.testing.assert_allclose(own, 6, rtol=1e-5)


def test_impossible_covariance_penalties_are_refused():
    with pytest.raises(InputError, match="Unknown variant. Received: variant='III'. Closest: II"):
        DIPVAE((4, 4, 1), variant="III")
    with pytest.raises(InputError, match="diagonal weighs the penalty and must be >= 0. Received: diagonal=-1"):
        DIPVAE((4, 4, 1), diagonal=-1)


# ---------------------------------------------------------------------- discrepancy


def test_codes_that_follow_the_prior_have_no_discrepancy():
    x = posteriors(2000)
    near = float(gaussian_model(InfoVAE, 4, alpha=1.0, weight=1.0).loss_terms(x)["discrepancy"][0])
    x[:, 0] += 1.0
    far = float(gaussian_model(InfoVAE, 4, alpha=1.0, weight=1.0).loss_terms(x)["discrepancy"][0])
    # two Gaussians a shift apart, d = 2 and a kernel of scale 2 d
    exact = 2 * (4 / 8) * (1 - np.exp(-1 / 8))
    assert abs(near) < 0.01 and far == pytest.approx(exact, abs=0.02)


def test_the_weights_of_an_info_vae_are_those_of_the_paper(same_noise):
    x = posteriors(8)
    plain = gaussian_model(InfoVAE, 4, alpha=0.0, weight=2.0).loss_terms(x)
    weighed = gaussian_model(InfoVAE, 4, alpha=0.25, weight=4.0).loss_terms(x)
    np.testing.assert_allclose(plain["kl"], normal_kl(x[:, :2], x[:, 2:]), rtol=1e-5)
    np.testing.assert_allclose(weighed["kl"], 0.75 * plain["kl"], rtol=1e-5)
    np.testing.assert_allclose(weighed["discrepancy"], 3.25 * plain["discrepancy"], rtol=1e-5)
    vae = gaussian_model(InfoVAE, 4, alpha=0.0, weight=1.0).loss_terms(x)
    np.testing.assert_array_equal(vae["discrepancy"], 0.0)


def test_impossible_info_vaes_are_refused():
    with pytest.raises(InputError, match="alpha must be <= 1. Received: alpha=2"):
        InfoVAE((4, 4, 1), alpha=2)
    with pytest.raises(InputError, match="must be >= 0. Received: alpha=0.5 and weight=0.1"):
        InfoVAE((4, 4, 1), alpha=0.5, weight=0.1)
    with pytest.raises(InputError, match="Unknown kernel. Received: 'gausian'. Closest: gaussian"):
        InfoVAE((4, 4, 1), kernel="gausian")


# ---------------------------------------------------------------------- a discriminator


@pytest.mark.parametrize("rows", [1, 2, 7, 8])
def test_each_unit_is_permuted_and_comes_of_the_other_half(rows):
    random = np.random.default_rng(0)
    codes = np.arange(rows * 3).reshape(rows, 3).astype("float32")
    permuted = permuted_halves(codes, random.random([rows, 3], "float32")).numpy()
    np.testing.assert_array_equal(np.sort(permuted, axis=0), codes)
    half = rows // 2
    assert np.all(permuted[:half] // 3 >= half) and np.all(permuted[rows - half :] // 3 < half)


def discriminated(correlation, rows=4096, steps=300):
    """The discriminator's loss and the total correlation, after it alone has learned of Gaussian codes."""
    x = posteriors(rows, correlation)
    model = gaussian_model(FactorVAE, 4, gamma=1.0, discriminator_hidden=(64, 64))
    optimizer, variables = keras.optimizers.Adam(3e-3), model.discriminator.trainable_variables

    @tf.function
    def learn():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.discriminator_terms(x, training=True)["discriminator"])
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    optimizer.build(variables)
    for _ in range(steps):
        learn()
    return {name: float(np.mean(term)) for name, term in model.loss_terms(x).items()}


@pytest.mark.slow
def test_a_discriminator_of_independent_units_knows_nothing():
    terms = discriminated(0.0)
    assert terms["discriminator"] == pytest.approx(np.log(2), abs=0.02)
    assert terms["total_correlation"] == pytest.approx(0.0, abs=0.03)


@pytest.mark.slow
def test_a_discriminator_finds_the_total_correlation():
    terms = discriminated(0.75)
    assert terms["total_correlation"] == pytest.approx(-0.5 * np.log(1 - 0.75**2), abs=0.1)


def test_each_update_learns_from_its_own_terms_alone():
    x = posteriors(8, 0.5)
    model = gaussian_model(FactorVAE, 4, gamma=2.0, discriminator_hidden=(8,))
    with tf.GradientTape() as tape:
        terms = model.discriminator_terms(x, training=True)
    assert all(gradient is None for gradient in tape.gradient(terms, model.encoder.trainable_variables))
    with tf.GradientTape() as tape:
        terms = model.vae_terms(x, training=True)["total_correlation"]
    assert np.abs(tape.gradient(terms, model.encoder.trainable_variables)[0]).max() > 0
    with pytest.raises(InputError, match="gamma weighs the total correlation and must be > 0. Received: gamma=0"):
        FactorVAE((4, 4, 1), gamma=0)

"""Laws of the ladder VAE: merged Gaussians, a linear model whose posterior it has exactly, the KL of each level."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.core.errors import InputError
from keraszoo.distributions import Gaussian, normal_log_prob, precision_weighted
from keraszoo.losses import normal_kl
from keraszoo.models import VAE, LadderVAE
from keraszoo.models.vae.importance_weighted import ImportanceWeighted

SCALE, D = 0.7, 6


def examples(count=16):
    return np.random.default_rng(1).normal(size=(count, D)).astype("float32")


def dense(units, kernel, bias):
    layer = keras.layers.Dense(units)
    layer.build((None, len(kernel)))
    layer.set_weights([kernel, bias])
    return layer


def linear_ladder(**options):
    """z_2 ~ N(0, I), z_1 ~ N(a z_2, s), x ~ N(W z_1 + b, scale^2 I) with W'W, a and s diagonal, and its posterior.

    Then z_1 has a Gaussian likelihood around (W'W)^-1 W'(x - b), which is what the encoder gives; merged with
    p(z_1|z_2) it is the posterior, and that of z_2 is Gaussian too.

    Returns:
        The model, and the density of the data.
    """
    random = np.random.default_rng(0)
    w = np.linalg.qr(random.normal(size=(D, 2)))[0] * [1.5, 0.8]
    b, a, s = random.normal(size=D), np.array([0.9, -1.3]), np.array([0.5, 1.7])
    gain = np.linalg.solve(w.T @ w, w.T)
    noise = SCALE**2 / np.diag(w.T @ w)  # variance of the likelihood of z_1
    precision = 1 + a**2 / (s + noise)
    above = (a / (s + noise) / precision)[:, None] * gain
    kernel = np.vstack([gain, above, np.zeros((4, D))]).T
    bias = np.concatenate([-gain @ b, -above @ b, np.log(noise), -np.log(precision)])
    vae = LadderVAE(
        (D,), latent_dims=(2, 2), likelihood=Gaussian(SCALE), encoder=dense(8, kernel, bias), decoder=dense(D, w.T, b),
        top_down=dense(4, np.hstack([np.diag(a), np.zeros((2, 2))]), np.concatenate([[0, 0], np.log(s)])), **options,
    )  # fmt: skip
    covariance = w @ np.diag(a**2 + s) @ w.T + SCALE**2 * np.eye(D)
    return vae, tfd.MultivariateNormalFullCovariance(b, covariance)


def shaken(vae, size=0.3):
    random = np.random.default_rng(0)
    for weight in vae.trainable_weights:
        weight.assign_add(size * random.standard_normal(weight.shape))
    return vae


def ladder(**options):
    options = {"likelihood": Gaussian(SCALE), "hidden": (8,), "top_hidden": (8,), **options}
    return shaken(LadderVAE((D,), latent_dims=(3, 2), **options))


def loss(vae, x):
    return tf.add_n([term for name, term in vae.loss_terms(x).items() if name in vae.term_names])


def test_a_merged_gaussian_is_the_product_of_two():
    random = np.random.default_rng(0)
    mean, log_var, other, other_log_var, z = random.normal(size=(5, 200, 4)).astype("float32")
    z, merged = tf.constant(z), precision_weighted(mean, log_var, other, other_log_var)
    rest = normal_log_prob(z, mean, log_var) + normal_log_prob(z, other, other_log_var) - normal_log_prob(z, *merged)
    elsewhere = z + 1.0
    again = normal_log_prob(elsewhere, mean, log_var) + normal_log_prob(elsewhere, other, other_log_var)
    np.testing.assert_allclose(again - normal_log_prob(elsewhere, *merged), rest, atol=2e-3, rtol=1e-4)  # no z in it
    far = precision_weighted(tf.constant([1.0, 1.0]), tf.constant([-90.0, 90.0]), 2.0, tf.zeros([2]))
    np.testing.assert_allclose(far, [[1.0, 2.0], [-90.0, 0.0]], atol=1e-5)


@pytest.mark.parametrize("samples", [1, 5])
def test_the_ladders_posterior_of_a_linear_model_is_exact(samples):
    vae, density = linear_ladder(objective=ImportanceWeighted(samples))
    x = examples()
    exact = density.log_prob(x.astype("float64"))
    np.testing.assert_allclose(-vae.loss_terms(x)["negative_bound"], exact, atol=1e-4)  # whatever is drawn
    np.testing.assert_allclose(-vae.negative_log_likelihood(x, samples).nll, exact, atol=1e-4)


def test_the_elbo_of_a_linear_model_is_the_density():
    vae, density = linear_ladder()
    x = np.repeat(examples(4), 4000, axis=0)
    found = -loss(vae, x).numpy().reshape(4, -1)
    exact = density.log_prob(examples(4).astype("float64")).numpy()
    np.testing.assert_array_less(np.abs(found.mean(axis=1) - exact), 5 * found.std(axis=1) / np.sqrt(4000))


def test_the_kl_of_each_level_is_what_draws_estimate():
    vae = ladder()
    q = vae.posterior(np.repeat(examples(3), 5000, axis=0))
    z, log_q = q.draw(vae.noise)
    z_1, z_2 = vae.prior.levels(z)
    of_2 = normal_log_prob(z_2, q.means[1], q.log_vars[1]) - normal_log_prob(z_2)
    of_1 = log_q - vae.prior.log_prob(z) - of_2
    np.testing.assert_allclose(q.log_prob(z), log_q, rtol=1e-4, atol=1e-4)
    for exact, drawn in zip(q.kl(z_2), (of_1, of_2), strict=True):
        difference = (drawn - exact).numpy().reshape(3, -1)
        error = difference.std(axis=1) / np.sqrt(5000)
        np.testing.assert_array_less(np.abs(difference.mean(axis=1)), 5 * error)
        assert np.mean(exact) > 0.05  # there is something to estimate
    np.testing.assert_allclose(vae.kl(q, z, log_q), tf.add_n(q.kl(z_2)), rtol=1e-6)


def test_the_elbo_is_below_the_importance_weighted_likelihood():
    vae, x = ladder(), examples(6)
    elbo = -loss(vae, np.repeat(x, 2000, axis=0)).numpy().reshape(6, -1)
    nll, error = vae.negative_log_likelihood(x, samples=2000)
    assert (elbo.mean(axis=1) < -nll).all() and error.max() < 1.0
    assert (-nll - elbo.mean(axis=1)).max() > 0.1


def test_without_news_from_above_it_is_a_vae(same_noise):
    """p(z_1|z_2) = N(0, I), q(z_2|x) = p(z_2): a VAE whose posterior is the encoder's Gaussian merged with N(0, I)."""
    vae, x = ladder(), examples(8)
    for weight in vae.prior.top_down.weights:
        weight.assign(tf.zeros_like(weight))
    estimate = tf.constant(vae.encoder(x)) * [1, 1, 1, 0, 0, 1, 1, 1, 0, 0]
    vae.encoder = keras.Sequential([keras.Input((10,)), keras.layers.Identity()])  # the estimate itself
    mean, log_var = precision_weighted(estimate[:, :3], estimate[:, 5:8], 0.0, 0.0)
    q = vae.posterior_given(estimate, None)
    terms = vae.objective.terms(_taking(vae, estimate), x, None, False)
    plain = VAE((D,), latent_dim=3, likelihood=Gaussian(SCALE), hidden=(8,), decoder=vae.decoder)
    merged = tf.concat([mean, log_var], axis=1)
    plain.encoder = keras.Sequential([keras.Input((6,)), keras.layers.Identity()])
    expected = plain.objective.terms(_taking(plain, merged), x, None, False)
    np.testing.assert_allclose(terms["reconstruction"], expected["reconstruction"], rtol=1e-5)
    np.testing.assert_allclose(terms["kl_1"], expected["kl"], rtol=1e-5)
    np.testing.assert_allclose(terms["kl_2"], 0.0, atol=1e-6)
    np.testing.assert_allclose(q.center()[:, :3], mean, rtol=1e-5)


def _taking(vae, estimate):
    """The model, whose posterior is that of `estimate` in the place of the encoder's output."""
    given = type(vae).posterior_given
    vae.posterior_given = lambda x, condition, training=False: given(vae, estimate, condition, training)
    return vae


def test_codes_are_both_levels_and_decode_sees_the_lower_one():
    vae, x = ladder(), examples(5)
    code = vae.encode(x)
    q = vae.posterior(x)
    prior = vae.prior.given(q.means[1])
    mean, _ = precision_weighted(q.means[0], q.log_vars[0], *prior)
    np.testing.assert_allclose(code, tf.concat([mean, q.means[1]], axis=1), rtol=1e-5, atol=1e-6)
    other = tf.concat([code[:, :3], code[:, 3:] + 5.0], axis=1)
    np.testing.assert_array_equal(vae.decode(other), vae.decode(code))
    np.testing.assert_allclose(vae(x), vae.decode(code), rtol=1e-5, atol=1e-6)
    assert vae.posterior(x).sample(7, seed=0).shape == (7, 5, 5)
    draws = vae.posterior(np.repeat(x[:1], 4000, axis=0)).sample(seed=1)
    np.testing.assert_allclose(np.mean(draws[:, 3:], axis=0), q.means[1][0], atol=0.15)


def test_samples_are_drawn_from_above():
    vae = ladder()
    z = vae.sample_latent(20_000, seed=0)
    z_1, z_2 = (part.numpy() for part in vae.prior.levels(z))
    np.testing.assert_allclose(np.cov(z_2.T), np.eye(2), atol=0.05)
    mean, log_var = (part.numpy() for part in vae.prior.given(z_2))
    standardised = (z_1 - mean) / np.exp(0.5 * log_var)
    np.testing.assert_allclose(np.cov(standardised.T), np.eye(3), atol=0.05)
    assert np.abs(np.corrcoef(np.hstack([z_1, z_2]).T)[:3, 3:]).max() > 0.1


def test_the_kl_of_units_adds_up_to_the_levels():
    vae, x = ladder(), examples(40)
    below, above = vae.kl_per_unit(x, seed=3)
    q = vae.posterior(x)
    levels = q.kl(vae.prior.levels(q.sample(seed=3))[1])
    assert below.shape == (3,) and above.shape == (2,)
    np.testing.assert_allclose([below.sum(), above.sum()], [np.mean(level) for level in levels], rtol=1e-4)


def test_beta_weighs_both_levels(same_noise):
    x = examples(4)
    plain, weighted = (ladder(beta=beta).loss_terms(x) for beta in (1.0, 0.25))
    for name in ("kl_1", "kl_2"):
        np.testing.assert_allclose(weighted[name], 0.25 * plain[name], rtol=1e-5)
    warming = ladder(beta={"schedule": "linear", "end": 1.0, "steps": 10})
    assert float(tf.reduce_sum(warming.loss_terms(x)["kl_1"])) == 0.0 and warming.metric_names == ("beta",)


@pytest.mark.parametrize("network", [{}, {"network": "convolutional", "hidden": (2, 4)}])
@pytest.mark.by_default(every=2)
def test_a_ladder_learns_in_all_weights_and_is_restored(network, tmp_path):
    vae = LadderVAE((8, 8, 1), latent_dims=(3, 2), top_hidden=(8, 4), **network)
    x = np.random.default_rng(0).random((32, 8, 8, 1), "float32")
    vae.compile(keras.optimizers.Adam(1e-2))
    before = vae.get_weights()
    vae.fit(x, verbose=0)
    changed = [np.any(new != old) for new, old in zip(vae.get_weights(), before, strict=True)]
    assert sum(changed) >= len(vae.trainable_weights)
    vae.save(tmp_path / "vae.keras")
    restored = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(restored.sample(4, seed=0), vae.sample(4, seed=0))
    np.testing.assert_array_equal(restored.encode(x), vae.encode(x))


def test_impossible_ladders_are_one_line():
    cases = [
        ({"latent_dims": (2,)}, r"two levels of codes. Received: latent_dims=\(2,\)"),
        ({"latent_dims": (2, 0)}, "latent_dims must"),
        ({"latent_dim": 4}, "two levels of codes. Received: latent_dim=4. Nearest: latent_dims"),
        ({"prior": "vamp"}, "LadderVAE has a prior of its own. Received: prior='vamp'"),
        ({"latent_dims": (2, 2), "top_down": keras.layers.Dense(3)}, "top_down must map"),
    ]
    for options, message in cases:
        with pytest.raises(InputError, match=message) as error:
            LadderVAE((D,), hidden=(4,), **options)
        assert "\n" not in str(error.value)
    vae = ladder(objective=ImportanceWeighted(2, "dreg"))
    with pytest.raises(InputError, match="Gaussian posterior. Received: a LadderPosterior"):
        vae.loss_terms(examples(2), training=True)


def test_the_kl_of_one_level_is_that_of_gaussians():
    vae, x = ladder(), examples(3)
    q = vae.posterior(x)
    z_2 = tf.constant(np.random.default_rng(0).normal(size=(3, 2)), tf.float32)
    below, prior = q.given(z_2)
    one = tfd.MultivariateNormalDiag(below[0], tf.exp(0.5 * below[1]))
    other = tfd.MultivariateNormalDiag(prior[0], tf.exp(0.5 * prior[1]))
    np.testing.assert_allclose(q.kl(z_2)[0], tfd.kl_divergence(one, other), rtol=1e-4)
    np.testing.assert_allclose(q.kl(z_2)[1], normal_kl(q.means[1], q.log_vars[1]), rtol=1e-6)

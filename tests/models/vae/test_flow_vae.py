"""The bound of a VAE whose posterior or prior is a flow."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.core.errors import InputError
from keraszoo.distributions import normal_log_prob
from keraszoo.losses import normal_kl
from keraszoo.models import MAF, VAE, FlowVAE
from keraszoo.models.vae.importance_weighted import ImportanceWeighted


def model(**options):
    return FlowVAE((4, 4, 1), latent_dim=2, hidden=(16,), **options)


def posterior_terms(vae, draws=20_000):
    """The KL term's estimates for many draws of one example."""
    x = tf.tile(tf.random.stateless_uniform([1, 4, 4, 1], (0, 0)), [draws, 1, 1, 1])
    return vae.loss_terms(x)["kl"].numpy()


def shaken(vae):
    random = np.random.default_rng(0)
    for weight in vae.trainable_weights:
        weight.assign_add(
            0.2 / np.sqrt(weight.shape[0] if len(weight.shape) > 1 else 1) * random.standard_normal(weight.shape)
        )
    return vae


@pytest.mark.parametrize("posterior", ["gaussian", "planar", "radial", "sylvester", "iaf"])
@pytest.mark.parametrize("prior", ["normal", "mixture", "realnvp", "maf"])
@pytest.mark.by_default(every=3)
def test_the_prior_over_the_posterior_is_one_on_average(posterior, prior):
    """E_q p(z) / q(z|x) = integral of p = 1: wrong densities on either side break it."""
    if (posterior, prior) == ("gaussian", "normal"):
        pytest.skip("its KL is exact")
    vae = shaken(model(posterior=posterior, posterior_transforms=2, prior=prior, prior_transforms=2))
    bias = vae.encoder.layers[-1].bias
    bias.assign_add(
        np.repeat([0.0, 1.5, 0.0][: vae.encoder_outputs], 2)
    )  # a wide posterior: the ratio has no heavy tail
    ratio = np.exp(-posterior_terms(vae))
    assert np.mean(ratio) == pytest.approx(1.0, abs=4 * ratio.std() / np.sqrt(len(ratio)))


def test_a_normal_prior_by_tfp_has_the_exact_kl_on_average():
    normal = tfd.MultivariateNormalDiag([0.0, 0.0], [1.0, 1.0])
    vae = shaken(model(posterior="gaussian", prior=normal))
    terms = posterior_terms(vae)
    x = tf.random.stateless_uniform([1, 4, 4, 1], (0, 0))
    q = vae.posterior(x)
    exact = float(normal_kl(q.mean(), q.log_var)[0])
    assert terms.mean() == pytest.approx(exact, abs=4 * terms.std() / np.sqrt(len(terms)))


def test_without_flows_it_is_the_vae():
    vae, plain = model(posterior="gaussian"), VAE((4, 4, 1), latent_dim=2, hidden=(16,))
    plain.set_weights(vae.get_weights())
    x = tf.random.stateless_uniform([3, 4, 4, 1], (0, 0))
    np.testing.assert_array_equal(vae.loss_terms(x)["kl"], plain.loss_terms(x)["kl"])


def test_gaussian_log_density_is_that_of_tfp():
    z, mean, log_var = tf.constant([[0.3, -1.0]]), tf.constant([[1.0, 0.0]]), tf.constant([[0.5, -2.0]])
    expected = tfd.MultivariateNormalDiag(mean, tf.exp(0.5 * log_var)).log_prob(z)
    np.testing.assert_allclose(normal_log_prob(z, mean, log_var), expected, rtol=1e-6)


def test_the_posterior_flow_depends_on_the_image():
    vae = shaken(model(posterior="iaf"))
    last = vae.encoder.layers[-1]
    kernel = last.kernel.numpy()
    kernel[:, :4] = 0.0  # the Gaussian is the same for all images, the context is not
    kernel[:, 4:] *= 20.0
    last.kernel.assign(kernel)
    q = vae.posterior(tf.random.stateless_uniform([2, 4, 4, 1], (0, 0)))
    np.testing.assert_array_equal(q.mean()[0], q.mean()[1])
    assert np.abs(q.center()[0] - q.center()[1]).max() > 1e-3


@pytest.mark.parametrize("posterior", ["iaf", "planar", "radial"])
def test_a_posterior_that_can_be_undone_has_the_density_of_its_draws(posterior):
    vae = shaken(model(posterior=posterior, posterior_transforms=3))
    q = vae.posterior(tf.random.stateless_uniform([6, 4, 4, 1], (0, 0)))
    z, log_prob = q.draw(vae.noise)
    np.testing.assert_allclose(q.log_prob(z), log_prob, rtol=1e-4, atol=1e-4)
    z, log_prob = q.draws(tf.random.stateless_normal([6, 4, 2], (1, 2)))
    assert z.shape == (6, 4, 2)
    for place in range(4):
        np.testing.assert_allclose(q.log_prob(z[:, place]), log_prob[:, place], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("posterior", ["planar", "radial", "sylvester", "iaf"])
def test_many_draws_are_as_many_rows_with_their_contexts(posterior):
    """With no spread of z_0 each draw is what the flow makes of its mean."""
    vae = shaken(model(posterior=posterior))
    last = vae.encoder.layers[-1]
    last.bias.assign(tf.concat([last.bias[:2], [-60.0, -60.0], last.bias[4:]], 0))
    x = tf.random.stateless_uniform([3, 4, 4, 1], (0, 0))
    q, code = vae.posterior(x), vae.encode(x)
    np.testing.assert_array_equal(q.center(), code)
    np.testing.assert_allclose(q.sample(seed=0), code, atol=1e-5)
    np.testing.assert_allclose(q.sample(5, seed=0), np.tile(code, (5, 1, 1)), atol=1e-5)
    noise = tf.random.stateless_normal([3, 5, 2], (1, 2))
    np.testing.assert_allclose(q.draws(noise)[0], np.repeat(code[:, None], 5, axis=1), atol=1e-5)


def test_an_importance_weighted_bound_takes_a_flow_on_either_side(same_noise):
    options = {"posterior": "iaf", "posterior_transforms": 2, "prior": "maf", "prior_transforms": 2}
    vae = shaken(model(objective=ImportanceWeighted(3), **options))
    x = tf.random.stateless_uniform([4, 4, 4, 1], (0, 0))
    q = vae.posterior(x)
    z, _ = q.draws(keras.random.normal([4, 3, 2]))
    log_w = []
    for place in range(3):
        log_likelihood = -vae.likelihood.negative_log_likelihood(x, vae.decoder(z[:, place]))
        log_w.append(log_likelihood + vae.prior.log_prob(z[:, place]) - q.log_prob(z[:, place]))
    expected = np.log(3) - np.logaddexp.reduce(np.asarray(log_w, "float64"), axis=0)
    np.testing.assert_allclose(vae.loss_terms(x)["negative_bound"], expected, rtol=1e-4)


def test_a_posterior_that_cannot_be_undone_says_so():
    q = model(posterior="sylvester").posterior(tf.zeros([2, 4, 4, 1]))
    with pytest.raises(InputError, match="Sylvester has no inverse direction"):
        q.log_prob(tf.zeros([2, 2]))


@pytest.mark.slow
def test_priors_of_ones_own_survive_the_file(tmp_path):
    mixture = tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.5, 0.5]),
        tfd.MultivariateNormalDiag([[-1.0, 0.0], [1.0, 0.0]], [[0.5, 1.0], [0.5, 1.0]]),
    )
    for prior in (mixture, MAF((2,), transforms=1, hidden=(8,))):
        vae = model(prior=prior, posterior="planar")
        vae.save(tmp_path / "vae.keras")
        restored = keras.saving.load_model(tmp_path / "vae.keras")
        np.testing.assert_array_equal(restored.sample(3, seed=0), vae.sample(3, seed=0))


def test_mistakes_are_told_in_one_line():
    cases = [
        (lambda: model(posterior="ifa"), "Closest: iaf"),
        (lambda: model(prior="real_nvp"), "Closest: realnvp"),
        (lambda: model(prior=MAF((3,))), r"a flow of \(2,\)"),
        (lambda: model(prior="vamp"), "without a flow. Received: posterior='planar'. Nearest: posterior='gaussian'"),
        (lambda: model(prior=3), "a name, a Flow or a TFP distribution. Received: int"),
        (lambda: model(posterior_transforms=0), "posterior_transforms"),
    ]
    for make, message in cases:
        with pytest.raises(InputError, match=message) as error:
            make()
        assert "\n" not in str(error.value)

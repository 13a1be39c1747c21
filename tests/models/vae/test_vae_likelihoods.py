"""Likelihoods of VAEs by importance sampling, and the bounds on them: analytic cases and invariances."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.distributions import Gaussian
from keraszoo.distributions.importance_sampling import importance_sampled
from keraszoo.models import IWAE, VAE, BetaTCVAE, ConditionalVAE, FlowVAE
from keraszoo.models.vae.importance_weighted import ImportanceWeighted
from keraszoo.models.vae.objectives import ELBO
from keraszoo.recipes import Data, Optimizer, Recipe
from keraszoo.runs.run import Run
from keraszoo.training import train

SCALE, D, LATENT = 0.7, 6, 2


def linear_gaussian(make=VAE, widening=0.0, shift=0.0, **options):
    """A linear VAE with its exact posterior, or one that is `shift`ed and of log-variance + `widening`.

    Returns:
        The model, and the density of the data: N(b, WW' + s^2 I), as Tipping and Bishop's probabilistic PCA.
    """
    random = np.random.default_rng(0)
    w = np.linalg.qr(random.normal(size=(D, LATENT)))[0] * [1.5, 0.8]  # orthogonal columns: a diagonal posterior
    b = random.normal(size=D)
    precision = w.T @ w + SCALE**2 * np.eye(LATENT)
    gain = np.linalg.solve(precision, w.T)
    log_var = np.log(SCALE**2 / np.diag(precision)) + widening
    encoder, decoder = keras.Sequential([keras.layers.Dense(2 * LATENT)]), keras.Sequential([keras.layers.Dense(D)])
    vae = make((D,), latent_dim=LATENT, encoder=encoder, decoder=decoder, likelihood=Gaussian(SCALE), **options)
    bias = np.concatenate([shift - gain @ b, log_var])
    encoder.layers[0].set_weights([np.hstack([gain.T, np.zeros((D, LATENT))]), bias])
    decoder.layers[0].set_weights([w.T, b])
    return vae, tfd.MultivariateNormalFullCovariance(b, w @ w.T + SCALE**2 * np.eye(D))


def examples(count=32):
    return np.random.default_rng(1).normal(size=(count, D)).astype("float32")


def flow_vae(shape, **options):
    return FlowVAE(shape, posterior="gaussian", **options)


@pytest.mark.parametrize("make", [VAE, flow_vae])
def test_importance_sampling_finds_the_density_of_a_linear_model(make):
    """With a posterior that is too wide and beside the truth, so that the weights differ."""
    vae, density = linear_gaussian(make, widening=0.8, shift=0.3)
    x = examples()
    exact = -density.log_prob(x.astype("float64")).numpy()
    nll, error = vae.negative_log_likelihood(x, samples=4000)
    assert np.all(error > 0) and error.max() < 0.05
    standardised = (nll - exact) / error
    assert np.abs(standardised).max() < 5
    assert 0.6 < standardised.std() < 1.5  # the error is neither too small nor too large


@pytest.mark.parametrize("posterior", ["planar", "iaf"])
def test_flows_on_both_sides_keep_the_decoded_mass(posterior):
    """A decoder that ignores z has p(x) = N(x; b, s^2 I) whatever prior and posterior are, if their densities are."""
    options = {"posterior": posterior, "prior": "maf", "prior_transforms": 2, "likelihood": Gaussian(SCALE)}
    vae = FlowVAE((D,), latent_dim=2, hidden=(8,), **options)
    random = np.random.default_rng(0)
    for weight in vae.trainable_weights:
        weight.assign_add(0.1 * random.standard_normal(weight.shape))
    codes = vae.encoder.layers[-1]
    codes.kernel.assign(0.2 * codes.kernel)
    codes.bias.assign([0.0, 0.0, 1.0, 1.0, 0.5, -0.5])  # wider than the prior
    b = random.normal(size=D)
    last = vae.decoder.layers[-2]
    last.set_weights([np.zeros(last.kernel.shape), b])
    x = examples(8)
    exact = -tfd.MultivariateNormalDiag(b, SCALE * np.ones(D)).log_prob(x.astype("float64"))
    nll, error = vae.negative_log_likelihood(x, samples=4000)
    np.testing.assert_array_less(np.abs(nll - exact), 5 * error)
    assert error.max() < 0.1


def test_chunks_change_nothing_but_the_draws():
    vae, density = linear_gaussian()
    x = examples(21)
    exact = -density.log_prob(x.astype("float64"))
    for rows in (7, 50, 5000):  # the last chunk of examples and of draws is a part
        nll, error = vae.negative_log_likelihood(x, samples=33, rows=rows)
        np.testing.assert_allclose(nll, exact, atol=1e-4)  # which holds for 33 draws, not for 32 or 35
        np.testing.assert_allclose(error, 0.0, atol=1e-3)


def test_the_same_seed_gives_the_same_likelihood_and_another_another():
    vae, _ = linear_gaussian(widening=1.0)
    x = examples(20)
    first = vae.negative_log_likelihood(x, samples=50, seed=3).nll
    np.testing.assert_array_equal(vae.negative_log_likelihood(x, samples=50, seed=3).nll, first)
    assert np.abs(vae.negative_log_likelihood(x, samples=50, seed=4).nll - first).min() > 0


def test_examples_draw_independently():
    vae, _ = linear_gaussian(widening=1.0)
    x = np.repeat(examples(1), 40, axis=0)
    assert len(np.unique(vae.negative_log_likelihood(x, samples=20, rows=160).nll)) == 40


def test_more_samples_lower_the_bound():
    vae, _ = linear_gaussian(widening=1.5, shift=0.5)
    x = np.repeat(examples(4), 1000, axis=0)
    values = [vae.negative_log_likelihood(x, samples=k).nll for k in (1, 5, 25, 100)]
    means = [value.mean() for value in values]
    assert means == sorted(means, reverse=True)
    negative_elbo = np.mean([tf.add_n(list(vae.loss_terms(x).values())).numpy().mean() for _ in range(20)])
    # one sample is the ELBO
    assert means[0] == pytest.approx(negative_elbo, abs=4 * values[0].std() / np.sqrt(len(x)))


def test_the_error_is_that_of_the_mean_weight_and_one_draw_has_none():
    """Weights exp(s n): of K draws the squared error of log mean w is s^2 / K on average, for small s; also of two."""
    x, spread = np.zeros([5000, 1], "float32"), 0.05
    for samples in (2, 3, 10):
        _, error = importance_sampled(lambda part, noise: spread * noise[..., 0], x, 1, samples)
        assert np.mean(np.square(error)) == pytest.approx(spread**2 / samples, rel=0.08)
    nll, error = importance_sampled(lambda part, noise: spread * noise[..., 0], x, 1, 1)
    assert error is None and np.isfinite(nll).all()


def test_impossible_likelihoods_are_one_line():
    vae, _ = linear_gaussian()
    cases = [
        (lambda: vae.negative_log_likelihood(examples(), samples=0), "samples.*Received: 0"),
        (lambda: vae.negative_log_likelihood(examples(), rows=0), "rows.*Received: 0"),
        (lambda: vae.negative_log_likelihood(examples()[:0]), "at least one example"),
        (lambda: vae.negative_log_likelihood(np.zeros([2, 5], "float32")), "batches of shape"),
        (lambda: VAE((4,), latent_dim=1).negative_log_likelihood(np.full([2, 4], 3.0)), "from 0 to 1"),
    ]
    for compute, message in cases:
        with pytest.raises(InputError, match=message) as error:
            compute()
        assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def binarised(tmp_path_factory):
    """The run of a VAE on binarised digits, after an epoch."""
    recipe = Recipe(
        name="vae/test",
        title="binarised",
        model="VAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 2, "hidden": (16,)},
        data=Data("digits", transforms=(("binarize",),)),
        optimizers={"optimizer": Optimizer("adam", 1e-2)},
        epochs=1,
    )
    return train(recipe, tmp_path_factory.mktemp("binarised") / "run", strategy="none")


def test_the_command_tells_and_writes_the_likelihood(binarised, capsys):
    assert main(["likelihood", str(binarised.path), "--samples", "20", "--count", "30"]) == 0
    shown = capsys.readouterr().out
    found = json.loads((binarised.path / "metrics.json").read_text())["likelihood"]
    assert f"{found['nll']:.5g}" in shown and "bits_per_dimension" in shown
    assert (found["examples"], found["samples"]) == (30, 20)
    assert found["bits_per_dimension"] == pytest.approx(found["nll"] / (64 * np.log(2)))
    assert 0 < found["sampling_error"] < found["standard_error"]


@pytest.mark.parametrize(
    ("samples", "count", "errors"),
    [
        (1, 30, {"standard_error"}),
        (20, 1, {"sampling_error"}),
        (1, 1, set()),
        (2, 2, {"standard_error", "sampling_error"}),
    ],
)
@pytest.mark.by_default(every=2)
def test_one_value_has_no_error(binarised, capsys, samples, count, errors):
    assert main(["likelihood", str(binarised.path), "--samples", str(samples), "--count", str(count)]) == 0
    shown = {line.split()[0].removeprefix("likelihood/") for line in capsys.readouterr().out.splitlines()[1:]}
    found = json.loads((binarised.path / "metrics.json").read_text())["likelihood"]
    assert shown == set(found) == {"nll", "bits_per_dimension", "examples", "samples"} | errors
    assert all(found[name] > 0 for name in errors)


@pytest.mark.slow
def test_labels_that_a_vae_does_not_use_change_nothing(same_noise):
    x, weights, metrics = examples(8), [], []
    for targets in ((), (np.arange(8),)):
        vae, _ = linear_gaussian(widening=0.5)
        vae.compile("adam")
        metrics.append(vae.fit(x, *targets, shuffle=False, verbose=0).history)
        weights.append(vae.get_weights())
    assert metrics[0] == metrics[1]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_commands_without_a_likelihood_are_one_line(binarised, tmp_path, capsys):
    grey = train("vae/digits", tmp_path / "grey", epochs=1, strategy="none")
    other = train("autoencoder/digits", tmp_path / "other", epochs=1, strategy="none")
    capsys.readouterr()
    cases = [
        ([grey.path], "binarize"),
        ([other.path], "those of VAEs. Received: a run of Autoencoder"),
        ([binarised.path, "--samples", "0"], "Received: 0"),
        ([binarised.path, "--count", "0"], "Received: 0"),
        ([binarised.path, "--split", "tset"], "tset"),
    ]
    for arguments, message in cases:
        assert main(["likelihood", *map(str, arguments)]) == 2
        line = capsys.readouterr().err
        assert message in line and line.count("\n") == 1
    assert "likelihood" not in Run.open(grey.path).metrics()


@pytest.mark.parametrize("k", [1, 2, 7, 50])
@pytest.mark.parametrize("gradient", ["reparameterised", "dreg"])
@pytest.mark.parametrize("training", [False, True])
def test_the_bound_of_a_linear_model_is_the_density_for_every_k(k, gradient, training):
    iwae, density = linear_gaussian(IWAE, k=k, gradient=gradient)
    x = examples()
    bound = -iwae.loss_terms(x, training=training)["negative_bound"]
    np.testing.assert_allclose(bound, density.log_prob(x.astype("float64")), atol=1e-4)


def gradients_of(iwae, x, repeats):
    """The gradients of the encoder's and the decoder's weights, from independent draws: [repeats, weights] each."""

    @tf.function
    def gradients():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(iwae.loss_terms(x, training=True)["negative_bound"])
        networks = (iwae.encoder.trainable_variables, iwae.decoder.trainable_variables)
        return [tf.concat([tf.reshape(g, [-1]) for g in part], 0) for part in tape.gradient(loss, networks)]

    return [np.stack(parts) for parts in zip(*(gradients() for _ in range(repeats)), strict=True)]


@pytest.mark.parametrize("beta", [1.0, 0.3])
@pytest.mark.slow
def test_both_gradients_have_one_expected_value(beta):
    found = []
    for gradient in ("reparameterised", "dreg"):
        iwae, _ = linear_gaussian(IWAE, k=5, gradient=gradient, beta=beta, widening=1.0, shift=0.6)
        found.append(gradients_of(iwae, examples(4), 2000))
    for plain, double in zip(*found, strict=True):
        error = np.sqrt((plain.var(axis=0) + double.var(axis=0)) / len(plain))
        standardised = (plain.mean(axis=0) - double.mean(axis=0)) / (error + 1e-6)
        assert np.abs(standardised).max() < 5
        assert np.abs(plain.mean(axis=0) / (error + 1e-6)).max() > 10  # there is something to agree on


def test_the_doubly_reparameterised_gradient_vanishes_at_the_exact_posterior():
    for gradient, noisy in (("reparameterised", True), ("dreg", False)):
        iwae, _ = linear_gaussian(IWAE, k=8, gradient=gradient)
        encoder, _ = gradients_of(iwae, examples(4), 10)
        assert (np.abs(encoder).max() > 1e-2) == noisy


@pytest.mark.parametrize("beta", [1.0, 0.3])
@pytest.mark.parametrize("gradient", ["reparameterised", "dreg"])
def test_one_importance_sample_is_the_vae(beta, gradient, same_noise):
    iwae, _ = linear_gaussian(IWAE, k=1, beta=beta, gradient=gradient, widening=0.5)
    vae, _ = linear_gaussian(VAE, widening=0.5)
    x = examples(4)
    noise = keras.random.normal([4, 1, LATENT])
    z, log_q = vae.posterior(x).draws(noise)
    kl = log_q[:, 0] - vae.prior.log_prob(z[:, 0])
    loss = Gaussian(SCALE).negative_log_likelihood(x, vae.decode(z[:, 0])) + beta * kl
    np.testing.assert_allclose(iwae.loss_terms(x, training=True)["negative_bound"], loss, rtol=1e-5)


def test_the_likelihood_does_not_know_the_beta_of_the_training():
    x = examples(4)
    plain, weighted = (linear_gaussian(IWAE, k=5, beta=beta, widening=0.5)[0] for beta in (1.0, 0.3))
    np.testing.assert_array_equal(*(iwae.negative_log_likelihood(x, 100).nll for iwae in (plain, weighted)))


def test_impossible_bounds_are_one_line():
    for options, message in (({"k": 0}, "k must.*Received: 0"), ({"gradient": "drge"}, "Closest: dreg")):
        with pytest.raises(InputError, match=message):
            IWAE((4,), latent_dim=2, **options)


# ---------------------------------------------------------------------- objectives with priors and conditions


def shaken(vae):
    random = np.random.default_rng(0)
    for weight in vae.trainable_weights:
        weight.assign_add(0.1 * random.standard_normal(weight.shape))
    return vae


def bound_by_hand(vae, x, z, q, decoder_input, beta=1.0):
    """-log of the mean weight of the draws z, [batch, k, d], with the density of the posterior by TFP."""
    count = z.shape[1]
    posterior = tfd.MultivariateNormalDiag(q.mean()[:, None], q.stddev()[:, None])
    output = vae.decoder(decoder_input)
    log_likelihood = -vae.likelihood.negative_log_likelihood(np.repeat(x, count, axis=0), output)
    log_prior = tf.reshape(vae.prior.log_prob(tf.reshape(z, [-1, z.shape[-1]])), z.shape[:2])
    log_w = tf.reshape(log_likelihood, z.shape[:2]) + beta * (log_prior - posterior.log_prob(z))
    return np.log(count) - np.logaddexp.reduce(np.asarray(log_w, "float64"), axis=1)


@pytest.mark.parametrize("gradient", ["reparameterised", "dreg"])
@pytest.mark.parametrize("prior", ["vamp", "mixture"])
def test_an_importance_weighted_bound_takes_a_learned_prior(prior, gradient, same_noise):
    objective = ImportanceWeighted(3, gradient)
    options = {"prior": prior, "prior_components": 4, "objective": objective, "beta": 0.7}
    vae = shaken(VAE((4, 4, 1), latent_dim=2, hidden=(8,), **options))
    x = np.random.default_rng(0).random((5, 4, 4, 1), "float32")
    q = vae.posterior(x)
    z = q.mean()[:, None] + q.stddev()[:, None] * keras.random.normal([5, 3, 2])
    expected = bound_by_hand(vae, x, z, q, tf.reshape(z, [-1, 2]), beta=0.7)
    assert vae.term_names == ("negative_bound",)
    for training in (False, True):
        np.testing.assert_allclose(vae.loss_terms(x, training=training)["negative_bound"], expected, rtol=1e-5)


def test_a_conditional_vae_takes_an_importance_weighted_bound(same_noise):
    vae = shaken(ConditionalVAE((4, 4, 1), latent_dim=2, hidden=(8,), num_classes=3, objective=ImportanceWeighted(4)))
    x, y = np.random.default_rng(0).random((5, 4, 4, 1), "float32"), np.array([0, 2, 1, 1, 0])
    q = vae.posterior(x, y)
    z = q.mean()[:, None] + q.stddev()[:, None] * keras.random.normal([5, 4, 2])
    codes = np.repeat(np.eye(3, dtype="float32")[y], 4, axis=0)
    expected = bound_by_hand(vae, x, z, q, tf.concat([tf.reshape(z, [-1, 2]), codes], axis=1))
    np.testing.assert_allclose(vae.loss_terms(x, y)["negative_bound"], expected, rtol=1e-5)
    other = vae.loss_terms(x, (y + 1) % 3)["negative_bound"]
    assert np.abs(other - expected).min() > 1e-4  # both networks are told the class


@pytest.mark.parametrize("prior", ["vamp", "mixture"])
@pytest.mark.by_default("vamp")
def test_models_composed_of_objective_and_prior_learn_and_are_restored(prior, tmp_path):
    vae = VAE((4, 4, 1), latent_dim=2, hidden=(8,), prior=prior, prior_components=3, objective=ImportanceWeighted(3))
    x = np.random.default_rng(0).random((32, 4, 4, 1), "float32")
    before = [weight.numpy() for weight in vae.prior.trainable_weights]
    vae.compile(keras.optimizers.Adam(1e-2))
    vae.fit(x, verbose=0)
    after = vae.prior.trainable_weights
    assert all(np.abs(new - old).max() > 0 for new, old in zip(after, before, strict=True))
    vae.save(tmp_path / "vae.keras")
    restored = keras.saving.load_model(tmp_path / "vae.keras")
    assert (restored.objective.k, restored.objective.gradient) == (3, "reparameterised")
    np.testing.assert_array_equal(restored.sample(4, seed=0), vae.sample(4, seed=0))
    np.testing.assert_array_equal(restored.negative_log_likelihood(x, 5).nll, vae.negative_log_likelihood(x, 5).nll)


def test_the_iwae_is_a_vae_with_its_objective(same_noise):
    x = examples(6)
    iwae, _ = linear_gaussian(IWAE, k=4, widening=0.5)
    vae, _ = linear_gaussian(VAE, objective=ImportanceWeighted(4), widening=0.5)
    np.testing.assert_array_equal(iwae.loss_terms(x)["negative_bound"], vae.loss_terms(x)["negative_bound"])


def test_a_model_with_an_objective_of_its_own_takes_no_other():
    with pytest.raises(InputError, match="BetaTCVAE has an objective of its own. Received: objective=") as error:
        BetaTCVAE((4, 4, 1), size=10, objective=ELBO())
    assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- other bounds of several draws


def weights_and_noise(iwae, x, draws):
    """log w of each draw of a model under `same_noise`, [batch, draws], whose autodiff is the plain gradient."""
    return iwae.log_weights(x, keras.random.normal([len(x), draws, iwae.latent_dim]), training=True)


def mean_of_groups(log_w, m, k):
    grouped = tf.reshape(log_w, [-1, m, k])
    return tf.reduce_mean(tf.reduce_logsumexp(grouped, axis=2) - np.log(k), axis=1)


def learned(iwae, x):
    """The loss, and its gradients in the encoder's and in the decoder's weights."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(iwae.loss_terms(x, training=True)["negative_bound"])
    gradients = tape.gradient(loss, [iwae.encoder.trainable_variables, iwae.decoder.trainable_variables])
    return (loss, *(tf.concat([tf.reshape(part, [-1]) for part in each], 0) for each in gradients))


def bounded(k, bound, gradient="reparameterised", **options):
    return linear_gaussian(IWAE, k=k, bound=bound, gradient=gradient, widening=0.9, shift=0.5, **options)[0]


def assert_alike(one, other, rtol=1e-4):
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=rtol * np.abs(theirs).max())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"k": 6, "bound": "iwae"}, lambda w: mean_of_groups(w, 1, 6)),
        ({"k": 3, "bound": "miwae", "m": 2}, lambda w: mean_of_groups(w, 2, 3)),
        (
            {"k": 6, "bound": "ciwae", "elbo_weight": 0.3},
            lambda w: 0.3 * tf.reduce_mean(w, axis=1) + 0.7 * mean_of_groups(w, 1, 6),
        ),
    ],
    ids=["iwae", "miwae", "ciwae"],
)
def test_bounds_and_their_gradients_are_those_of_the_formulas(options, expected, same_noise):
    x, iwae = examples(5), bounded(**options)
    for training in (False, True):
        found = -iwae.loss_terms(x, training=training)["negative_bound"]
        np.testing.assert_allclose(found, expected(weights_and_noise(iwae, x, 6)), rtol=1e-5)
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(expected(weights_and_noise(iwae, x, 6)))
    gradients = tape.gradient(loss, iwae.encoder.trainable_variables)
    assert_alike(learned(iwae, x)[1:2], [tf.concat([tf.reshape(part, [-1]) for part in gradients], 0)])


@pytest.mark.parametrize("gradient", ["reparameterised", "dreg"])
def test_bounds_meet_where_their_numbers_say_so(gradient, same_noise):
    x, elbo = examples(5), bounded(1, "miwae", gradient, m=6)  # the mean of six single draws
    iwae = learned(bounded(6, "iwae", gradient), x)
    assert_alike(learned(bounded(6, "ciwae", gradient, elbo_weight=0.0), x), iwae)
    assert_alike(learned(bounded(6, "miwae", gradient, m=1), x), iwae)
    assert_alike(learned(bounded(6, "piwae", gradient, m=1), x), iwae)
    assert_alike(learned(bounded(6, "ciwae", gradient, elbo_weight=1.0), x), learned(elbo, x))
    assert np.abs(learned(elbo, x)[0] - iwae[0]) > 0.1


@pytest.mark.parametrize("gradient", ["reparameterised", "dreg"])
@pytest.mark.parametrize("scale", [SCALE, 0.02], ids=["near", "far"])  # far: weights hundreds of nats apart
def test_piwae_learns_its_parts_from_two_bounds(gradient, scale, same_noise):
    def made(k, bound, **options):
        iwae = bounded(k, bound, gradient, **options)
        iwae.likelihood = Gaussian(scale)
        return iwae

    x = examples(5)
    both = learned(made(3, "piwae", m=4), x)
    of_groups, of_all = learned(made(3, "miwae", m=4), x), learned(made(12, "iwae"), x)
    assert_alike(both[:1], of_all[:1])
    assert_alike(both[1:2], of_groups[1:2])
    assert_alike(both[2:], of_all[2:])
    for one, other in ((both[1], of_all[1]), (both[2], of_groups[2])):
        assert np.abs(one - other).max() > 1e-2 * np.abs(one).max()


@pytest.mark.parametrize(
    "options",
    [{"bound": "miwae", "m": 3}, {"bound": "ciwae", "elbo_weight": 0.4}, {"bound": "piwae", "m": 3}],
    ids=lambda options: options["bound"],
)
@pytest.mark.by_default("ciwae")
def test_the_doubly_reparameterised_gradient_is_each_bounds(options):
    """It has the expected value of the plain one, and vanishes at the exact posterior."""
    found = []
    for gradient in ("reparameterised", "dreg"):
        found.append(gradients_of(bounded(4, gradient=gradient, **options), examples(4), 2000))
    for plain, double in zip(*found, strict=True):
        error = np.sqrt((plain.var(axis=0) + double.var(axis=0)) / len(plain))
        assert (np.abs(plain.mean(axis=0) - double.mean(axis=0)) / (error + 1e-6)).max() < 5
    exact, _ = linear_gaussian(IWAE, k=4, gradient="dreg", **options)
    assert np.abs(gradients_of(exact, examples(4), 5)[0]).max() < 1e-2


def test_bounds_are_restored(tmp_path):
    iwae = IWAE((4,), latent_dim=2, hidden=(4,), k=3, bound="ciwae", elbo_weight=0.25)
    again = IWAE.from_config(iwae.get_config())
    assert again.objective.get_config() == iwae.objective.get_config()
    objective = ImportanceWeighted(3, bound="piwae", m=2)
    restored = ImportanceWeighted.from_config(objective.get_config())
    assert (restored.k, restored.m, restored.bound) == (3, 2, "piwae")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bound": "miwa"}, "Unknown bound. Received: 'miwa'. Closest: miwae"),
        ({"m": 2}, "Only miwae and piwae have groups of draws. Received: m=2, bound='iwae'"),
        ({"bound": "miwae", "m": 0}, "m must.*Received: 0"),
        ({"bound": "piwae", "elbo_weight": 0.5}, "Only ciwae has a weight of the ELBO"),
        ({"bound": "ciwae", "elbo_weight": 1.5}, "from 0 to 1. Received: elbo_weight=1.5"),
    ],
)
def test_impossible_combinations_of_bounds_are_one_line(options, message):
    with pytest.raises(InputError, match=message) as error:
        IWAE((4,), latent_dim=2, **options)
    assert "\n" not in str(error.value)

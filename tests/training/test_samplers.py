"""Samplers that are fitted to codes: their densities, what they draw for each kind of code, what is kept of a run."""

import json
import warnings
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability.python import distributions as tfd

from keraszoo.__main__ import main
from keraszoo.analysis import densities, fit_sampler
from keraszoo.analysis.densities import flow_density, gaussian_density, mixture_density
from keraszoo.core.errors import InputError
from keraszoo.export import export
from keraszoo.models import GAN, VAE, VQVAE, Autoencoder, ConditionalVAE, LadderVAE, RealNVP, SparseAutoencoder
from keraszoo.recipes import get
from keraszoo.runs.run import Run
from keraszoo.runs.samplers import run_sampler
from keraszoo.training import measure, sample
from keraszoo.training.build import build_model

MEANS = np.array([[-6.0, 0.0, 100.0], [6.0, 0.0, 100.0], [0.0, 9.0, 101.0]])


def clusters(count=3000):
    """Draws of three Gaussians with covariances of their own, far from the origin in the last unit."""
    random = np.random.default_rng(0)
    turns = random.normal(size=(3, 3, 3)) * [1.0, 1.0, 0.2]
    component = random.integers(3, size=count)
    noise = random.normal(size=(count, 3))
    codes = MEANS[component] + np.einsum("nij,nj->ni", turns[component], noise)
    return codes.astype("float32"), np.einsum("kij,klj->kil", turns, turns)


def images(count=200, shape=(8, 8, 1)):
    return np.random.default_rng(0).random((count, *shape), "float32")


def autoencoder(**options):
    return Autoencoder((8, 8, 1), latent_dim=3, hidden=(8,), **options)


# ---------------------------------------------------------------------- densities


def test_the_gaussian_is_that_of_the_codes():
    codes, _ = clusters()
    codes[:, 0] += 1e4  # whose squares would lose the variance
    density = gaussian_density(codes)
    np.testing.assert_allclose(density.loc, codes.mean(axis=0, dtype="float64"), rtol=1e-6)
    np.testing.assert_allclose(density.covariance(), np.cov(codes.astype("float64").T, bias=True), rtol=2e-3, atol=2e-2)


def test_the_mixture_finds_the_components_and_their_covariances():
    codes, covariances = clusters()
    assert mixture_density(codes).covariance == "full"
    found = mixture_density(codes, components=3)
    order = [int(np.argmin(np.linalg.norm(found.means - mean, axis=1))) for mean in MEANS]
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(found.means.numpy()[order], MEANS, atol=0.3)
    scales = found.scale_trils().numpy()[order]
    for scale, covariance in zip(scales, covariances, strict=True):
        np.testing.assert_allclose(scale @ scale.T, covariance, atol=0.15 * np.abs(covariance).max())


def test_the_density_of_a_full_mixture_is_tfps():
    codes, _ = clusters(500)
    density = mixture_density(codes, components=4)
    scales = tfd.MultivariateNormalTriL(density.means.value, density.scale_trils())
    expected = tfd.MixtureSameFamily(tfd.Categorical(logits=density.logits.value), scales)
    np.testing.assert_allclose(density.log_prob(codes), expected.log_prob(codes), rtol=1e-3, atol=1e-3)
    draws = density.sample(40_000, seed=0).numpy()
    np.testing.assert_allclose(draws.mean(axis=0), codes.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(np.cov(draws.T), np.cov(codes.T), atol=0.05 * np.cov(codes.T).max())


def test_the_bic_says_one_component_of_a_gaussian_and_two_of_two():
    random = np.random.default_rng(0)
    assert mixture_density(random.normal(size=(500, 2)).astype("float32")).components == 1
    two = random.normal(size=(500, 2)) + 4.0 * random.choice([-1, 1], size=(500, 1))
    assert mixture_density(two.astype("float32")).components == 2


def test_many_units_get_diagonal_covariances():
    codes = np.random.default_rng(0).normal(3.0, 2.0, size=(600, densities.LARGEST_FULL + 1)).astype("float32")
    density = mixture_density(codes, components=2)
    assert density.covariance == "diag"
    draws = density.sample(4000, seed=0)
    np.testing.assert_allclose(np.mean(draws), 3.0, atol=0.05)
    np.testing.assert_allclose(np.std(draws), 2.0, atol=0.1)


def test_units_that_never_change_stay_as_they_are():
    codes = np.random.default_rng(0).normal(size=(300, 3)).astype("float32")
    codes[:, 1] = 7.0
    for density in (gaussian_density(codes), mixture_density(codes, components=2)):
        draws = density.sample(500, seed=0).numpy()
        assert np.isfinite(draws).all() and np.abs(draws[:, 1] - 7.0).max() < 0.1
        assert 0.8 < draws[:, 0].std() < 1.2


@pytest.mark.slow
def test_the_flow_learns_what_a_gaussian_cannot_say():
    random = np.random.default_rng(0)
    first = random.normal(size=(2000, 1))
    codes = np.concatenate([first, first**2 + 0.3 * random.normal(size=(2000, 1))], axis=1).astype("float32")
    learned, held_out = codes[:1600], codes[1600:]
    flow, gaussian = flow_density(learned), gaussian_density(learned)
    assert np.mean(flow.log_prob(held_out)) > np.mean(gaussian.log_prob(held_out)) + 0.3


# ---------------------------------------------------------------------- sampling


@pytest.mark.parametrize("kind", ["gaussian", "mixture", "flow"])
@pytest.mark.by_default("gaussian")
def test_a_sampler_repeats_by_seed_and_is_restored(kind, monkeypatch, tmp_path):
    monkeypatch.setattr(densities, "EPOCHS", 1)
    sampler = fit_sampler(autoencoder(), images(), kind)
    one, again, other = (sampler.sample(5, seed=seed).numpy() for seed in (3, 3, 4))
    assert one.shape == (5, 8, 8, 1) and np.array_equal(one, again) and not np.array_equal(one, other)
    rows = sampler.vectors_of_rows(tf.constant([7, 8, 7], tf.int64), tf.ones([3]))
    assert np.array_equal(rows[0], rows[2]) and not np.array_equal(rows[0], rows[1])
    alone = sampler.vectors_of_rows(tf.constant([8], tf.int64), tf.ones([1]))
    np.testing.assert_allclose(alone[0], rows[1], rtol=1e-5, atol=1e-6)
    sampler.save(tmp_path / "sampler.keras")
    restored = keras.saving.load_model(tmp_path / "sampler.keras")
    np.testing.assert_array_equal(restored.sample(5, seed=3), one)
    if kind != "flow":
        second = fit_sampler(sampler.autoencoder, images(), kind)
        np.testing.assert_array_equal(second.sample(5, seed=3), one)


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
def test_draws_follow_the_codes(kind):
    model, x = autoencoder(), images(1000)
    codes = model.encode(x).numpy()
    drawn = fit_sampler(model, x, kind).sample_latent(20_000, seed=0).numpy()
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.1 * codes.std())
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), atol=0.1 * np.cov(codes.T).max())


def test_at_temperature_0_a_gaussian_gives_the_mean_code():
    model, x = autoencoder(), images()
    sampler = fit_sampler(model, x, "gaussian")
    mean = model.encode(x).numpy().mean(axis=0, keepdims=True)
    np.testing.assert_allclose(
        sampler.sample(3, seed=0, temperature=0.0), np.repeat(model.decode(mean), 3, 0), rtol=1e-4
    )


def test_codes_of_a_vae_are_draws_from_its_posteriors():
    """Of posteriors that are all N(2, 1) in each unit the density is N(2, I); that of their means were a point."""
    vae = VAE((8, 8, 1), latent_dim=2, hidden=(8,))
    last = vae.encoder.layers[-1]
    last.set_weights([np.zeros(last.kernel.shape), np.array([2.0, 2.0, 0.0, 0.0])])
    density = fit_sampler(vae, images(2000), "gaussian").density
    np.testing.assert_allclose(density.loc, [2.0, 2.0], atol=0.1)
    np.testing.assert_allclose(density.covariance(), np.eye(2), atol=0.1)


def test_draws_become_the_nearest_possible_codes():
    x = images()
    for penalty, highest in (("kl", 1.0), ("l1", np.inf)):
        sparse = SparseAutoencoder((8, 8, 1), latent_dim=12, hidden=(), penalty=penalty)
        latent = fit_sampler(sparse, x, "gaussian").sample_latent(200, seed=0, temperature=5.0).numpy()
        assert latent.min() == 0.0 and latent.max() <= highest
    vq = VQVAE((8, 8, 1), num_codes=5, code_dim=2, hidden=(4, 4), residual_blocks=1, prior_filters=4)
    vq.adapt(x)
    sampler = fit_sampler(vq, x, "mixture")
    codes = sampler.sample_latent(200, seed=0).numpy()
    assert codes.shape == (200, 2, 2) and codes.dtype == "int32" and set(np.unique(codes)) <= set(range(5))
    np.testing.assert_array_equal(vq.codes_of_vectors(vq.code_vectors(x)), vq.encode(x))
    assert sampler.sample(3, seed=0).shape == (3, 8, 8, 1)


def test_both_levels_of_a_ladder_are_sampled():
    ladder = LadderVAE((8, 8, 1), latent_dims=(3, 2), hidden=(8,), top_hidden=(8,))
    assert fit_sampler(ladder, images(), "gaussian").sample_latent(4, seed=0).shape == (4, 5)


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (lambda: GAN((8, 8, 1), hidden=(4,), discriminator_hidden=(4,)), {}, "VQ-VAE has. Received: GAN"),
        (lambda: RealNVP((4,), transforms=2, hidden=(4,)), {}, "VQ-VAE has. Received: RealNVP"),
        (lambda: ConditionalVAE((8, 8, 1), hidden=(4,), num_classes=3), {}, "knows no classes, which ConditionalVAE"),
        (autoencoder, {"kind": "mixtur"}, "Unknown sampler. Received: 'mixtur'. Closest: mixture"),
        (autoencoder, {"kind": "gaussian", "components": 3}, "Only the sampler 'mixture' has components"),
        (autoencoder, {"components": 201}, "no more than there are codes, 200. Received: components=201"),
        (autoencoder, {"components": 0}, "Received: components=0"),
    ],
    ids=["gan", "flow", "classes", "kind", "no-mixture", "many", "none"],
)
def test_what_cannot_be_sampled_so_is_one_line(model, options, message):
    with pytest.raises(InputError, match=message) as error:
        fit_sampler(model(), images(), **options)
    assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- of runs


def finished(name, path, **arguments):
    """A run of a recipe, with its model as it starts."""
    recipe = get(name)
    recipe = recipe.replace(arguments={**recipe.arguments, **arguments})
    run = Run.create(path, recipe)
    run.save_model(build_model(recipe))
    return run


@pytest.fixture
def run(tmp_path):
    return finished("autoencoder/digits", tmp_path / "run", hidden=(8,), latent_dim=2)


def refused(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.slow
def test_a_sampler_is_kept_and_fitted_again_for_another_model(run, tmp_path, capsys):
    kept, said = run.path / "samplers" / "gaussian.keras", []
    first = sample(run, 3, sampler="gaussian", say=said.append)
    written = kept.stat().st_mtime_ns
    assert said == ["fitting the sampler 'gaussian' to the codes of 1,437 training examples"]
    np.testing.assert_array_equal(sample(run, 3, sampler="gaussian", say=said.append), first)
    assert len(said) == 1 and kept.stat().st_mtime_ns == written
    with zipfile.ZipFile(kept) as archive:
        assert json.loads(archive.comment)["run"] == run.identity
    model = run.model()
    model.set_weights([weight + 0.1 for weight in model.get_weights()])
    run.save_model(model)
    other = sample(run, 3, sampler="gaussian", say=said.append)
    assert "fitted to another model" in said[1] and "fitting" in said[2] and not np.array_equal(other, first)
    of_two = run_sampler(run, "mixture", 2, say=said.append).density.components
    assert (of_two, run_sampler(run, "mixture", 3, say=said.append).density.components) == (2, 3)
    kept.write_bytes(b"no archive")
    capsys.readouterr()
    assert f"{kept} cannot be read" in refused(capsys, "sample", run.path, "--sampler", "gaussian")


def test_the_commands_take_a_sampler(run, tmp_path, capsys):
    out = tmp_path / "samples.npy"
    assert main(["sample", str(run.path), "--sampler", "mixture", "--components", "2", "--out", str(out)]) == 0
    assert np.load(out).shape == (64, 8, 8, 1) and "fitting the sampler 'mixture'" in capsys.readouterr().out
    line = refused(capsys, "sample", run.path, "--out", out)
    assert "Autoencoder has no distribution to sample from" in line and "--sampler mixture" in line
    assert "Unknown sampler" in refused(capsys, "sample", run.path, "--sampler", "mixtur", "--out", out)
    assert "components" in refused(capsys, "sample", run.path, "--components", "3", "--out", out)
    gan = finished("gan/digits", tmp_path / "gan")
    for verb, *rest in (("sample", "--out", out), ("export", "--to", tmp_path / "served")):
        assert "Received: GAN" in refused(capsys, verb, gan.path, "--sampler", "mixture", *rest)


def test_samples_of_a_sampler_are_measured(run):
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4), keras.layers.Dense(3, "softmax")]
    classifier = keras.Sequential(layers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of untrained features
        found = measure(run, classifier, 50, sampler="gaussian", say=lambda line: None)
    assert set(found) == {"samples", "real vs real"} and np.isfinite(found["samples"]["frechet_distance"])


def test_an_exported_run_samples_by_its_sampler(run, tmp_path, one_doctor):
    version = export(run, tmp_path / "served", sampler="mixture", components=2, say=lambda line: None)
    assert version.parent.name == "autoencoder" and all(check.ok for check in one_doctor.seen[-1])
    served = tf.saved_model.load(str(version)).signatures
    assert {"reconstruct", "encode", "decode", "sample"} <= set(served)
    seeds = tf.constant([5, 6], tf.int64)
    found = served["sample"](seed=seeds, temperature=tf.ones([2]))["image"]
    sampler = run_sampler(run, "mixture", 2)
    expected = sampler.autoencoder.decode(sampler.vectors_of_rows(seeds, tf.ones([2])))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(InputError, match="A sampler is fitted to a run. Received: Autoencoder"):
        export(run.model(), tmp_path / "served", sampler="mixture")

"""Generative classifiers beside scikit-learn's discriminant analysis and naive Bayes."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.naive_bayes import GaussianNB

from keraszoo.core.errors import InputError
from keraszoo.models import GaussianMixture, GenerativeClassifier, KernelDensity, RealNVP

X, Y = load_iris(return_X_y=True)
THEIRS = {
    "lda": LinearDiscriminantAnalysis(),
    "qda": QuadraticDiscriminantAnalysis(),
    "naive_bayes": GaussianNB(var_smoothing=0.0),
}
SMALL = X.astype("float32")


def fitted(density, x=X, y=Y, epochs=1, dtype="float64", **options):
    classifier = GenerativeClassifier((4,), 3, density=density, dtype=dtype, **options)
    classifier.compile()
    classifier.fit(x, y, batch_size=40, epochs=epochs, verbose=0)
    return classifier


@pytest.mark.parametrize("rows", [150, 110])
@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.by_default("lda-150", "naive_bayes-110")
def test_normal_distributions_are_scikit_learns_discriminant_analysis(name, rows):
    """With classes of unequal size too: the first 110 rows have 50, 50 and 10."""
    ours = fitted(name, X[:rows], Y[:rows])
    np.testing.assert_allclose(ours.classify(X), THEIRS[name].fit(X[:rows], Y[:rows]).predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.by_default("naive_bayes")
def test_one_epoch_is_enough_and_a_second_changes_nothing(name):
    once, twice = fitted(name), fitted(name, epochs=2)
    np.testing.assert_allclose(once.classify(X), twice.classify(X), atol=1e-9)


@pytest.mark.parametrize(
    "density",
    [
        {"name": "GaussianMixture", "components": 2},
        {"name": "KernelDensity", "bandwidth": 0.4, "examples": 60},
        GaussianMixture((4,), 2, covariance="diag"),
    ],
)
@pytest.mark.by_default(every=3)
def test_each_class_has_the_density_of_its_own_examples(density):
    classifier = fitted(density, SMALL, dtype="float32", epochs=3)
    for label, found in enumerate(classifier.densities):
        alone = type(found).from_config(found.get_config())
        alone.compile()
        alone.fit(SMALL[label == Y], epochs=3, batch_size=40, verbose=0)
        np.testing.assert_allclose(
            classifier.class_log_probs(SMALL)[:, label], alone.log_prob(SMALL), rtol=2e-3, atol=2e-2
        )


@pytest.mark.slow
def test_flows_learn_by_gradients():
    classifier = GenerativeClassifier((4,), 3, density=RealNVP((4,), transforms=2, hidden=(16,), standardize=True))
    classifier.compile("adam")
    history = classifier.fit(SMALL, Y, epochs=15, batch_size=30, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] - 0.2 and history["accuracy"][-1] > 0.9


def test_bayes_rule_and_priors():
    classifier = fitted("qda")
    priors = np.array([0.7, 0.2, 0.1])
    classifier.set_priors(10 * priors)
    joint = np.exp(np.asarray(classifier.class_log_probs(X))) * priors
    np.testing.assert_allclose(classifier.classify(X), joint / joint.sum(axis=1, keepdims=True), rtol=1e-7)
    np.testing.assert_allclose(classifier.log_prob(X), np.log(joint.sum(axis=1)), rtol=1e-9)
    given = fitted("qda", priors=priors)
    np.testing.assert_allclose(given.classify(X), classifier.classify(X), rtol=1e-9)


def test_measured_priors_are_the_shares_of_the_weights():
    classifier = GenerativeClassifier((4,), 3, density="lda", dtype="float64")
    classifier.compile()
    weights = np.choose(Y, [1.0, 2.0, 5.0])
    classifier.fit(X, Y, sample_weight=weights, batch_size=40, verbose=0)
    np.testing.assert_allclose(np.exp(classifier.log_priors.numpy()), [0.125, 0.25, 0.625], rtol=1e-6)


def test_weights_of_examples_count_them_in_densities_that_are_measured():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(60, 2)).astype("float32"), np.arange(60) % 2
    weights = random.integers(0, 4, 60)
    weighted, repeated = (
        GenerativeClassifier((2,), 2, density={"name": "KernelDensity", "bandwidth": 0.5, "examples": 200})
        for _ in range(2)
    )
    for model, *data, counted in (
        (weighted, x, y, weights),
        (repeated, np.repeat(x, weights, 0), np.repeat(y, weights), None),
    ):
        model.compile()
        model.fit(*data, sample_weight=counted, epochs=1, verbose=0)
    np.testing.assert_allclose(weighted.log_prob(x), repeated.log_prob(x), atol=1e-5)


@pytest.mark.parametrize("density", THEIRS)
def test_weights_count_examples_where_nothing_follows_the_measuring(density):
    weights = np.random.default_rng(0).integers(0, 4, len(X))
    weighted, repeated = (GenerativeClassifier((4,), 3, density=density, dtype="float64") for _ in range(2))
    weighted.adapt(X, Y, sample_weight=weights)
    repeated.adapt(np.repeat(X, weights, 0), np.repeat(Y, weights))
    np.testing.assert_allclose(weighted.log_prob(X), repeated.log_prob(X), rtol=1e-9)


def test_what_no_class_makes_has_the_priors():
    classifier = GenerativeClassifier((2,), 2, density={"name": "Histogram", "bins": 3}, priors=[1, 3])
    classifier.adapt(SMALL[:100, :2], Y[:100])
    far = np.array([[50.0, 50.0]], "float32")
    assert np.isneginf(classifier.log_prob(far)).all()
    np.testing.assert_allclose(classifier.classify(far), [[0.25, 0.75]], rtol=1e-6)


def test_doubt_and_strangers_are_rejected():
    classifier = fitted("lda")
    sure = np.asarray(classifier.decide(X))
    careful = np.asarray(classifier.decide(X, least_probability=0.9))
    assert (sure == np.argmax(classifier.classify(X), axis=1)).all() and (sure >= 0).all()
    assert ((careful == -1) == (np.max(classifier.classify(X), axis=1) < 0.9)).all() and (careful == -1).any()
    stranger = np.full((1, 4), 50.0)
    assert int(classifier.decide(stranger)[0]) >= 0 and int(classifier.decide(stranger, least_log_prob=-50.0)[0]) == -1


@pytest.mark.parametrize("density", ["qda", {"name": "GaussianMixture", "components": 2}])
def test_samples_are_those_of_their_classes(density):
    classifier = fitted(density, epochs=3)
    labels = np.array([2, 0, 0, 1] * 2000)
    samples = np.asarray(classifier.sample(8000, seed=0, labels=labels))
    for label in range(3):
        mean, real = samples[labels == label].mean(axis=0), X[label == Y]
        np.testing.assert_allclose(mean, real.mean(axis=0), atol=5 * real.std(axis=0).max() / np.sqrt(2000))


def test_file_holds_all(tmp_path):
    classifier = fitted({"name": "KernelDensity", "bandwidth": 0.4, "examples": 60}, SMALL, dtype="float32")
    classifier.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.classify(SMALL), classifier.classify(SMALL))


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: GenerativeClassifier((4,), 3, density="ldaa"), "Closest: lda"),
        (lambda: GenerativeClassifier((4,), 1), "at least two classes"),
        (lambda: GenerativeClassifier((4,), 3, density={"name": "VAE"}), "densities of examples|VAE"),
        (lambda: GenerativeClassifier((4,), 3, density=KernelDensity((3,))), r"shape \(4,\)"),
        (lambda: GenerativeClassifier((4,), 3, density=RealNVP((4,), context_dim=2)), "without a context"),
        (lambda: GenerativeClassifier((4,), 3, priors=[0.5, 0.5]), "3 numbers > 0"),
        (lambda: GenerativeClassifier((4,), 3, priors="abc"), "made of numbers"),
        (lambda: fitted("qda", X[[*range(100), 149]], Y[[*range(100), 149]]), "class 2 are all the same"),
        (lambda: fitted("lda", X[:100], Y[:100]), r"none of \[2\]"),
        (lambda: fitted("lda", 1e25 * X, dtype="float32"), "Squares of x"),
        (lambda: fitted("lda").decide(X, least_probability=90), "in \\[0, 1\\]"),
        (lambda: fitted("lda").decide(X, least_log_prob=np.nan), "least_log_prob=nan"),
    ],
)
def test_refusals_are_one_line(call, says):
    with pytest.raises(InputError, match=says) as error:
        call()
    assert "\n" not in str(error.value)

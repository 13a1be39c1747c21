"""Supervised work: what is minimised, what a server answers, weights of classes, schedules, and what is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.models import Classifier, GenerativeClassifier, SemiSupervisedAutoencoder
from keraszoo.recipes import Optimizer
from keraszoo.training.build import build_optimizer

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.random((12, 4, 4, 1), "float32"), np.arange(12) % 3
NAMES = ("cat", "dög", "emu")


def classifier(**options):
    return Classifier((4, 4, 1), 3, features=6, hidden=(5,), **options)


def generative(**options):
    model = GenerativeClassifier((4, 4, 1), 3, density="naive_bayes", **options)
    model.adapt(X, Y)
    return model


MODELS = {
    "Classifier": classifier,
    "SemiSupervisedAutoencoder": lambda **options: SemiSupervisedAutoencoder((4, 4, 1), 3, hidden=(5,), **options),
    "GenerativeClassifier": generative,
}


# ---------------------------------------------------------------------- what is minimised


def test_label_smoothing_mixes_the_cross_entropies_of_all_classes_in_training_alone():
    """(1 - e) of the label's, e of the mean over the classes (Szegedy et al., 2016)."""
    model = classifier(label_smoothing=0.3)
    log_p = np.log(model.classify(X).numpy())
    own = -np.take_along_axis(log_p, Y[:, None], axis=1)[:, 0]
    expected = 0.7 * own - 0.3 * log_p.mean(axis=1)
    np.testing.assert_allclose(model.loss_terms(X, Y, training=True)["cross_entropy"], expected, rtol=1e-5)
    np.testing.assert_allclose(model.loss_terms(X, Y)["cross_entropy"], own, rtol=1e-5)


def test_dropout_stands_before_the_head_and_acts_in_training_alone():
    keras.utils.set_random_seed(0)
    model = classifier(dropout=0.5)
    features = tf.ones([2000, 6])
    model.head.set_weights([np.eye(6, 3, dtype="float32"), np.zeros(3, "float32")])
    seen = model.logits_of(features, training=True).numpy()  # the features themselves, the first three
    assert set(np.unique(seen)) == {0.0, 2.0} and abs(seen.mean() - 1.0) < 0.05
    np.testing.assert_array_equal(model.logits_of(features), np.ones([2000, 3]))
    np.testing.assert_array_equal(model.logits(X), model.logits(X))
    assert (model.logits(X, training=True).numpy() != model.logits(X, training=True).numpy()).any()


def learned(fit):
    keras.utils.set_random_seed(0)
    model = classifier()
    model.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
    fit(model)
    return model.head.get_weights()[0]


def test_weights_of_classes_are_weights_of_their_examples_in_every_form_of_the_data():
    """A class that is not named counts once."""
    weights, batch = {0: 5.0, 2: 0.0}, {"batch_size": 12, "shuffle": False, "verbose": 0}
    data = tf.data.Dataset.from_tensors((X, Y))
    of_arrays = learned(lambda model: model.fit(X, Y, class_weight=weights, **batch))
    of_dataset = learned(lambda model: model.fit(data, class_weight=weights, verbose=0))
    by_example = learned(lambda model: model.fit(X, Y, sample_weight=np.array([5.0, 1.0, 0.0])[Y], **batch))
    without = learned(lambda model: model.fit(X, Y, **batch))
    np.testing.assert_allclose(of_arrays, by_example, atol=1e-6)
    np.testing.assert_allclose(of_dataset, by_example, atol=1e-6)
    assert np.abs(of_arrays - without).max() > 1e-3


# ---------------------------------------------------------------------- names, serving


@pytest.mark.parametrize("name", MODELS)
def test_a_server_answers_names_and_scores_best_first(name):
    model = MODELS[name](class_names=NAMES)
    method, specs = model.serving_signatures()["classify"]
    answer = {key: value.numpy() for key, value in method(tf.constant(X, specs[0].dtype)).items()}
    probabilities = model.classify(X).numpy()
    order = np.argsort(-probabilities, axis=1)
    np.testing.assert_array_equal(answer["probabilities"], probabilities)
    np.testing.assert_array_equal(answer["class"], order[:, 0])
    np.testing.assert_array_equal(answer["scores"], np.take_along_axis(probabilities, order, axis=1))
    assert [[each.decode() for each in row] for row in answer["classes"]] == np.array(NAMES)[order].tolist()
    numbered = MODELS[name]().serving_signatures()["classify"][0](tf.constant(X))["classes"]
    assert numbered.dtype == tf.int64 and numbered.shape == (12, 3)


def test_a_server_names_five_of_many_classes():
    answer = Classifier((4, 4, 1), 9).serving_signatures()["classify"][0](tf.constant(X))
    assert answer["classes"].shape == answer["scores"].shape == (12, 5)


@pytest.mark.parametrize("name", MODELS)
def test_names_are_part_of_the_config(name):
    model = MODELS[name](class_names=list(NAMES))
    assert type(model).from_config(model.get_config()).class_names == NAMES == model.class_names
    assert MODELS[name]().class_names is None


# ---------------------------------------------------------------------- schedules


def test_the_rate_rises_in_a_line_and_falls_as_a_cosine():
    rate = build_optimizer(Optimizer("sgd", 2.0, decay="cosine", warmup=0.2), 100)._learning_rate
    np.testing.assert_allclose([rate(step) for step in (0, 5, 10, 20)], [0.0, 0.5, 1.0, 2.0], atol=1e-6)
    steps = np.arange(20, 101, 20)
    np.testing.assert_allclose([rate(step) for step in steps], 1 + np.cos(np.pi * (steps - 20) / 80), atol=1e-5)
    without = build_optimizer(Optimizer("sgd", 2.0, decay="cosine"), 100)._learning_rate
    np.testing.assert_allclose([without(0), without(50), without(100)], [2.0, 1.0, 0.0], atol=1e-6)


@pytest.mark.parametrize("warmup", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_there_is_a_schedule_of_any_number_of_steps(warmup, steps):
    rate = build_optimizer(Optimizer("sgd", 2.0, decay="cosine", warmup=warmup), steps)._learning_rate
    assert all(0 <= rate(step) <= 2 for step in range(steps + 1))
    assert max(float(rate(step)) for step in range(steps + 1)) == 2


# ---------------------------------------------------------------------- refused


def compiled(model):
    model.compile("sgd", run_eagerly=True)
    return model


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: classifier(dropout=1.0), r"dropout is a share in \[0, 1\).*1\.0"),
        (lambda: classifier(label_smoothing=-0.1), r"label_smoothing is a share.*-0\.1"),
        (lambda: classifier(class_names=("a", "b")), "3 different names.*'a', 'b'"),
        (lambda: classifier(class_names=("a", "b", "b")), "3 different names"),
        (lambda: classifier(class_names="abc"), "3 different names.*'abc'"),
        (lambda: generative(class_names=("a",)), "3 different names"),
        (lambda: compiled(classifier()).fit(X, Y + 1, verbose=0), "from 0 to 2. Received: from 1 to 3"),
        (lambda: compiled(classifier()).fit(X, Y + 0.5, verbose=0), "labels as integers.*float64"),
        (lambda: compiled(classifier()).fit(X, np.ones(12, int), verbose=0), "at least two. Received: 12.*class 1"),
        (lambda: compiled(classifier()).fit(X, Y, class_weight={3: 1.0}, verbose=0), "Received: one of class 3"),
        (lambda: compiled(classifier()).fit(X, Y, class_weight={"0": 1.0}, verbose=0), "Received: one of class '0'"),
        (lambda: compiled(classifier()).fit(X, Y, class_weight={0: -1.0}, verbose=0), r"weights >= 0.*-1\.0"),
        (lambda: compiled(classifier()).fit(X, Y, class_weight=[1.0, 2.0, 1.0], verbose=0), "dictionary.*list"),
        (lambda: classifier(auxiliary_weight=-1.0), r"auxiliary_weight weighs a term and must be >= 0.*-1\.0"),
        (lambda: classifier(auxiliary="conv"), "no such layer. Received: 'conv'"),
        (lambda: build_optimizer(Optimizer(warmup=0.1), 10), "decay='cosine'. Received: warmup=0.1"),
        (lambda: build_optimizer(Optimizer(decay="cosine", warmup=1.0), 10), "warmup is a share"),
        (lambda: build_optimizer(Optimizer(decay="step"), 10), "Unknown decay"),
    ],
)  # fmt: skip
def test_refused_in_one_line(make, says):
    with pytest.raises(InputError, match=says) as refusal:
        make()
    assert "\n" not in str(refusal.value)


def test_one_class_can_be_evaluated_and_few_labels_are_enough():
    """Where one class is all there is to learn from, -1 is no class; an example of each is enough."""
    model = compiled(classifier())
    assert 0 <= model.evaluate(X, np.zeros(12, int), verbose=0, return_dict=True)["accuracy"] <= 1
    semi = compiled(MODELS["SemiSupervisedAutoencoder"]())
    semi.fit(X, np.where(np.arange(12) < 2, Y, -1), verbose=0)
    with pytest.raises(InputError, match="at least two"):
        semi.fit(X, np.where(np.arange(12) < 1, Y, -1), verbose=0)

"""What every model and every recipe of the zoo promises. A new one is covered by being listed; nothing here knows any.

What holds of single batches is tried on a small model of each class; what concerns graphs, replicas, files and servers
on a recipe of each kind, and in the slow suite on all recipes.
"""

import dataclasses
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
import zoo
from noise import BATCH, control_noise

from keraszoo import models
from keraszoo.core.inputs import Labels
from keraszoo.data.datasets.points import known_mixture
from keraszoo.export import export
from keraszoo.metrics import ModeCoverage, segmentation_scores
from keraszoo.models.abilities import Samples
from keraszoo.recipes import Recipe, all_recipes
from keraszoo.runs.run import Run
from keraszoo.training.build import build_model, build_optimizer
from keraszoo.training.loop.checkpoints import Checkpoints, Position, restore_checkpoint
from keraszoo.training.loop.preemption import StopRequest
from keraszoo.training.loop.state import ModelState
from keraszoo.training.measurement import MEASURES

ROWS = 49  # the last batch holds one example: with two replicas, one of them gets none

#: recipes that were not trained to the end yet: they expect nothing, and `keraszoo show` says so
NOT_MEASURED = ("semi_supervised_vae/mnist", "unet/pets", "unet/folder")

# With Adam's usual epsilon of 1e-7 the rounding error of a vanishing gradient becomes a full step of either sign, and
# no two summation orders agree; with this one, laws about arithmetic can be held to 1e-6.
EPSILON = 1.0
#: how large the gradients are where they are no number of some hundreds: of squared distances of colours, 1e6
GRADIENTS = {"colorization/photos": 1e6}


def optimizers(recipe, **arguments):
    """The recipe's optimizers; `arguments` replace theirs where they have them."""
    made = {}
    for name, spec in recipe.optimizers.items():
        known = build_optimizer(spec, 100).get_config()
        chosen = {key: value for key, value in arguments.items() if key in known}
        made[name] = build_optimizer(dataclasses.replace(spec, arguments={**spec.arguments, **chosen}), 100)
    return made


def fresh(recipe, weights=None, dtype=None, **options):
    """A compiled model of the recipe, with the given weights."""
    model = build_model(recipe, dtype)
    if weights is not None:
        model.set_weights(weights)
    options.setdefault("jit_compile", False)  # what XLA learns has a law of its own
    epsilon = options.pop("epsilon", None)
    damped = {"epsilon": epsilon * GRADIENTS.get(recipe.name, 1.0)} if epsilon else {}
    model.compile(**optimizers(recipe, **damped), **options)
    return model


# ------------------------------------------------------------------ which recipe is tried where

#: Laws of graphs, and the recipes on which each is tried by default: one for each way of computing or of taking a step.
#: The slow suite tries them on all recipes.
ONE_OF_EACH = (
    "vae/digits", "vq_vae/digits", "regularized/digits", "wgan/digits", "realnvp/moons", "classifier/digits",
    "unet/cells",
)  # fmt: skip
TRIED = {
    "subject": ONE_OF_EACH,
    "export": ONE_OF_EACH,
    "mixed_float16": ("vae/digits", "vq_vae/digits"),
    "mixed_bfloat16": ("vae/digits",),
    "checkpoint": ("vae/digits", "wgan/digits"),
    "replicas": ("vae/digits", "regularized/digits"),
    "workers": ("vae/digits",),
    "executions": ("vae/digits", "wgan/digits"),
    "xla": ("vae/digits",),
}  # fmt: skip


def small(recipe):
    """The recipe with less to compute and the same laws: two transforms in a chain; 16x16 for a U-Net and CIFAR-10, of
    patches 4x4.

    A density without a network has no more parameters than the rows tell it: two Gaussians that are wide, 16 kernels.
    """
    less = {"transforms": 2, "components": 2, "reg_covar": 0.1, "examples": BATCH, "patch": 4, "gap": 1, "jitter": 0}
    arguments = recipe.arguments | {name: less[name] for name in less.keys() & recipe.arguments.keys()}
    if recipe.model == "GenerativeClassifier":
        arguments["density"] = arguments["density"] | {"components": 1, "reg_covar": 0.1}
    recipe = dataclasses.replace(recipe, arguments=arguments)
    if recipe.model == "UNet" or recipe.data.name == "cifar10":
        recipe = dataclasses.replace(recipe, input_shape=(16, 16, recipe.input_shape[-1]))
    return recipe


def subjects():
    """Every recipe, marked with the laws that are tried on it by default."""
    for name, recipe in all_recipes().items():
        laws = [law for law, names in TRIED.items() if name in names]
        marks = [] if "subject" in laws else [pytest.mark.slow]
        yield pytest.param(small(recipe), id=name, marks=[pytest.mark.tried(*laws), *marks])


@pytest.fixture(scope="module", params=subjects())
def subject(request):
    """A recipe, data of its shape, and its model after an epoch, or the rarest update's first turn; made once.

    It has learned under the noise of `noise_by_row`: its graphs can be run again from `start`.
    """
    recipe = request.param
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(0)
    x = random.random((ROWS, *recipe.input_shape), "float32")
    model = fresh(recipe, epsilon=EPSILON)
    y = None if model.targets is None else model.targets.random(ROWS, random, recipe.input_shape)
    if isinstance(model.targets, Labels):
        y[: model.targets.n] = np.arange(model.targets.n)  # each is in the first batch
    untrained, start = model.get_weights(), ModelState(model).get()
    turn = max([update.every for update in model.gradients().values()], default=1)  # steps until everyone has acted
    epochs = -(-turn // (ROWS // BATCH + 1))
    with pytest.MonkeyPatch.context() as patch:
        control_noise(patch.setattr, by_row=True)
        history = model.fit(x, y, batch_size=BATCH, epochs=epochs, validation_data=(x, y), verbose=0).history
    yield types.SimpleNamespace(
        recipe=recipe, x=x, y=y, model=model, untrained=untrained, start=start, history=history, turn=turn
    )


@pytest.fixture(scope="module", params=zoo.NAMES)
def case(request):
    """A small model of a class that has learned a little, with what it takes."""
    keras.utils.set_random_seed(1)
    model = zoo.compiled(zoo.small(request.param), "adam", run_eagerly=True)
    x, y = zoo.data(model, rows=ROWS)
    model.fit(x[:BATCH], y if y is None else y[:BATCH], batch_size=BATCH, verbose=0)
    return types.SimpleNamespace(model=model, x=x, y=y)


def trained(x, y, model, epochs=3, **options):
    """The weights after that many epochs."""
    model.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, **options)
    return model.get_weights()


def measured(x, y, model):
    """The model's metrics, in order."""
    metrics = model.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True)
    return np.array([metrics[metric.name] for metric in model.metrics])


def learned_again(subject, x, y, epochs):
    """What the subject's own graph learns from its start under the same noise; the model is as before afterwards."""
    state = ModelState(subject.model)
    names, now = state.names, state.get()
    state.set(subject.start, names)
    weights = trained(x, y, subject.model, epochs)
    state.set(now, names)
    return weights


def alone(subject):
    """What one device learns under the same noise; computed once."""
    if not hasattr(subject, "alone"):
        subject.alone = learned_again(subject, subject.x, subject.y, 3)
    return subject.alone


def replicated(subject, mirrored):
    """What two mirrored replicas learn under the same noise, and the model that has; computed once."""
    if not hasattr(subject, "replicated"):
        with mirrored.scope():
            model = fresh(subject.recipe, subject.untrained, epsilon=EPSILON)
        subject.replicated = trained(subject.x, subject.y, model), model
    return subject.replicated


def metric_names(model):
    """Of training."""
    return ["loss", *model.term_names, *model.metric_names]


def evaluated_names(model):
    return [*metric_names(model), *model.evaluation_names]


def difference(one, other):
    """The largest of all weights; where a tensor holds numbers above 1, such as sums of examples, relative to them."""
    return max(np.abs(a - b).max() / max(1, np.abs(a).max()) for a, b in zip(one, other, strict=True))


@pytest.mark.every_class
@pytest.mark.parametrize("name", zoo.NAMES)
def test_model_is_built_when_constructed(name):
    model = zoo.small(name)
    assert model.built and all(layer.built for layer in model._flatten_layers())
    assert model.trainable_variables or not model.gradients()


@pytest.mark.parametrize("recipe", all_recipes().values(), ids=lambda recipe: recipe.name)
def test_recipe_survives_json(recipe):
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.shows("fit", "validation")
def test_fit_reports_every_term_of_training_and_validation(subject):
    names = evaluated_names(subject.model)
    assert set(subject.history) == {*metric_names(subject.model), *(f"val_{name}" for name in names)}
    assert all(np.isfinite(values).all() for values in subject.history.values())
    assert [metric.name for metric in subject.model.metrics] == names


def test_loss_terms_are_per_example(case, noise_by_row):
    whole = case.model.loss_terms(tf.constant(case.x), case.y)
    part = case.model.loss_terms(tf.constant(case.x[:5]), None if case.y is None else case.y[:5])
    assert ["loss", *whole] == evaluated_names(case.model)
    for name, term in whole.items():
        assert term.shape == (ROWS,) and term.dtype == "float32"
        if name not in case.model.batch_term_names:
            np.testing.assert_allclose(part[name], term[:5], rtol=2e-5, atol=1e-5)


def test_evaluation_is_the_mean_of_the_terms(case, noise_by_row):
    model = case.model
    parts = []
    for first in range(0, ROWS, BATCH):  # the rows of the noise are those of a batch
        x, y = (None if v is None else v[first : first + BATCH] for v in (case.x, case.y))
        parts.append(model.loss_terms(tf.constant(x), y))
    metrics = model.evaluate(case.x, case.y, batch_size=BATCH, verbose=0, return_dict=True)
    for name in parts[0]:
        if name not in model.batch_term_names:
            term = np.concatenate([part[name] for part in parts])
            np.testing.assert_allclose(metrics[name], np.mean(term), rtol=2e-5, atol=1e-5)
    np.testing.assert_allclose(metrics["loss"], sum(metrics[name] for name in model.term_names), rtol=2e-5)


def test_every_trainable_weight_gets_a_gradient(case):
    """From one of a few starts at least: layers that begin at 0, and units that are silent, have none from others."""
    model, learned, random = case.model, set(), np.random.default_rng(0)
    start = model.get_weights()
    for _ in range(4):
        for variable in model.trainable_variables:
            variable.assign(variable + 0.3 * random.standard_normal(variable.shape))
        for update in model.gradients().values():
            with tf.GradientTape() as tape:
                values = update.terms(tf.constant(case.x), case.y, training=True)
                loss = tf.add_n([tf.reduce_mean(values[name]) for name in values if name in model.term_names])
            gradients = tape.gradient(loss, [variable.value for variable in update.variables])
            for variable, gradient in zip(update.variables, gradients, strict=True):
                assert gradient is not None and np.isfinite(gradient).all(), variable.path
                learned |= {variable.path} if np.any(gradient) else set()
    model.set_weights(start)
    assert learned == {variable.path for variable in model.trainable_variables}


def test_predict_answers_like_call(case):
    predicted = case.model.predict(case.x, batch_size=BATCH, verbose=0)
    called = case.model(case.x, training=False)
    tf.nest.map_structure(lambda p, c: np.testing.assert_allclose(p, c, rtol=1e-5, atol=1e-5), predicted, called)


@pytest.mark.parametrize("case", [name for name in zoo.NAMES if name not in zoo.WITHOUT_FEATURES], indirect=True)
def test_features_are_of_each_example_alone(case):
    whole, again = (np.asarray(case.model.features(case.x)) for _ in range(2))
    assert whole.ndim == 2 and len(whole) == ROWS and whole.dtype == "float32" and np.isfinite(whole).all()
    assert np.array_equal(whole, again)
    np.testing.assert_allclose(case.model.features(tf.constant(case.x[:5])), whole[:5], rtol=1e-5, atol=1e-5)
    assert np.ptp(whole, axis=0).max() > 0


@pytest.mark.shows("save")
def test_saving_restores_outputs_and_optimizer(subject, tmp_path):
    subject.model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert difference(restored.get_weights(), subject.model.get_weights()) == 0
    assert np.array_equal(restored(subject.x), subject.model(subject.x))
    for mine, theirs in zip(subject.model.optimizers, restored.optimizers, strict=True):
        assert theirs.get_config() == mine.get_config()
        for a, b in zip(mine.variables, theirs.variables, strict=True):
            np.testing.assert_array_equal(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b))
        assert int(theirs.iterations) > 0


class Killed(Exception):
    pass


@pytest.mark.shows("resume")
@pytest.mark.law("checkpoint")
def test_checkpoint_continues_bit_for_bit(subject, tmp_path):
    """Two epochs of 5 steps, 3 an execution; killed at step 7, resumed from the checkpoint of step 6."""
    run = Run.create(tmp_path / "run", subject.recipe)
    data = tf.data.Dataset.from_tensor_slices(subject.x if subject.y is None else (subject.x, subject.y))
    data = data.repeat().batch(BATCH, drop_remainder=True)

    def train(model, position, arrays, killed_at=None):
        def on_pause():
            checkpoints.on_pause()
            if model.step == killed_at:
                checkpoints.on_train_end()  # waits for the writer
                raise Killed

        checkpoints = Checkpoints(
            run, ModelState(model), position, arrays, {}, every=3, keep=9, epochs=2, callbacks=(),
            stop=StopRequest(model.distribute_strategy), say=print,
        )  # fmt: skip
        model.fit(
            data.skip(5 * position.epoch + position.step), verbose=0, epochs=2, steps_per_epoch=5, shuffle=False,
            initial_epoch=position.epoch, initial_step=position.step, pause_every=3 if killed_at is None else 1,
            on_pause=on_pause, callbacks=[checkpoints],
        )  # fmt: skip
        return ModelState(model).get(), position.history

    model = fresh(subject.recipe, subject.untrained, steps_per_execution=3)
    start = ModelState(model).get(), ModelState(model).names
    state, history = train(model, Position(), None)
    for path in run.checkpoints.iterdir():
        path.unlink()
    ModelState(model).set(*start)
    with pytest.raises(Killed):
        train(model, Position(), None, killed_at=7)
    resumed = fresh(subject.recipe, steps_per_execution=3)
    position, arrays = restore_checkpoint(run, ModelState(resumed), {})
    assert (position.epoch, position.step) == (1, 1)
    resumed_state, resumed_history = train(resumed, position, arrays)
    assert resumed_history == history
    for name, value in state.items():
        assert np.array_equal(resumed_state[name], value), name


@pytest.mark.shows("mirrored")
@pytest.mark.law("replicas")
def test_two_replicas_learn_what_one_learns(subject, mirrored, noise_by_row):
    assert difference(replicated(subject, mirrored)[0], alone(subject)) <= 1e-6


@pytest.mark.slow
def test_two_replicas_learn_what_one_learns_of_regularised_layers(mirrored, noise_by_row):
    x = np.random.default_rng(0).random((ROWS, 8, 8, 1), "float32")

    def regularised(weights=None):
        strong = {"kernel_regularizer": keras.regularizers.L2(0.5), "bias_regularizer": keras.regularizers.L1(0.5)}
        layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4, **strong)]
        model = models.VAE((8, 8, 1), latent_dim=2, hidden=(8,), encoder=keras.Sequential(layers))
        if weights is not None:
            model.set_weights(weights)
        model.compile(keras.optimizers.Adam(epsilon=EPSILON), jit_compile=False)
        return model

    one = regularised()
    weights = one.get_weights()
    with mirrored.scope():
        two = regularised(weights)
    assert difference(trained(x, None, two), trained(x, None, one)) <= 1e-6
    np.testing.assert_allclose(measured(x, None, two), measured(x, None, one), rtol=1e-6)


@pytest.mark.shows("multi-worker")
@pytest.mark.law("workers")
def test_two_workers_learn_bit_for_bit_what_two_replicas_learn(subject, mirrored, workers, noise_by_row):
    data = {"x": subject.x} if subject.y is None else {"x": subject.x, "y": subject.y}
    weights, model = replicated(subject, mirrored)
    expected = [*weights, measured(subject.x, subject.y, model)]
    for learned in workers.learn(subject.recipe.to_json(), subject.untrained, **data):
        assert difference(learned, expected) == 0
        assert difference(learned[:-1], alone(subject)) <= 1e-6


@pytest.mark.law("executions")
def test_many_steps_per_execution_learn_what_single_steps_learn(subject, noise_by_row):
    many = fresh(subject.recipe, subject.untrained, epsilon=EPSILON, steps_per_execution=3)
    assert difference(trained(subject.x, subject.y, many), alone(subject)) <= 1e-7


@pytest.mark.shows("XLA")
@pytest.mark.law("xla")
def test_xla_learns_what_the_graph_learns(subject, noise_by_row):
    x, y = subject.x[:BATCH], None if subject.y is None else subject.y[:BATCH]
    compiled = fresh(subject.recipe, subject.untrained, epsilon=EPSILON, jit_compile=True)
    epochs = 2 * subject.turn
    assert difference(trained(x, y, compiled, epochs), learned_again(subject, x, y, epochs)) <= 1e-6


@pytest.mark.shows("mixed precision")
@pytest.mark.parametrize(
    "policy",
    [
        pytest.param("mixed_float16", marks=pytest.mark.law("mixed_float16")),
        pytest.param("mixed_bfloat16", marks=pytest.mark.law("mixed_bfloat16")),
    ],
)
def test_mixed_precision_stays_finite_and_keeps_float32_weights(subject, policy):
    x, y = subject.x[:BATCH], None if subject.y is None else subject.y[:BATCH]
    model = fresh(subject.recipe, subject.untrained, dtype=policy)
    layers = model._flatten_layers(include_self=False)
    assert not layers or any(layer.compute_dtype != "float32" for layer in layers)
    history = model.fit(x, y, batch_size=BATCH, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert all(variable.dtype == "float32" for variable in model.trainable_variables)
    if policy == "mixed_bfloat16":  # float16 may spend its first steps finding the scale of the loss
        assert difference(model.get_weights(), subject.untrained) > 0


@pytest.mark.shows("export")
@pytest.mark.law("export")
def test_exported_signatures_match_the_model(subject, one_doctor, tmp_path):
    version = export(subject.model, tmp_path, name="model")
    assert (version / "saved_model.pb").exists()
    assert one_doctor.seen[-1] and all(check.ok for check in one_doctor.seen[-1])


def test_sampling_repeats_per_seed(case):
    if not hasattr(case.model, "sample"):
        pytest.skip("a model without a distribution to sample from")
    one, again, other = (np.asarray(case.model.sample(3, seed=seed)) for seed in (5, 5, 6))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    assert one.shape[0] == 3 and np.isfinite(one).all()


def test_pictures_are_grids_of_images(case):
    for images in case.model.pictures(tf.constant(case.x)).values():
        assert len(images.shape) == 5 and images.shape[-1] in (1, 3)
        assert np.isfinite(images).all()


@pytest.mark.shows("recipe")
def test_recipe_names_what_it_expects(subject):
    metrics = {f"{split}/{name}" for split in ("train", "test") for name in evaluated_names(subject.model)}
    if isinstance(subject.model, Samples):
        measured = ModeCoverage._fields if known_mixture(subject.recipe.data.name) else MEASURES
        metrics |= {f"samples/{name}" for name in measured} | {"codes/active_units"}
    if hasattr(subject.model, "segment"):
        metrics |= {f"segmentation/{name}" for name in segmentation_scores(np.eye(8, dtype=int), np.eye(8, dtype=int))}
    assert set(subject.recipe.expected) <= metrics
    assert bool(subject.recipe.expected) is (subject.recipe.name not in NOT_MEASURED)
    assert subject.recipe.minutes > 0
    assert dataclasses.replace(subject.recipe).expected == subject.recipe.expected

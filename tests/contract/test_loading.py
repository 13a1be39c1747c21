"""Every public class is saved, exported and restored as it is, and any process can read its file."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from zoo import NAMES, SMALL, assert_same_weights, compiled, data_of, inputs_of, numbers, shared, small, weights_of

from keraszoo.core.config import Captured

LOAD = """
import json, os, sys
import keras, numpy as np
import keraszoo.models
for name, folder in json.loads(sys.argv[1]).items():
    model = keras.models.load_model(folder + "/model.keras")
    with np.load(folder + "/x.npz") as given:
        x = [given[key] for key in given.files]
    answer = model(x[0] if len(x) == 1 else x, training=False)
    np.savez(folder + "/answer.npz", *[np.asarray(part) for part in keras.tree.flatten(answer)])
    print(name, type(model).__name__)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folders in which every class was saved, read by one fresh process that imports the models' package alone."""
    folders = {}
    for name in NAMES:
        model, x, y = shared(name)
        folders[name] = str(tmp_path_factory.mktemp(name))
        model.save(f"{folders[name]}/model.keras")
        given = inputs_of(model, x, y)
        np.savez(f"{folders[name]}/x.npz", *(given if isinstance(given, list) else [given]))
    process = subprocess.run([sys.executable, "-c", LOAD, json.dumps(folders)], capture_output=True, text=True)
    return folders, dict(line.split() for line in process.stdout.splitlines()), process.stderr[-2000:]


@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_process_loads_the_file_of_any_class(saved, name):
    folders, loaded, errors = saved
    assert loaded.get(name) == name, errors
    model, x, y = shared(name)
    with np.load(f"{folders[name]}/answer.npz") as answer:
        for mine, theirs in zip(numbers(model(inputs_of(model, x, y))), answer.values(), strict=True):
            np.testing.assert_allclose(theirs, mine, rtol=1e-5, atol=1e-6)


def test_importing_the_package_imports_no_tensorflow():
    check = "import sys, keraszoo; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_an_export_without_a_call_before_answers_as_the_model(name, tmp_path):
    model, x, _ = shared(name)
    if getattr(model, "context_dim", 0):
        pytest.skip("two inputs")
    model.export(tmp_path / "exported", verbose=False)
    answer = tf.saved_model.load(str(tmp_path / "exported")).serve(tf.constant(x))
    for mine, theirs in zip(numbers(model(x)), numbers(answer), strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_of_tensorflow_holds_and_restores_every_variable(name, tmp_path):
    model, _, _ = shared(name)
    expected = weights_of(model)
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / "checkpoint"))
    other = small(name)
    for variable in other.variables:  # unlike the model's, whatever the initializers are
        variable.assign(keras.ops.ones_like(variable) if variable.dtype != "bool" else variable)
    status = tf.train.Checkpoint(model=other).restore(path)
    status.assert_existing_objects_matched()
    restored = weights_of(other)
    for mine, theirs in zip(expected.values(), restored.values(), strict=True):
        np.testing.assert_array_equal(theirs, mine)


# ------------------------------------------------------------------ what was changed after construction


def parts_of(model):
    """The names of the layers that the model holds directly and that have trainable weights of their own."""
    names = [name for name, value in vars(model).items() if isinstance(value, keras.layers.Layer)]
    return [name for name in names if getattr(model, name).trainable_variables]


def trained(model, x, y):
    model.fit(x, y, batch_size=len(x), epochs=2, shuffle=False, verbose=0)
    return model


def reloaded(model, tmp_path):
    model.save(tmp_path / "model.keras")
    return keras.models.load_model(tmp_path / "model.keras")


def assert_same_state(one, other):
    assert len(one.trainable_variables) == len(other.trainable_variables)
    for mine, theirs in zip(one.variables, other.variables, strict=True):
        np.testing.assert_array_equal(theirs, mine)
    for mine, theirs in zip(one.optimizers, other.optimizers, strict=True):
        for a, b in zip(mine.variables, theirs.variables, strict=True):
            np.testing.assert_array_equal(keras.ops.convert_to_numpy(b), keras.ops.convert_to_numpy(a))


@pytest.mark.parametrize("name", NAMES)
def test_a_frozen_part_is_still_frozen_when_rebuilt(name):
    model = small(name)
    parts = parts_of(model)
    if not parts:
        for layer in model._flatten_layers(include_self=False):
            if layer.trainable_variables:
                layer.trainable = False
                break
    else:
        getattr(model, parts[0]).trainable = False
    rebuilt = type(model).from_config(json.loads(json.dumps(model.get_config())))
    assert [v.shape for v in rebuilt.trainable_variables] == [v.shape for v in model.trainable_variables]
    assert len(model.trainable_variables) < len(small(name).trainable_variables)
    assert [v.shape for v in rebuilt.variables] == [v.shape for v in model.variables]


@pytest.mark.parametrize(
    "name, part", [("VAE", "encoder"), ("GAN", "generator"), ("Classifier", "encoder"), ("DenoisingAutoencoder", "network")]
)
def test_training_goes_on_where_a_model_with_a_frozen_part_was_saved(name, part, tmp_path, same_noise):
    model = small(name)
    getattr(model, part).trainable = False
    frozen = numbers([v.value for v in getattr(model, part).variables])
    x, y = data_of(name, model)
    trained(compiled(model), x, y)
    for before, after in zip(frozen, numbers([v.value for v in getattr(model, part).weights]), strict=True):
        np.testing.assert_array_equal(before, after)
    other = reloaded(model, tmp_path)
    assert_same_state(model, other)
    assert_same_state(trained(model, x, y), trained(other, x, y))


def test_a_replaced_encoder_is_saved(tmp_path):
    model = small("VAE")
    x, _ = data_of("VAE", model)
    model.encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
    other = reloaded(trained(compiled(model), x, None), tmp_path)
    assert [type(layer) for layer in other.encoder.layers] == [keras.layers.Flatten, keras.layers.Dense]
    assert_same_state(model, other)
    np.testing.assert_array_equal(other.encode(x), model.encode(x))


@pytest.mark.parametrize("name", ["VAE", "Autoencoder", "Classifier", "GAN", "RealNVP"])
def test_a_quantized_model_is_saved(name, tmp_path):
    model, (x, _) = small(name), data_of(name, small(name))
    float_answer = numbers(model(x))
    model.quantize("int8")
    other = reloaded(model, tmp_path)
    modes = [getattr(layer, "quantization_mode", None) for layer in other._flatten_layers()]
    assert modes == [getattr(layer, "quantization_mode", None) for layer in model._flatten_layers()]
    assert name == "RealNVP" or "int8" in modes
    for mine, theirs, exact in zip(numbers(model(x)), numbers(other(x)), float_answer, strict=True):
        np.testing.assert_array_equal(theirs, mine)
        assert np.isfinite(mine).all() and mine.shape == exact.shape


def test_the_table_is_of_all_classes():
    assert list(SMALL) == NAMES
    assert all(issubclass(type(shared(name)[0]), Captured) for name in NAMES)


def test_saving_changes_no_weight(tmp_path):
    model, _, _ = shared("VAE")
    before = weights_of(model)
    model.save(tmp_path / "model.keras")
    assert_same_weights(before, weights_of(model))

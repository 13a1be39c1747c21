"""What Keras promises of files: whatever was saved is what is loaded, whichever class it is."""

import json
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
import zoo

from keraszoo import models
from keraszoo.core.inputs import Labels
from keraszoo.models import VAE, Classifier, RealNVP
from keraszoo.models.abilities import HasFeatures

#: loads one file after the other, each in a process that has imported nothing but the models
LOADS = """
import json, os, sys
import numpy as np
import keras
import keraszoo.models


def load(path):
    model = keras.models.load_model(path + ".keras")
    with np.load(path + ".npz") as kept:
        asked = [kept[name] for name in kept if name != "answer"]
        answer = np.asarray(model(asked if len(asked) > 1 else asked[0]))
        if not np.allclose(answer, kept["answer"], rtol=1e-5, atol=1e-5):
            return f"answers otherwise, by {abs(answer - kept['answer']).max()}"


for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            failure = load(line.strip())
        except Exception as error:
            failure = repr(error)
        print(json.dumps(failure), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def in_new_process(code, *arguments):
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def learned(model):
    """The model after a training step, without a graph."""
    x, y = zoo.data(model)
    zoo.compiled(model, "adam", run_eagerly=True).fit(x, y, batch_size=zoo.ROWS, verbose=0)
    return model


def asked(model):
    """What `call` answers by its weights: where nothing is missing, an inpainting gives the image back."""
    x, _ = zoo.data(model)
    return model.damaged(x) if isinstance(model, models.InpaintingAutoencoder) else x


def partly_frozen(model):
    """The model, the first of its parts frozen, or of a single network its first layer."""
    found = zoo.parts(model)
    if not found:
        return model
    layer = next(iter(found.values()))
    if len(found) == 1:
        layer = next(leaf for leaf in layer._flatten_layers() if leaf.trainable_variables and not leaf._layers)
    layer.trainable = False
    return model


class Files:
    """Models and the files in which they were saved: `files.model("VAE")`, `files.path("VAE")`; made when first asked.

    Those of the classes were partly frozen, and then learned.
    """

    def __init__(self, folder):
        self.folder, self.models, self.loader = folder, {}, None

    def model(self, name):
        if name not in self.models:
            self.models[name] = model = MORE[name]() if name in MORE else learned(partly_frozen(zoo.small(name)))
            x = asked(zoo.small("VAE") if name in MORE else model)
            model.save(self.folder / f"{name}.keras")
            parts = x if isinstance(x, tuple) else (x,)
            np.savez(self.folder / f"{name}.npz", *parts, answer=np.asarray(model(x)))
        return self.models[name]

    def path(self, name):
        self.model(name)
        return self.folder / f"{name}.keras"

    def failure_elsewhere(self, name):
        """What goes wrong where another process loads the file, or None."""
        path = self.path(name)
        if self.loader is None:
            with open(self.folder / "loader.log", "w") as log:
                self.loader = subprocess.Popen(
                    [sys.executable, "-c", LOADS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
                )
        self.loader.stdin.write(f"{path.with_suffix('')}\n")
        self.loader.stdin.flush()
        said = self.loader.stdout.readline()
        assert said, (self.folder / "loader.log").read_text()[-3000:]
        return json.loads(said)

    def stop(self):
        if self.loader:
            self.loader.kill()
            self.loader.communicate()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    made = Files(tmp_path_factory.mktemp("files"))
    yield made
    made.stop()


def periodic_encoder():
    options = {"downsampling": "max", "padding": "periodic", "upsampling": "nearest"}
    return VAE((8, 8, 1), 2, network="convolutional", hidden=(2,), **options).encoder


#: {name: function of no arguments}: models that hold parts of others
MORE = {
    "periodic_in_a_classifier": lambda: Classifier((8, 8, 1), 3, encoder=periodic_encoder()),
    "normal_prior_of_a_flow": lambda: models.FlowVAE(
        (8, 8, 1), 2, hidden=(4,), prior=RealNVP((2,), transforms=1, hidden=(4,))
    ),
    "in_a_sequential": lambda: keras.Sequential([keras.Input((8, 8, 1)), zoo.small("Autoencoder")]),
}


@pytest.mark.shows("fresh load")
@pytest.mark.parametrize("name", (*zoo.NAMES, *MORE))
@pytest.mark.by_default("RegularizedAutoencoder", "VQVAE", "in_a_sequential")
def test_a_new_process_loads_the_file_after_one_import(files, name):
    failure = files.failure_elsewhere(name)
    assert failure is None, failure
    with zipfile.ZipFile(files.path(name)) as archive:
        assert " at 0x" not in archive.read("config.json").decode()  # the memory address of an object of this process


def test_import_keraszoo_stays_free_of_tensorflow():
    code = "import sys, keraszoo; print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    assert in_new_process(code).strip() == "[]"


def test_every_class_is_in_the_table_and_small():
    assert set(zoo.ARGUMENTS) == set(models.MODELS) == set(models.__all__)


@pytest.mark.slow
def test_the_lists_are_those_of_the_models():
    made = {name: zoo.small(name) for name in zoo.NAMES}
    assert [name for name, model in made.items() if model.targets is not None] == [*zoo.WITH_TARGETS]
    assert [name for name, model in made.items() if isinstance(model.targets, Labels)] == [*zoo.WITH_LABELS]
    assert [name for name, model in made.items() if len(model.gradients()) > 1] == [*zoo.SEVERAL_OPTIMIZERS]
    assert [name for name, model in made.items() if not model.gradients()] == [*zoo.WITHOUT_GRADIENTS]
    assert [name for name, model in made.items() if not isinstance(model, HasFeatures)] == [*zoo.WITHOUT_FEATURES]
    assert all(model.inputs is not None for model in made.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.NAMES)
def test_a_tensorflow_checkpoint_restores_every_variable(files, name, tmp_path):
    model, other = files.model(name), zoo.compiled(partly_frozen(zoo.small(name)), "adam")
    path = tf.train.Checkpoint(model=model).write(tmp_path / "checkpoint")
    ours = [*model.variables, *(v for each in model.optimizers for v in each.variables)]
    theirs = [*other.variables, *(v for each in other.optimizers for v in each.variables)]
    for variable in theirs:  # not what a new model would have anyway
        variable.assign(keras.ops.ones_like(variable))
    tf.train.Checkpoint(model=other).restore(path).expect_partial()
    missed = [v.path for v, w in zip(theirs, ours, strict=True) if not zoo.equal(zoo.values([v]), zoo.values([w]))]
    assert not missed


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.NAMES)
def test_a_tensorflow_checkpoint_restores_every_variable_without_an_optimizer(files, name, tmp_path):
    """Optimizers track what they learn: a model that is only used has to hold its weights itself."""
    model, other = files.model(name), zoo.small(name)
    path = tf.train.Checkpoint(model=model).write(tmp_path / "checkpoint")
    for variable in other.variables:
        variable.assign(keras.ops.ones_like(variable))
    tf.train.Checkpoint(model=other).read(path).assert_existing_objects_matched()
    ours, theirs = (each._weights_by_place() for each in (model, other))
    missed = [place for place, v in theirs.items() if not np.array_equal(v, ours[place])]
    assert {id(v) for v in theirs.values()} == {id(v.value) for v in other.variables}
    assert not missed


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.NAMES)
def test_keras_export_answers_like_the_model(files, name, tmp_path):
    model = files.model(name)
    takes = getattr(model, "degraded", model.inputs)  # `call` of a restoration takes what is to be restored
    x = takes.random(4, np.random.default_rng(0))
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "exported"))
    answer = exported.serve(tf.constant(x))
    np.testing.assert_allclose(answer, model(x, training=False), rtol=1e-5, atol=1e-5)


def test_keras_export_of_a_flow_with_a_context(tmp_path):
    flow = RealNVP((4,), transforms=2, hidden=(4,), context_dim=2)
    x, context = zoo.data(flow)
    flow.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "exported"))
    served = exported.serve([tf.constant(x), tf.constant(context)])
    np.testing.assert_allclose(served, flow.log_prob(x, context), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.NAMES)
def test_what_was_frozen_is_loaded_frozen_and_learns_on(files, name):
    """Weights that are learned, the optimizers' state and the next step are the same after loading.

    The noise of that step is made the same: Keras' files hold no state of noise, checkpoints do.
    """
    model, loaded = files.model(name), keras.models.load_model(files.path(name))
    frozen = [variable.trainable for variable in loaded.variables]
    assert frozen == [variable.trainable for variable in model.variables]
    x, y = zoo.data(model)
    for _ in range(2):
        assert zoo.equal(loaded.get_weights(), model.get_weights())
        for mine, theirs in zip(model.optimizers, loaded.optimizers, strict=True):
            assert zoo.equal(zoo.values(theirs.variables), zoo.values(mine.variables))
        for mine, theirs in zip(noise_states(model), noise_states(loaded), strict=True):
            theirs.assign(mine)
        for each in (model, loaded):
            each.fit(x, y, batch_size=zoo.ROWS, shuffle=False, verbose=0)


def noise_states(model):
    return [variable for variable in model.non_trainable_variables if variable.name == "seed_generator_state"]


def has_dense(model):
    return any(isinstance(each, keras.layers.Dense) and not each._layers for each in model._flatten_layers())


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.NAMES)
def test_a_quantised_model_is_loaded_as_it_is(name, tmp_path):
    model = zoo.small(name)
    x, _ = zoo.data(model)
    before = np.asarray(model(x))
    if not has_dense(model):
        pytest.skip("no layer that Keras quantises")
    model.quantize("int8")
    after = np.asarray(model(x))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(x)), after)
    assert np.isfinite(after).all() and after.shape == before.shape


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.NAMES)
def test_a_network_that_was_replaced_is_what_is_loaded(name, tmp_path):
    model = zoo.small(name)
    x = asked(model)
    before = np.asarray(model(x))
    replaced = [part for part, network in model._networks.items() if isinstance(network, keras.Model)]
    if not replaced:
        pytest.skip("no network that a user may pass")
    for part in replaced:
        network = getattr(model, part)
        layers = network.layers if isinstance(network, keras.Sequential) else [network]
        shape = network.input_shape[1:]
        setattr(model, part, keras.Sequential([keras.Input(shape), *layers, keras.layers.Rescaling(0.5, 0.1)]))
    learned(model)
    assert not np.allclose(np.asarray(model(x)), before)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(loaded(x)), np.asarray(model(x)))
    assert zoo.equal(loaded.get_weights(), model.get_weights())


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.NAMES)
def test_weights_files_and_copies(files, name, tmp_path):
    """`.weights.h5`, `clone_model` and the config in JSON."""
    model = files.model(name)
    model.save_weights(tmp_path / "model.weights.h5")
    other = keras.models.clone_model(model)
    other.load_weights(tmp_path / "model.weights.h5")
    assert type(other) is type(model) and zoo.equal(other.get_weights(), model.get_weights())
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(model))))
    assert [v.shape for v in again.variables] == [v.shape for v in model.variables]


@pytest.mark.parametrize("name", ["VAE", "GAN", "MAF", "UNet"])
def test_pickle(name):
    import pickle

    model = learned(zoo.small(name))
    x, _ = zoo.data(model)
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(model))(x)), np.asarray(model(x)))

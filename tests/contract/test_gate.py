"""What a model refuses, it refuses alike: in one line, whatever the data came as, and before anything is learned."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
import zoo

from keraszoo import models
from keraszoo.core.config import constructor_arguments
from keraszoo.core.errors import InputError
from keraszoo.core.inputs import Labels, Mask
from keraszoo.core.model import ZooModel
from keraszoo.models import VAE, Autoencoder, ConditionalVAE, ContextPrediction, RealNVP
from keraszoo.training.build import model_arguments


@pytest.fixture(scope="module")
def compiled():
    """A function of a class's name: its compiled model, the same each time."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = zoo.compiled(zoo.small(name), run_eagerly=True)
        return made[name]

    return get


def line(action, *args, **kwargs):
    """The one line with which something is refused."""
    with pytest.raises(InputError) as error:
        action(*args, **kwargs)
    message = str(error.value)
    assert "\n" not in message and len(message) < 400, message
    return message


class Batches(keras.utils.PyDataset):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.batch


def tensors(batch):
    return tuple(map(tf.constant, batch))


#: {form: function of a tuple of arrays -> the arguments of fit}
FORMS = {
    "arrays": lambda batch: batch,
    "tensors": tensors,
    "dataset": lambda batch: (tf.data.Dataset.from_tensor_slices(batch).batch(zoo.ROWS),),
    "pydataset": lambda batch: (Batches(batch),),
    "generator": lambda batch: ((batch for _ in range(1)),),
}


def wrong_examples(model):
    """{what is wrong: (examples, what the message says)}."""
    x, _ = zoo.data(model)
    missing, infinite = x.copy(), x.copy()
    missing[1], infinite[1] = np.nan, np.inf
    wrong = {
        "rank": (x[..., None], "takes batches of shape"),
        "integers": ((255 * np.clip(x, 0, 1)).astype("uint8"), "floating-point"),
        "NaN": (missing, "NaN among the values"),
        "infinite": (infinite, "finite numbers"),
    }
    if model.inputs.range:
        wrong["range"] = (np.clip(255 * abs(x), 0, 255), "takes values from")
    return wrong


def wrong_targets(model):
    """The same for targets."""
    _, y = zoo.data(model)
    if isinstance(model.targets, (Labels, Mask)):
        hot = np.eye(model.targets.n, dtype="int64")[y]
        return {
            "other labels": (y + model.targets.n, f"are from 0 to {model.targets.n - 1}"),
            "negative labels": (y - 7, f"are from 0 to {model.targets.n - 1}"),
            "one-hot labels": (hot, "look one-hot"),
            "one-hot numbers": (hot.astype("float32"), "look one-hot"),
            "fractions": ((y + 0.5).astype("float32"), "as integers of shape"),
        }
    return {}


EVERY_FORM = ("VAE", "ACGAN", "RealNVP", "UNet")  # the others show theirs by one fault


@pytest.mark.parametrize("name", zoo.NAMES)
def test_wrong_batches_are_refused_alike_and_before_anything_is_learned(compiled, name):
    model = compiled(name)
    x, y = zoo.data(model)
    rest = () if y is None else (y,)
    cases = {kind: ((wrong, *rest), says) for kind, (wrong, says) in wrong_examples(model).items()}
    cases |= {kind: ((x, wrong), says) for kind, (wrong, says) in wrong_targets(model).items()}
    before = model.get_weights()
    for kind, (batch, says) in cases.items():
        forms = FORMS if name in EVERY_FORM or kind == "NaN" else ("arrays", "dataset")
        lines = {form: line(model.fit, *FORMS[form](batch), verbose=0) for form in forms}
        assert len(set(lines.values())) == 1 and says in lines["arrays"], (kind, lines)
        assert line(model.evaluate, *batch, verbose=0) == lines["arrays"]
        assert line(model.evaluate, *FORMS["dataset"](batch), verbose=0) == lines["arrays"]
    for kind, (wrong, says) in wrong_examples(model).items():
        lines = [line(model.predict, *given, verbose=0) for given in ((wrong,), FORMS["dataset"]((wrong,)))]
        assert len(set(lines)) == 1 and says in lines[0], (kind, lines)
    assert zoo.equal(model.get_weights(), before)


@pytest.mark.parametrize("name", ["VAE", "ACGAN", "RealNVP", "UNet"])
@pytest.mark.by_default(every=2)
def test_graphs_refuse_what_eager_steps_refuse(name):
    """Each has learned from good data before, so that its graphs are there."""
    model = zoo.compiled(zoo.small(name), jit_compile=False)
    x, y = zoo.data(model)
    rest = () if y is None else (y,)
    model.fit(x, *rest, batch_size=zoo.ROWS, verbose=0)
    before = model.get_weights()
    for wrong, says in wrong_examples(model).values():
        batch = (wrong, *rest)
        lines = {form: line(model.fit, *FORMS[form](batch), verbose=0) for form in ("arrays", "dataset")}
        assert len(set(lines.values())) == 1 and says in lines["arrays"], lines
        assert line(model.train_on_batch, *batch) == lines["arrays"]
    for wrong, says in wrong_targets(model).values():
        for form in ("arrays", "dataset"):
            assert says in line(model.fit, *FORMS[form]((x, wrong)), verbose=0)
    assert zoo.equal(model.get_weights(), before)


def test_later_batches_may_be_what_the_first_is_not():
    """The first batch is looked at, not every one: a look costs time."""
    model = zoo.compiled(zoo.small("VAE"))
    x, _ = zoo.data(model)
    model.fit(tf.data.Dataset.from_tensor_slices(np.concatenate([x, 255 * x])).batch(zoo.ROWS), verbose=0)


@pytest.mark.parametrize("name", zoo.WITH_TARGETS)
def test_a_model_with_targets_asks_for_them(compiled, name):
    model = compiled(name)
    x, _ = zoo.data(model)
    lines = {line(model.fit, *FORMS[form]((x,)), verbose=0) for form in ("arrays", "dataset")}
    assert len(lines) == 1 and "y" in lines.pop()


@pytest.mark.parametrize("wrong", [-1.0, np.nan])
@pytest.mark.parametrize("name", ["VAE", "GAN", "UNet", "RealNVP"])
def test_weights_are_numbers_from_0_on(compiled, name, wrong):
    model = compiled(name)
    x, y = zoo.data(model)
    weights = np.ones(zoo.ROWS, "float32")
    weights[1] = wrong
    lines = {line(model.fit, x, y, sample_weight=weights, verbose=0)}
    lines |= {line(model.fit, tf.data.Dataset.from_tensors((x, 0 if y is None else y, weights)), verbose=0)}
    assert len(lines) == 1 and "weights >= 0" in lines.pop()


@pytest.mark.parametrize("name", zoo.WITH_TARGETS)
def test_there_are_as_many_targets_as_examples(compiled, name):
    x, y = zoo.data(model := compiled(name))
    for method in (model.fit, model.evaluate):
        assert f"{len(x)} examples and {len(x) - 1} targets" in line(method, x, y[:-1], verbose=0)


def test_labels_of_text_are_told_how_to_become_numbers(compiled):
    x, _ = zoo.data(model := compiled("Classifier"))
    dataset = tf.data.Dataset.from_tensor_slices((x, ["cat"] * len(x))).batch(2)
    assert "StringLookup" in line(model.fit, dataset, verbose=0)
    names = keras.layers.StringLookup(num_oov_indices=0, vocabulary=["cat", "dog"])
    model.fit(dataset.map(lambda x, y: (x, names(y))), verbose=0)  # what it says helps


@pytest.mark.parametrize("form", ["array", "dataset", "single step"])
@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.by_default("False-array", "True-single step")
def test_a_batch_of_one_has_nothing_to_be_compared_with(form, eagerly):
    model = zoo.compiled(zoo.small("SimCLR"), run_eagerly=eagerly)
    x, _ = zoo.data(model)
    start = zoo.values(model.variables)
    does = {
        "array": lambda: model.fit(x, batch_size=1, verbose=0),
        "dataset": lambda: model.evaluate(tf.data.Dataset.from_tensor_slices(x).batch(1), verbose=0),
        "single step": lambda: model.train_on_batch(x[:1]),
    }
    assert "at least 2 of them. Received: a batch of 1" in line(does[form])
    assert zoo.equal(zoo.values(model.variables), start)
    model.fit(x[:3], batch_size=2, verbose=0)  # what is left over at an epoch's end is no reason


# ------------------------------------------------------------------ arguments


@pytest.mark.parametrize("name", zoo.NAMES)
def test_arguments_of_another_kind_are_refused(name):
    """Text and NaN for a number, anything for a truth, names that there are not."""
    wrong = {bool: ("maybe", 2), float: ("a", math.nan), int: ("a", math.nan), str: ("nosuch",)}
    for argument, default in constructor_arguments(getattr(models, name)).items():
        for value in wrong.get(type(default), ()):
            assert "Received" in line(zoo.small, name, **{argument: value}), (argument, value)


@pytest.mark.parametrize("name", [n for n in zoo.NAMES if "encoder" in constructor_arguments(getattr(models, n))])
@pytest.mark.by_default("RegularizedAutoencoder")
def test_every_encoder_may_be_given_by_name(name):
    """The name of a network, the same of all families; a U-Net takes those of images of any size."""
    changes = {"image_shape": (32, 32, 3), "encoder": "resnet18" if name == "UNet" else "resnet8"}
    model = zoo.small(name, **changes)
    restored = type(model).from_config(model.get_config())
    assert restored.count_params() == model.count_params() != zoo.small(name, image_shape=(32, 32, 3)).count_params()
    assert "encoder" in model_arguments(type(model))  # by --set, too
    assert "Closest" in line(zoo.small, name, **{**changes, "encoder": "resnet19"})


# ------------------------------------------------------------------ public methods

#: what their first argument is, a declaration of the model
METHODS = {
    "encode": "inputs", "posterior": "inputs", "reconstruct": "inputs", "decode": "latents", "log_prob": "inputs",
    "inverse": "inputs", "forward": "latents", "negative_log_likelihood": "inputs", "log_joint": "inputs",
    "restore": "degraded", "segment": "inputs", "probabilities": "inputs", "logits": "inputs",
    "discriminate": "inputs", "classify": "inputs", "read": "inputs", "translate": "images", "embed": "latents",
    "features": "inputs", "compared_features": "inputs", "jacobian_norm": "inputs", "sparsity": "inputs",
    "code_vectors": "inputs", "kl_per_unit": "inputs", "responsibilities": "inputs", "bic": "inputs", "aic": "inputs",
    "leave_one_out": "inputs", "class_log_probs": "inputs", "decide": "inputs", "views": "inputs", "pairs": "inputs",
    "predict_rotation": "inputs",
}  # fmt: skip


def calls(model):
    """{method: function of its first argument}, those that the model has, and the model itself."""
    given = {"restore": (np.ones((zoo.ROWS, 16, 16, 1), "float32"),)} if takes_mask(model) else {}
    if isinstance(model, ConditionalVAE):
        given |= dict.fromkeys(("encode", "posterior", "reconstruct", "negative_log_likelihood"), (1,))
    if "negative_log_likelihood" in dir(model):
        given["negative_log_likelihood"] = (*given.get("negative_log_likelihood", ()), 2)
    found = {name: getattr(model, name) for name in METHODS if callable(getattr(model, name, None))}
    if isinstance(model, ConditionalVAE):  # which refuses it, whatever it is given
        del found["code_vectors"]
    if isinstance(model, ContextPrediction):  # of patches that have passed the gate
        del found["logits"]
    if not getattr(model, "has_forward", True):
        found.pop("forward"), found.pop("decode")
    if not getattr(model, "has_inverse", True):
        [found.pop(name) for name in ("log_prob", "inverse", "encode", "features")]

    def of(name):
        return lambda x: found[name](x, *given.get(name, ()))

    return {name: of(name) for name in found}


def takes_mask(model):
    return hasattr(model, "degraded") and model.mask is not None


@pytest.mark.parametrize("name", zoo.NAMES)
def test_public_methods_refuse_what_fit_refuses(compiled, name):
    model, random = compiled(name), np.random.default_rng(0)
    for method, call in calls(model).items():
        declared = getattr(model, METHODS[method])
        good = declared.random(zoo.ROWS, random)
        call(good), call(tf.constant(good))
        wrong = {"rank": good[..., None], "rows": good[0]}
        if METHODS[method] != "latents":  # no code gives no image
            wrong["none"] = good[:0]
        if good.dtype.kind == "f":
            bad = good.copy()
            bad[1] = np.nan
            wrong |= {"NaN": bad, "integers": (good * 9).astype("uint8")}
            if declared.range:
                wrong["range"] = 255 * good + 2
        else:
            wrong["range"] = good + 99
        for kind, values in wrong.items():
            says = line(call, values)
            assert says == line(call, tf.constant(values)), (method, kind)
            assert "Received" in says, (method, kind)
            assert "likelihood" not in says or hasattr(model, "likelihood"), (method, says)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_calling_the_model_refuses_it_too(compiled, name):
    model = compiled(name)
    for _kind, (wrong, says) in wrong_examples(model).items():
        assert says in line(model, wrong)
        assert says in line(model.predict_on_batch, wrong)


@pytest.mark.every_class
@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_public_method_is_tried(name):
    """A public method whose first argument is a batch stands in the table above."""
    import inspect

    exempt = {"call", "loss_terms", "gate", "check_values", "adapt", "calibrate", "pictures", "batch_mean"}
    model = type(zoo.small(name))
    for attribute in set(dir(model)) - set(dir(ZooModel)) - exempt:
        method = inspect.getattr_static(model, attribute)
        if attribute.startswith("_") or not inspect.isfunction(method):
            continue
        first = list(inspect.signature(method).parameters)[1:2]
        internal = attribute.endswith("_terms") or attribute in INTERNAL
        assert internal or first not in (["x"], ["image"], ["z"], ["codes"]) or attribute in METHODS, attribute


#: methods for subclasses, of tensors that have passed the gate
INTERNAL = {
    "penalties", "posterior_given", "decoder_output", "condition", "conditioned", "degrade", "damaged", "baselines",
    "start", "network_input", "restored", "codes", "codes_of", "auxiliary_terms", "log_weights", "restorations",
    "log_likelihood_and_prior", "feature_distance", "mask", "kl", "scheduled", "statistics",
}  # fmt: skip


@pytest.mark.parametrize("name", zoo.WITH_LABELS)
def test_labels_of_methods_are_checked(compiled, name):
    model = compiled(name)
    x, _ = zoo.data(model)
    calls = [lambda labels: model.sample(3, labels=labels)] if name not in ("Classifier", "SemiSupervisedAutoencoder") \
        else []  # fmt: skip
    if isinstance(model, ConditionalVAE):
        calls += [lambda labels: model.encode(x[:3], labels), lambda labels: model.reconstruct(x[:3], 0, labels)]
    if name in ("ConditionalGAN", "ProjectionGAN"):
        calls += [lambda labels: model.discriminate(x[:3], labels=labels)]
    for call in calls:
        call([0, 1, 2]), call(tf.constant([0, 1, 2])), call(1)
        for wrong, says in (
            ([0, 1, 3], "from 0 to 2"), (tf.constant([0, 1, 3]), "from 0 to 2"), (-1, "from 0 to 2"),
            ([0.5, 1.0, 2.0], "integer"), (np.eye(3, dtype="int64"), "one-hot"), ([0, 1], "3 examples"),
        ):  # fmt: skip
            assert says in line(call, wrong), wrong


def test_labels_of_a_flow():
    flow = RealNVP((4,), transforms=2, hidden=(4,), num_classes=3)
    x, _ = zoo.data(flow)
    for call in (
        lambda y: flow.log_prob(x[:3], y),
        lambda y: flow.encode(x[:3], y),
        lambda y: flow.sample(3, context=y),
    ):
        call([0, 1, 2]), call(tf.constant([0, 1, 2])), call(1)
        for wrong in ([0, 1, 3], tf.constant([0, 1, 3]), -1):
            assert "from 0 to 2" in line(call, wrong)
        assert "integers" in line(call, [0.5, 1.0, 2.0]) and "one-hot" in line(call, np.eye(3, dtype="int64"))


# ------------------------------------------------------------------ structures


def test_structures():
    model = zoo.compiled(zoo.small("VAE"), run_eagerly=True)
    x, _ = zoo.data(model)
    labels = np.arange(zoo.ROWS)
    start = model.get_weights()

    def learned(given, batch_size=None, steps=None):
        zoo.restart(model, start)
        model.fit(given, verbose=0, shuffle=False, batch_size=batch_size, steps_per_epoch=steps)
        return model.get_weights()

    expected = learned(x, zoo.ROWS)
    dictionaries = tf.data.Dataset.from_tensor_slices({"image": x, "label": labels}).batch(zoo.ROWS)
    as_datasets = [
        dictionaries,
        tf.data.Dataset.from_tensor_slices(x).batch(zoo.ROWS),
        tf.data.Dataset.from_tensor_slices((x,)).batch(zoo.ROWS),
        tf.data.Dataset.from_tensor_slices((x, labels)).batch(zoo.ROWS),
        dictionaries.map(lambda each: (each, each["label"])),
        Batches((x,)), Batches(x), Batches({"image": x, "label": labels}), Batches((x, labels)),
    ]  # fmt: skip
    for given in as_datasets:
        assert zoo.equal(learned(given), expected), given
    for batch in ((x,), (x, labels), ({"image": x, "label": labels},)):  # Keras asks generators for tuples
        assert zoo.equal(learned((each for each in [batch]), steps=1), expected)
    for given in ([x], (x,), {"image": x}, {"image": x, "label": labels}, x.astype("float64"), tf.constant(x)):
        assert zoo.equal(learned(given, zoo.ROWS), expected), type(given)
    for given in (x, [x], {"image": x}, dictionaries):
        np.testing.assert_array_equal(model.predict(given, verbose=0).shape, x.shape)
        assert np.isfinite(model.evaluate(given, verbose=0)).all()


def test_datasets_of_dictionaries_hold_labels_and_masks():
    for name, key in (("ConditionalVAE", "label"), ("Classifier", "label"), ("UNet", "segmentation_mask")):
        model = zoo.compiled(zoo.small(name), run_eagerly=True)
        x, y = zoo.data(model)
        start = model.get_weights()
        zoo.restart(model, start)
        model.fit(x, y, batch_size=zoo.ROWS, shuffle=False, verbose=0)
        expected = model.get_weights()
        zoo.restart(model, start)
        model.fit(tf.data.Dataset.from_tensor_slices({"image": x, key: y}).batch(zoo.ROWS), verbose=0)
        assert zoo.equal(model.get_weights(), expected)
        zoo.restart(model, start)
        model.fit({"image": x, key: y}, batch_size=zoo.ROWS, shuffle=False, verbose=0)
        assert zoo.equal(model.get_weights(), expected)


def test_weights_in_dictionaries_count():
    model = zoo.compiled(zoo.small("Classifier"), run_eagerly=True)
    x, y = zoo.data(model)
    weights = np.array([100.0, 0, 0, 0, 0, 1], "float32")
    expected = model.evaluate(x, y, sample_weight=weights, batch_size=zoo.ROWS, verbose=0)
    for key in ("sample_weight", "weight"):
        given = tf.data.Dataset.from_tensor_slices({"image": x, "label": y, key: weights}).batch(zoo.ROWS)
        np.testing.assert_allclose(model.evaluate(given, verbose=0), expected, rtol=1e-6)
    assert abs(model.evaluate(x, y, verbose=0)[0] - expected[0]) > 1e-3


def test_masks_are_preferred_to_labels_of_whole_images():
    """As the pets of tensorflow-datasets have both."""
    model = zoo.compiled(zoo.small("UNet"), run_eagerly=True)
    x, y = zoo.data(model)
    both = {"image": x, "label": np.arange(zoo.ROWS), "segmentation_mask": y}
    given = tf.data.Dataset.from_tensor_slices(both).batch(zoo.ROWS)
    assert model.evaluate(given, verbose=0) == model.evaluate(x, y, batch_size=zoo.ROWS, verbose=0)


def test_class_weights_are_of_classes_of_examples():
    model = zoo.compiled(zoo.small("Classifier"), run_eagerly=True)
    x, y = zoo.data(model)
    start, learned = model.get_weights(), []
    for options in ({"class_weight": {0: 1.0, 1: 2.0, 2: 5.0}}, {"sample_weight": np.array([1.0, 2.0, 5.0])[y]}):
        zoo.restart(model, start)
        model.fit(x, y, batch_size=zoo.ROWS, verbose=0, **options)
        learned.append(model.get_weights())
    assert not zoo.equal(learned[0], start)
    for one, other in zip(*learned, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    for name in ("UNet", "VAE"):
        model = zoo.compiled(zoo.small(name), run_eagerly=True)
        x, y = zoo.data(model)
        assert "class_weight is for models that learn classes" in line(
            model.fit, x, y, class_weight={0: 1.0}, verbose=0
        )


def test_structures_that_no_model_takes():
    model = zoo.compiled(zoo.small("VAE"), run_eagerly=True)
    x, _ = zoo.data(model)
    for method in (model.fit, model.evaluate, model.predict):
        assert "at least one example. Received: x of shape (0, 8, 8, 1)" in line(method, x[:0], verbose=0)
    for weights, shape in ((np.float32(2), "()"), (np.ones(1), "(1,)"), (np.ones(zoo.ROWS + 1), f"({zoo.ROWS + 1},)")):
        says = line(model.fit, x, sample_weight=weights, verbose=0)
        assert f"a weight for each example, [{zoo.ROWS}]. Received: weights of shape {shape}" in says
    for keys in (("image", "features"), ("image", "x")):
        assert f"Received: {' and '.join(keys)}" in line(model.fit, dict.fromkeys(keys, x), verbose=0)
    assert "2 of them" in line(model.fit, [x, x], verbose=0)
    assert "one of image" in line(model.fit, {"picture": x, "other": x}, verbose=0)
    assert "numbers as x. Received: 'a'" in line(model.fit, np.array([["a"]] * 6), verbose=0)
    assert "4 parts" in line(model.fit, tf.data.Dataset.from_tensors((x, x, x[:, 0, 0, 0], x)), verbose=0)


# ------------------------------------------------------------------ networks


def test_an_encoder_of_two_outputs_is_told_how_to_join_them():
    inputs = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(inputs)
    encoder = keras.Model(inputs, [keras.layers.Dense(2)(flat), keras.layers.Dense(2)(flat)])
    says = line(VAE, (8, 8, 1), 2, encoder=encoder)
    assert "one tensor" in says and "Concatenate" in says
    joined = keras.Model(encoder.input, keras.layers.Concatenate()(encoder.outputs))
    vae = VAE((8, 8, 1), 2, encoder=joined, hidden=(4,))
    mean, log_var = encoder(tf.zeros([1, 8, 8, 1]))
    q = vae.posterior(tf.zeros([1, 8, 8, 1]))
    np.testing.assert_array_equal(q.loc, mean)
    np.testing.assert_array_equal(q.log_var, log_var)


def test_a_list_of_layers_is_no_encoder():
    says = line(VAE, (8, 8, 1), 2, encoder=[keras.layers.Flatten(), keras.layers.Dense(4)])
    assert "a list of 2" in says and "keras.Sequential" in says
    assert "Received" in line(VAE, (8, 8, 1), 2, encoder=7)


def test_a_network_of_another_size_keeps_the_whole_reason():
    encoder = keras.Sequential([keras.Input((10, 10, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
    says = line(VAE, (8, 8, 1), 2, encoder=encoder)
    assert "(None, 8, 8, 1)" in says and "(None, 10, 10, 1)" in says
    says = line(Autoencoder, (8, 8, 1), 2, decoder=keras.Sequential([keras.Input((3,)), keras.layers.Dense(64)]))
    assert "(None, 2)" in says and "3" in says
    says = line(VAE, (8, 8, 1), 2, encoder=keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)]))
    assert "(None, 4)" in says and "(None, 3)" in says


def bounded(form, size, shape, function="sigmoid"):
    """A network that ends in a sigmoid, as many examples of Keras have it."""
    last = keras.layers.Dense(math.prod(shape), function, name="last")
    if form == "layer":
        return last
    layers = [keras.Input((size,)), last, keras.layers.Reshape(shape)]
    if form == "in another":
        layers = [keras.Input((size,)), keras.Sequential(layers)]
    if form == "functional":
        return keras.Model(layers[0], layers[2](last(layers[0])))
    return keras.Sequential(layers)


@pytest.mark.parametrize("form", ["sequential", "functional", "in another"])
@pytest.mark.parametrize("name", ["Autoencoder", "VAE", "BetaVAE", "IWAE"])
def test_a_decoder_that_ends_in_a_sigmoid_is_refused_where_logits_are_meant(name, form):
    says = line(zoo.small, name, decoder=bounded(form, 2, (8, 8, 1)))
    assert "decoder must end without an activation" in says and "'last'" in says and "'sigmoid'" in says
    zoo.small(name, decoder=bounded(form, 2, (8, 8, 1)), likelihood="gaussian")
    zoo.small(name, decoder=bounded(form, 2, (8, 8, 1), "linear"))


@pytest.mark.parametrize("name", ["GAN", "AdversarialAutoencoder", "FactorVAE"])
def test_a_discriminator_that_ends_in_a_sigmoid_is_refused(name):
    size = 64 if name == "GAN" else 2
    layers = [keras.layers.Flatten(), bounded("layer", size, (1,))]
    shape = (8, 8, 1) if name == "GAN" else (2,)
    says = line(zoo.small, name, discriminator=keras.Sequential([keras.Input(shape), *layers]))
    assert "discriminator must end without an activation" in says


@pytest.mark.parametrize("make", [lambda shape: VAE(shape), lambda shape: zoo.small("GAN", image_shape=shape),
                                  lambda shape: zoo.small("Classifier", image_shape=shape)])  # fmt: skip
def test_a_batch_axis_in_the_shape_is_recognised(make):
    assert "Nearest: (28, 28, 1)" in line(make, (None, 28, 28, 1))


def test_a_batch_axis_in_the_shape_of_a_flow_and_a_unet():
    assert "Nearest: (4,)" in line(RealNVP, (None, 4))
    assert "Nearest: (28, 28, 1)" in line(zoo.small, "UNet", image_shape=(None, 28, 28, 1))
    assert "Nearest: (2, 8, 8, 1)" in line(zoo.small, "CycleGAN", pair_shape=(None, 2, 8, 8, 1))

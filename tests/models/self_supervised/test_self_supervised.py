"""What holds of all models that learn features without labels: replicas, encoders of one's own, features as used."""

import keras
import numpy as np
import pytest
from noise import BATCH

from keraszoo.core.errors import InputError
from keraszoo.models import Classifier, ContextPrediction, RotationPrediction, SimCLR

SHAPE = (12, 12, 3)
OPTIONS = {"network": "dense", "hidden": (8,), "features": 6}
MODELS = {
    "context": lambda **more: ContextPrediction(SHAPE, patch=3, gap=1, jitter=0, head=(8,), **{**OPTIONS, **more}),
    "rotation": lambda **more: RotationPrediction(SHAPE, **{**OPTIONS, **more}),
    "simclr": lambda **more: SimCLR(SHAPE, projection=(8, 4), **{**OPTIONS, **more}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_two_replicas_learn_what_one_learns(name, mirrored, noise_by_row):
    x = np.random.default_rng(0).random((BATCH + 1, *SHAPE), "float32")  # the last batch leaves one replica nothing

    def learned(weights=None):
        model = MODELS[name]()
        if weights is not None:
            model.set_weights(weights)
        start = model.get_weights()
        model.compile(keras.optimizers.SGD(0.5), jit_compile=False)
        history = model.fit(x, batch_size=BATCH, epochs=2, shuffle=False, verbose=0).history
        return start, model.get_weights(), [history["loss"][-1], history["accuracy"][-1]]

    start, one, shown = learned()
    with mirrored.scope():
        _, two, shown_by_two = learned(start)
    assert max(np.abs(a - b).max() for a, b in zip(start, one, strict=True)) > 1e-3
    assert max(np.abs(a - b).max() for a, b in zip(one, two, strict=True)) < 2e-6
    np.testing.assert_allclose(shown_by_two, shown, rtol=1e-5)


def test_replicas_draw_different_tasks(mirrored):
    """The same image on both replicas: were their noise the same, so would be their positions."""
    x = np.random.default_rng(0).random((1, *SHAPE), "float32").repeat(64, axis=0)
    with mirrored.scope():
        model = MODELS["context"](color="as_they_are")
        model.compile(keras.optimizers.SGD(0.0))
    model.fit(x, batch_size=64, verbose=0)
    drawn = mirrored.run(lambda: model.pairs(x[:32])[2])
    first, second = (np.asarray(part) for part in mirrored.experimental_local_results(drawn))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", MODELS)
def test_an_encoder_of_ones_own(name):
    patch = (3, 3, 3) if name == "context" else SHAPE
    encoder = keras.Sequential([keras.Input(patch), keras.layers.Flatten(), keras.layers.Dropout(0.5)])
    model = MODELS[name](encoder=encoder)
    assert model.encoder is encoder
    x = np.random.default_rng(0).random((4, *SHAPE), "float32")
    features = model.features(x)
    assert features.dtype == "float32" and features.shape == (4, np.prod(patch))
    np.testing.assert_array_equal(features, model.features(x))  # inference drops nothing
    np.testing.assert_array_equal(features, model.predict(x, verbose=0))
    (served,) = (method(x) for signature, (method, _) in model.serving_signatures().items() if signature == "features")
    np.testing.assert_array_equal(served["features"], features)
    maps = keras.Sequential([keras.Input(patch), keras.layers.Conv2D(2, 3, padding="same")])
    with pytest.raises(InputError, match="must return features"):
        MODELS[name](encoder=maps)
    with pytest.raises(InputError, match="cannot take a batch"):
        MODELS[name](encoder=keras.Sequential([keras.Input((5, 5, 3)), keras.layers.Flatten()]))


@pytest.mark.parametrize("name", ["rotation", "simclr"])
def test_the_encoder_serves_a_classifier(name):
    model = MODELS[name]()
    classifier = Classifier(SHAPE, 2, encoder=model.encoder, freeze=True)
    x = np.random.default_rng(0).random((4, *SHAPE), "float32")
    signatures = classifier.serving_signatures()
    np.testing.assert_array_equal(signatures["features"][0](x)["features"], model.features(x))

"""Laws of the autoencoder and of the networks from which it is made."""

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from keraszoo.core.errors import InputError
from keraszoo.models import VAE, Autoencoder


@pytest.mark.slow
def test_linear_autoencoder_finds_the_subspace_of_pca():
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(10, 3)))[0].T * [[2.0], [1.5], [1.0]]
    x = (random.normal(size=(512, 3)) @ axes + 0.1 * random.normal(size=(512, 10))).astype("float32")
    x -= x.mean(0)
    model = Autoencoder((10,), latent_dim=3, hidden=(), likelihood="gaussian")
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, 3200)), steps_per_execution=16)
    model.fit(x, epochs=200, batch_size=32, verbose=0)
    pca = PCA(3).fit(x)
    residual = np.mean((x - pca.inverse_transform(pca.transform(x))) ** 2)
    assert np.mean((x - model.reconstruct(x)) ** 2) < 1.05 * residual
    directions = np.linalg.qr(keras.ops.convert_to_numpy(model.decoder.layers[0].kernel).T)[0]
    cosines = np.linalg.svd(pca.components_ @ directions, compute_uv=False)
    assert cosines.min() > 0.999  # the cosines of the principal angles between the two subspaces


@pytest.mark.parametrize("shape", [(8, 8, 1), (12, 20, 3)])
@pytest.mark.parametrize("network", ["dense", "convolutional"])
def test_shapes_follow_the_example(shape, network):
    model = Autoencoder(shape, latent_dim=5, network=network)
    x = np.random.default_rng(0).random((3, *shape), "float32")
    assert model.encode(x).shape == (3, 5)
    assert model.reconstruct(x).shape == x.shape
    assert model.decode(model.encode(x)).shape == x.shape


@pytest.mark.parametrize(("count", "rows", "columns"), [(64, 8, 8), (11, 2, 8), (4, 1, 8), (3, 1, 6), (1, 1, 2)])
def test_pictures_show_each_input_beside_its_reconstruction(count, rows, columns):
    model = Autoencoder((4, 4, 1), latent_dim=2)
    x = np.random.default_rng(0).random((count, 4, 4, 1), "float32")
    images = model.pictures(x)["reconstructions"]
    assert images.shape == (rows, columns, 4, 4, 1)
    np.testing.assert_array_equal(images[0, 0], x[0])
    np.testing.assert_allclose(images[0, 1], model.reconstruct(x[:1])[0], atol=1e-6)


def test_own_networks_are_used_and_saved(tmp_path):
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(7, "tanh"), keras.layers.Dense(4)])
    decoder = keras.Sequential([keras.layers.Dense(16), keras.layers.Reshape((4, 4, 1))])
    model = VAE((4, 4, 1), latent_dim=2, encoder=encoder, decoder=decoder)
    assert model.encoder is encoder and model.decoder is decoder
    x = np.random.default_rng(0).random((8, 4, 4, 1), "float32")
    model.compile("adam")
    model.fit(x, verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored.reconstruct(x), model.reconstruct(x))


def test_regularisation_of_the_layers_is_part_of_the_loss():
    encoder = keras.Sequential(
        [keras.layers.Flatten(), keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.5))]
    )
    model = Autoencoder((2, 2, 1), latent_dim=2, encoder=encoder)
    model.compile("sgd")
    x = np.random.default_rng(0).random((8, 2, 2, 1), "float32")
    metrics = model.evaluate(x, verbose=0, return_dict=True)
    penalty = 0.5 * np.sum(keras.ops.convert_to_numpy(encoder.layers[-1].kernel) ** 2)
    np.testing.assert_allclose(metrics["loss"] - metrics["reconstruction"], penalty, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"latent_dim": -1}, "latent_dim.*-1"),
        ({"latent_dim": 2.5}, "latent_dim.*2.5"),
        ({"network": "convolutionl"}, "Closest: convolutional"),
        ({"likelihood": "poison"}, "likelihood.*'poison'"),
        ({"hidden": (32, 0)}, "hidden.*0"),
        ({"image_shape": (30, 30, 1), "network": "convolutional"}, r"divisible by 4.*\(30, 30\).*Nearest: \(32, 32\)"),
        ({"image_shape": (30,), "network": "convolutional"}, "height, width, channels"),
        ({"encoder": keras.layers.Dense(3)}, "encoder must map"),
        ({"image_shape": (0, 8, 1)}, "image_shape.*0"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(arguments, message):
    arguments = {"image_shape": (8, 8, 1), **arguments}
    with pytest.raises(InputError, match=message) as error:
        Autoencoder(**arguments)
    assert "\n" not in str(error.value)

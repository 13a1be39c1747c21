"""Laws of paddings, of upsampling, and of the convolutional networks made with them."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.layers import BilinearUpsampling2D, NearestUpsampling2D, Pad2D, PixelShuffle, RequireDivisible
from keraszoo.models import VAE, Autoencoder
from keraszoo.networks import convolutional_decoder, convolutional_encoder, image_to_image
from keraszoo.networks.by_size import encoder_and_decoder

UNKNOWN = tf.TensorSpec([None, None, None, 3])
NUMPY_MODES = {"zero": "constant", "mirrored": "reflect", "periodic": "wrap"}
PADDINGS = list(NUMPY_MODES)


def images(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def compiled(layer, jit):
    """The layer in a graph that learns batch, height and width when it runs."""
    return tf.function(lambda x: layer(x), [UNKNOWN], jit_compile=jit)


# Padding


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("width", [0, 1, ((2, 0), (1, 4))])
@pytest.mark.parametrize("mode", PADDINGS)
def test_paddings_are_those_of_numpy(mode, width, jit):
    x = images(2, 3, 5, 3)
    sides = ((width, width), (width, width)) if isinstance(width, int) else width
    expected = np.pad(x, [(0, 0), *sides, (0, 0)], NUMPY_MODES[mode])
    layer = Pad2D(width, mode)
    np.testing.assert_array_equal(layer(x), expected)
    np.testing.assert_array_equal(compiled(layer, jit)(x), expected)
    assert layer(keras.KerasTensor((None, 3, 5, 3))).shape == (None, *expected.shape[1:])


@pytest.mark.parametrize("shift", [(1, 0), (-2, 3)])
def test_periodic_convolution_commutes_with_rolling(shift):
    convolution = keras.Sequential([Pad2D(1, "periodic"), keras.layers.Conv2D(4, 3, activation="relu")])
    x = images(2, 6, 8, 3)
    np.testing.assert_allclose(
        convolution(np.roll(x, shift, (1, 2))), np.roll(convolution(x), shift, (1, 2)), atol=1e-5
    )


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("mode", PADDINGS)
def test_padding_works_in_half_precision(mode, policy):
    dtype = policy.removeprefix("mixed_")
    x = tf.cast(images(2, 3, 5, 3), dtype)
    padded = Pad2D(1, mode, dtype=policy)(x)
    assert padded.dtype == dtype
    expected = np.pad(tf.cast(x, tf.float32), [(0, 0), (1, 1), (1, 1), (0, 0)], NUMPY_MODES[mode])
    np.testing.assert_array_equal(tf.cast(padded, tf.float32), expected)


@pytest.mark.parametrize(("mode", "most"), [("mirrored", 2), ("periodic", 3)])
def test_padding_beyond_what_the_image_holds_is_refused(mode, most):
    x = images(2, 3, 5, 3)
    Pad2D(most, mode)(x)
    with pytest.raises(InputError, match=f"3 pixels adds at most {most}.*Received.*3 x 5") as error:
        Pad2D(most + 1, mode)(x)
    assert "\n" not in str(error.value)
    for jit in (False, True):
        with pytest.raises(tf.errors.OpError):
            compiled(Pad2D(most + 1, mode), jit)(x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, "mirored"), "Closest: mirrored"),
        ((-1,), "width=-1"),
        ((((1, 1), (1, 0.5)),), "width="),
        (((1, 2),), r"width=\(1, 2\)"),
    ],
)
def test_impossible_paddings_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Pad2D(*arguments)


# Upsampling


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (3, 5)])
def test_upsampling_is_tensorflow_s_and_keras_s(size, jit):
    x = images(2, *size, 3)
    expected = tf.image.resize(x, [2 * size[0], 2 * size[1]], "bilinear")
    np.testing.assert_allclose(compiled(BilinearUpsampling2D(), jit)(x), expected, atol=1e-6)
    nearest = keras.layers.UpSampling2D(2, interpolation="nearest")(x)
    np.testing.assert_array_equal(compiled(NearestUpsampling2D(), jit)(x), nearest)


def test_pixel_shuffle_makes_blocks_of_pixels_out_of_channels():
    x = images(2, 3, 5, 18)
    shuffled = PixelShuffle(3)(x)
    assert shuffled.shape == (2, 9, 15, 2)
    # pixel (3 i + a, 3 j + b) is the a-th row's b-th pair of channels
    expected = np.transpose(np.reshape(x, [2, 3, 5, 3, 3, 2]), [0, 1, 3, 2, 4, 5]).reshape(2, 9, 15, 2)
    np.testing.assert_array_equal(shuffled, expected)
    with pytest.raises(InputError, match="divisible by 4.*18 channels"):
        PixelShuffle(2)(x)
    with pytest.raises(InputError, match="factor=1"):
        PixelShuffle(1)


# Encoders and decoders


def test_by_default_a_convolution_halves_and_a_transposed_one_doubles():
    """The networks of earlier versions: same layers, names, weights, in the same order."""
    encoder = convolutional_encoder((8, 8, 1), 3)
    decoder = convolutional_decoder(3, (8, 8, 1))
    assert [layer.name for layer in encoder.layers] == ["conv2d", "conv2d_1", "flatten", "dense"]
    assert [layer.name for layer in decoder.layers] == [
        "dense_1", "reshape", "conv2d_transpose", "conv2d_transpose_1", "conv2d_2",
    ]  # fmt: skip
    assert all(layer.strides == (2, 2) and layer.padding == "same" for layer in encoder.layers[:2])
    assert [w.shape for w in encoder.weights[::2]] == [(3, 3, 1, 32), (3, 3, 32, 64), (256, 3)]
    assert [w.shape for w in decoder.weights[::2]] == [(3, 256), (3, 3, 64, 64), (3, 3, 32, 64), (3, 3, 32, 1)]


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("downsampling", ["stride", "max", "average"])
def test_encoders_of_equal_weights_agree_away_from_the_border(downsampling, padding):
    """Padding decides what is seen beyond the border and nothing else."""

    def features(padding):
        encoder = convolutional_encoder((32, 40, 3), 5, (4, 6), downsampling=downsampling, padding=padding)
        last = [layer for layer in encoder.layers if len(layer.output.shape) == 4][-1]
        return keras.Model(encoder.inputs[0], last.output)

    ours, zero = features(padding), features("zero")
    assert [w.shape for w in ours.weights] == [w.shape for w in zero.weights]
    ours.set_weights(zero.get_weights())
    x = images(2, 32, 40, 3)
    assert ours(x).shape == (2, 8, 10, 6)
    np.testing.assert_allclose(ours(x)[:, 2:-2, 2:-2], zero(x)[:, 2:-2, 2:-2], atol=1e-5)
    assert padding == "zero" or np.abs(ours(x) - zero(x)).max() > 1e-3


@pytest.mark.parametrize("downsampling", ["stride", "max", "average"])
def test_periodic_features_move_with_the_image(downsampling):
    encoder = convolutional_encoder((16, 24, 3), 5, (4, 6), downsampling=downsampling, padding="periodic")
    features = keras.Model(encoder.inputs[0], encoder.layers[-3].output)
    x = images(2, 16, 24, 3)
    moved = features(np.roll(x, (4, -8), (1, 2)))
    np.testing.assert_allclose(moved, np.roll(features(x), (1, -2), (1, 2)), atol=1e-5)


@pytest.mark.parametrize("upsampling", ["nearest", "bilinear"])
def test_mirrored_decoders_make_flat_images_of_flat_features(upsampling):
    decoder = convolutional_decoder(3, (8, 12, 1), (6, 4), upsampling=upsampling, padding="mirrored")
    rest = keras.Sequential(decoder.layers[2:])
    image = rest(np.ones([1, 2, 3, 6], "float32")).numpy()
    assert image.shape == (1, 8, 12, 1)
    np.testing.assert_allclose(image, image[0, 0, 0, 0], rtol=1e-4)


@pytest.mark.parametrize(
    ("downsampling", "upsampling", "padding"),
    [
        ("stride", "nearest", "mirrored"),
        ("stride", "bilinear", "zero"),
        ("max", "bilinear", "periodic"),
        ("max", "nearest", "zero"),
        ("average", "transposed", "zero"),
        ("average", "nearest", "periodic"),
    ],
)
@pytest.mark.by_default("max-nearest-zero")
def test_autoencoders_of_every_kind_are_trained_and_saved(downsampling, upsampling, padding, tmp_path):
    options = {"downsampling": downsampling, "upsampling": upsampling, "padding": padding}
    model = Autoencoder((4, 8, 3), 2, network="convolutional", hidden=(4,), likelihood="gaussian", **options)
    assert {name: model.get_config()[name] for name in options} == options
    model.compile("adam", jit_compile=(downsampling, padding) == ("max", "periodic"))
    x = images(6, 4, 8, 3)
    history = model.fit(x, batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored.reconstruct(x), model.reconstruct(x))


def test_the_planes_of_a_residual_code_lie_as_the_image_does():
    """What is in one corner of the image is in that corner of each plane, of means and of log-variances; and back."""
    encoder, decoder = encoder_and_decoder(
        (32, 32, 3), 2 * 3 * 64, 3 * 64, network="residual", hidden=(4, 6), residual_blocks=0
    )
    x, z = np.zeros([2, 32, 32, 3], "float32"), np.zeros([2, 3 * 64], "float32")
    x[1, :4, 28:] = 1.0
    moved = np.any(np.diff(encoder(x), axis=0).reshape(6, 8, 8) != 0, axis=0)
    assert moved[0, 7] and not moved[3:].any() and not moved[:, :5].any()
    z.reshape(2, 3, 8, 8)[1, :, 0, 7] = 1.0
    moved = np.any(np.diff(decoder(z), axis=0)[0] != 0, axis=-1)
    assert moved[0, 31] and not moved[16:].any() and not moved[:, :16].any()


def test_a_vae_with_planes_of_codes_learns_and_is_restored(tmp_path):
    options = {"hidden": (4, 6), "residual_blocks": 1, "padding": "mirrored", "upsampling": "nearest"}
    vae = VAE((8, 8, 3), 8, network="residual", likelihood="gaussian", **options)
    assert sum(isinstance(layer, keras.layers.Add) for layer in vae.encoder._flatten_layers()) == 1
    x = images(6, 8, 8, 3)
    vae.adapt(x)
    vae.compile("adam")
    before = [weight.numpy().copy() for weight in vae.trainable_weights]
    vae.fit(x, batch_size=3, verbose=0)
    assert all(np.any(a != b.numpy()) for a, b in zip(before, vae.trainable_weights, strict=True))
    vae.save(tmp_path / "vae.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "vae.keras").reconstruct(x), vae.reconstruct(x))


def test_options_reach_the_networks_of_subclasses():
    model = VAE((8, 8, 1), 2, network="convolutional", downsampling="max", upsampling="nearest", padding="mirrored")
    kinds = [type(layer).__name__ for layer in (*model.encoder.layers, *model.decoder.layers)]
    assert {"MaxPooling2D", "NearestUpsampling2D", "Pad2D"} <= set(kinds) and "Conv2DTranspose" not in kinds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"downsampling": "strides"}, "Closest: stride"),
        ({"upsampling": "biliner"}, "Closest: bilinear"),
        ({"padding": "mirror"}, "Closest: mirrored"),
        ({"padding": "periodic"}, "zeros only.*Nearest: upsampling='nearest', padding='periodic'"),
        ({"network": "dense", "downsampling": "max"}, "downsampling must stay 'stride'.*Received: downsampling='max'"),
        ({"network": "dense", "upsampling": "nearest"}, "upsampling must stay 'transposed'"),
        ({"network": "residual"}, "planes of 2x2, so it has a multiple of 4 numbers. Received: 2.*1 planes, 4 numbers"),
        ({"network": "convolutional", "residual_blocks": 3}, "Nearest: network='residual'"),
        ({"network": "dense", "padding": "mirrored"}, "padding must stay 'zero'.*Nearest: network='convolutional'"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_one_line(arguments, message):
    arguments = {"network": "convolutional", "hidden": None, **arguments}
    with pytest.raises(InputError, match=message) as error:
        encoder_and_decoder((8, 8, 1), 4, 2, **arguments)
    assert "\n" not in str(error.value)


# Networks from images to images

KINDS = [
    {},
    {"skips": False, "upsampling": "transposed", "downsampling": "average"},
    {"upsampling": "bilinear", "padding": "mirrored", "upscale": 2},
    {"upsampling": "pixel_shuffle", "padding": "periodic", "upscale": 4},
    {"upsampling": "unpool", "downsampling": "max"},
    {"upsampling": "unpool", "downsampling": "max", "skips": False, "padding": "mirrored"},
    {"upsampling": "transposed", "upscale": 2, "downsampling": "max"},
]
every_kind = pytest.mark.parametrize("options", KINDS, ids=lambda options: "-".join(map(str, options.values())))


@every_kind
@pytest.mark.by_default("pixel_shuffle-periodic-4", "unpool-max-False-mirrored")
def test_any_size_that_divides_goes_through(options):
    network = image_to_image(3, 2, (4, 6), **options)
    assert network.output.shape == (None, None, None, 2)
    scale = options.get("upscale", 1)
    run = compiled(network, jit=False)
    for height, width in ((4, 4), (12, 8)):
        x = images(2, height, width, 3)
        assert run(x).shape == (2, scale * height, scale * width, 2)
        np.testing.assert_allclose(run(x), network(x), atol=1e-4)
    np.testing.assert_allclose(compiled(network, jit=True)(x), network(x), atol=1e-4)


@every_kind
def test_every_weight_of_an_image_to_image_network_gets_a_gradient(options):
    network = image_to_image(3, 2, (4, 6), activation="tanh", **options)
    x = images(4, 8, 12, 3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(network(x) ** 2)
    gradients = tape.gradient(loss, [variable.value for variable in network.trainable_variables])
    for variable, gradient in zip(network.trainable_variables, gradients, strict=True):
        assert np.abs(gradient).max() > 0 and np.isfinite(gradient).all(), variable.path


@every_kind
def test_image_to_image_networks_survive_saving(options, tmp_path):
    network = image_to_image(3, 2, (4, 6), **options)
    network.save(tmp_path / "network.keras")
    restored = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(restored(images(2, 8, 12, 3)), network(images(2, 8, 12, 3)))


@every_kind
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.by_default("mixed_bfloat16-unpool-max", "mixed_float16-bilinear-mirrored-2")
def test_image_to_image_networks_compute_in_half_precision(options, policy):
    network = image_to_image(3, 2, (4, 6), dtype=policy, **options)
    layers = [layer for layer in network.layers if not isinstance(layer, keras.layers.InputLayer)]
    assert all(layer.compute_dtype == policy.removeprefix("mixed_") for layer in layers)
    output = network(images(2, 8, 12, 3))
    assert output.dtype == policy.removeprefix("mixed_") and np.isfinite(tf.cast(output, tf.float32)).all()
    assert all(variable.dtype == "float32" for variable in network.variables)


@pytest.mark.slow
def test_skips_carry_what_the_way_down_loses():
    """Without skips nothing finer than the coarsest resolution passes: with the code constant, so is the output."""
    for skips in (False, True):
        network = image_to_image(1, 1, (2,), skips=skips, padding="periodic", downsampling="average")
        pooling = next(layer for layer in network.layers if isinstance(layer, keras.layers.AveragePooling2D))
        coarse = keras.Model(network.input, pooling.output)
        for convolution in (layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)):
            kernel = np.zeros(convolution.kernel.shape, "float32")
            kernel[1, 1] = 1.0  # each pixel for itself
            convolution.set_weights([kernel, np.ones(convolution.filters, "float32")])
        board = 1 - 2 * (np.indices([8, 8]).sum(0) % 2).astype("float32")  # every 2 x 2 pixels have the same mean
        x = board[None, :, :, None]
        assert np.ptp(coarse(x)) == 0
        assert (np.ptp(network(x)) > 0) == skips


def test_unpooling_puts_values_where_the_maxima_were():
    """With one bright pixel, only what the last convolutions make of its place differs from the rest."""
    network = image_to_image(1, 1, (1,), upsampling="unpool", downsampling="max", skips=False)
    for convolution in (layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)):
        kernel = np.zeros(convolution.kernel.shape, "float32")
        kernel[1, 1] = 1.0
        convolution.set_weights([kernel, np.zeros(1, "float32")])
    x = np.zeros([1, 4, 6, 1], "float32")
    x[0, 3, 2], x[0, 0, 5] = 2.0, 5.0
    np.testing.assert_array_equal(network(x), x)


def test_convolutions_are_at_every_resolution_on_both_ways():
    network = image_to_image(1, 3, (4, 6, 8))
    filters = [layer.filters for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert filters == [4, 4, 6, 8, 6, 4, 4, 3]
    assert network.layers[-1].activation is keras.activations.linear


@pytest.mark.slow
def test_sizes_that_do_not_divide_are_refused():
    network = image_to_image(3, 2, (4, 6, 8), skips=False)
    with pytest.raises(
        InputError, match=r"halves the image 3 times.*divisible by 8.*\(30, 42\).*Nearest: \(32, 40\)"
    ) as e:
        network(images(2, 30, 42, 3))
    assert "\n" not in str(e.value)
    for jit in (False, True):
        for layer in (network, RequireDivisible(8, "The test cuts blocks")):
            run = compiled(layer, jit)
            run(images(2, 32, 40, 3))
            with pytest.raises(tf.errors.InvalidArgumentError):
                run(images(2, 30, 42, 3))
            with pytest.raises(tf.errors.InvalidArgumentError):
                run(images(2, 32, 42, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"upsampling": "unpool"}, "Received: upsampling='unpool', downsampling='stride'. Nearest: downsampling='max'"),
        ({"upsampling": "unpool", "downsampling": "max", "upscale": 2}, "beyond the resolution"),
        ({"upsampling": "pixelshuffle"}, "Closest: pixel_shuffle"),
        ({"upsampling": "transposed", "padding": "periodic"}, "zeros only"),
        ({"downsampling": "maximum"}, "Closest: max"),
        ({"padding": "same"}, "Unknown padding.*'same'"),
        ({"upscale": 3}, "Unknown upscale.*3"),
        ({"hidden": ()}, "at least one"),
    ],
)
def test_impossible_image_to_image_networks_are_refused_in_one_line(arguments, message):
    with pytest.raises(InputError, match=message) as error:
        image_to_image(1, 1, **arguments)
    assert "\n" not in str(error.value)


def test_encoders_and_decoders_list_the_same_options():
    """What one network of a pair takes by default, `encoder_and_decoder` and `Autoencoder` take by default."""
    for function in (encoder_and_decoder, Autoencoder):
        ours = inspect.signature(function).parameters
        for network, name in [(convolutional_encoder, "downsampling"), (convolutional_decoder, "upsampling")]:
            theirs = inspect.signature(network).parameters
            assert ours[name].default == theirs[name].default and ours["padding"].default == theirs["padding"].default

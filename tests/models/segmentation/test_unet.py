"""U-Net: the published network, any size, what it learns from, and what it answers."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keraszoo import losses
from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.export import doctor, export
from keraszoo.layers import BatchNormalization
from keraszoo.models import UNet
from keraszoo.models.segmentation.encoded import decoded, encoded_size
from keraszoo.networks import named_encoder, unet
from keraszoo.networks.unet import lost_pixels, valid_sizes
from keraszoo.recipes import Data, Recipe
from keraszoo.runs.prepared import PreparedData
from keraszoo.runs.run import Run
from keraszoo.scaling import Scaling
from keraszoo.training.build import model_arguments
from keraszoo.training.evaluators.segmentation import calibrate
from keraszoo.training.evaluators.segmentation import scores as scores_of


def small(shape=(16, 16, 1), classes=1, **options):
    return UNet(shape, classes, **{"depth": 2, "width": 4, "normalization": "batch", **options})


@pytest.fixture
def batch():
    random = np.random.default_rng(0)
    return random.random((6, 16, 16, 1), "float32"), random.integers(0, 2, (6, 16, 16))


# ---------------------------------------------------------------------- the network


def test_the_published_network_has_as_many_weights_as_published():
    assert unet(1, 2, padding="valid").count_params() == 31_030_658


def test_skips_are_cropped_as_in_the_papers_figure():
    network = unet(1, 2, padding="valid", width=2)
    image = keras.KerasTensor((1, 572, 572, 1))
    crops = [layer for layer in network.layers if isinstance(layer, keras.layers.Cropping2D)]
    probe = keras.Model(network.input, [[crop.input, crop.output] for crop in crops] + [network.output])
    *pairs, out = probe(image)
    assert [(before.shape[1], after.shape[1]) for before, after in pairs] == [
        (64, 56), (136, 104), (280, 200), (568, 392),
    ]  # fmt: skip
    assert out.shape == (1, 388, 388, 2) and lost_pixels(4) == 184


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_possible_sizes_are_those_at_which_each_halving_meets_an_even_size(depth):
    def answer(size):
        """Side of the answer, computed convolution by convolution; 0 where the network is impossible."""
        skips = []
        for _ in range(depth):
            size -= 4
            skips.append(size)
            if size <= 0 or size % 2:
                return 0
            size //= 2
        size -= 4
        for _ in range(depth):
            size = 2 * size - 4
        return max(size, 0)

    possible = [size for size in range(1, 300) if answer(size)]
    assert possible == [size for size in range(1, 300) if valid_sizes(size, depth) == (size,)]
    assert all(answer(size) == size - lost_pixels(depth) for size in possible)
    for size in range(possible[0], possible[-1]):
        below = max(p for p in possible if p <= size)
        assert valid_sizes(size, depth) == ((size,) if below == size else (below, below + 2**depth))


def test_kernels_start_as_he_drew_them():
    network = unet(8, 2, width=64, depth=1)
    kernels = [
        layer.kernel for layer in network.layers if layer.name.startswith("conv2d") and layer.kernel.shape[0] == 3
    ]
    assert len(kernels) == 6
    for kernel in kernels:
        fan_in = np.prod(kernel.shape[:3])
        assert abs(np.std(kernel) * np.sqrt(fan_in / 2) - 1) < 0.05


@pytest.mark.parametrize("options", [
    {},
    {"normalization": "group", "up": "upsampling"},
    {"residual": True, "attention": True},
    {"padding": "valid", "residual": True, "attention": True, "up": "upsampling"},
])  # fmt: skip
@pytest.mark.parametrize("classes", [1, 2, 4])
@pytest.mark.by_default("1-options0", "2-options1", "2-options2", "4-options3")
def test_any_size_comes_out_as_it_went_in(options, classes):
    model = small((None, None, 3), classes, **options)
    for size in ((97, 131), (1, 5), (16, 16)):
        image = np.random.default_rng(0).random((2, *size, 3), "float32")
        probabilities, mask = model.segment(image)
        assert probabilities.shape == (2, *size, max(2, classes)) and mask.shape == (2, *size)
        np.testing.assert_allclose(tf.reduce_sum(probabilities, -1), 1.0, atol=1e-5)


def test_a_size_that_can_be_halved_is_not_padded():
    model = small()
    image = np.random.default_rng(0).random((1, 20, 24, 1), "float32")
    np.testing.assert_allclose(model.logits(image), model.network(image), atol=1e-6)


def test_without_padding_the_answer_is_that_for_the_middle():
    model = small((None, None, 1), padding="valid", dropout=0.0)
    image = np.random.default_rng(0).random((1, 60, 60, 1), "float32")
    border = lost_pixels(2) // 2
    changed = image.copy()
    changed[:, 30, 30] = np.round(1 - changed[:, 30, 30])
    (rows,) = np.nonzero(np.abs(model.logits(image) - model.logits(changed)).max((0, 2, 3)))
    assert rows.min() <= 30 - border <= rows.max()
    np.testing.assert_allclose((rows.min() + rows.max()) / 2, 30 - border, atol=3)


def test_an_attention_gate_can_close_a_skip():
    model = small(attention=True, normalization=None, depth=1)
    gates = [layer for layer in model.network.layers if getattr(layer, "activation", None) is keras.activations.sigmoid]
    assert len(gates) == 1
    multiply = next(layer for layer in model.network.layers if isinstance(layer, keras.layers.Multiply))
    gated = keras.Model(model.network.input, [multiply.output, multiply.input[0]])
    image = np.random.default_rng(0).random((1, 8, 8, 1), "float32")
    for bias, share in ((-99.0, 0.0), (99.0, 1.0)):
        gates[0].kernel.assign(np.zeros(gates[0].kernel.shape))
        gates[0].bias.assign([bias])
        after, before = gated(image)
        np.testing.assert_allclose(after, share * before, atol=1e-6)


def test_normalisation_makes_biases_idle_so_there_are_none():
    convolutions = [layer for layer in small().network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.use_bias for layer in convolutions if layer.kernel_size == (3, 3)] == [False] * 10
    assert any(isinstance(layer, BatchNormalization) for layer in small().network.layers)


# ---------------------------------------------------------------------- encoders by name


@pytest.mark.slow
def test_a_named_encoder_takes_any_size_and_keeps_its_weights_in_the_file(tmp_path):
    model = small((32, 32, 1), 3, depth=3, encoder="mobilenet_v2", weights=None)
    image = np.random.default_rng(0).random((1, 45, 70, 1), "float32")
    assert model.probabilities(image).shape == (1, 45, 70, 3)
    model.compile()
    model.fit(image, np.zeros([1, 45, 70], int), verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored.probabilities(image), model.probabilities(image))
    normalisations = [layer for layer in model._flatten_layers() if "normalization" in type(layer).__name__.lower()]
    assert normalisations and all(isinstance(layer, BatchNormalization) for layer in normalisations)


@pytest.mark.slow
def test_weights_of_an_encoder_are_loaded_once_and_not_with_a_saved_model(tmp_path, monkeypatch):
    asked = []

    def recorded(*args, weights, **options):
        asked.append(weights)
        return unet(*args, weights=None, **options)

    monkeypatch.setattr("keraszoo.models.segmentation.unet.unet", recorded)
    model = small((32, 32, 3), 3, depth=3, encoder="mobilenet_v2", weights="imagenet")
    model.save(tmp_path / "model.keras")
    keras.saving.load_model(tmp_path / "model.keras")
    assert asked == ["imagenet", None]


@pytest.mark.slow
def test_a_named_encoder_sees_what_the_applications_network_sees():
    keras.utils.set_random_seed(0)
    theirs = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3))
    image = keras.Input((32, 32, 3))
    encoder = keras.Model(image, named_encoder("mobilenetv2", image, 3)[-1])
    inner = next(layer for layer in encoder.layers if isinstance(layer, keras.Model))
    last = theirs.layers[len(inner.layers) - 1]
    for mine, other in zip(inner.layers, theirs.layers, strict=False):
        mine.set_weights(other.get_weights())
    x = np.random.default_rng(0).random((2, 32, 32, 3), "float32")
    expected = keras.Model(theirs.input, last.output)(keras.applications.mobilenet_v2.preprocess_input(255 * x))
    np.testing.assert_allclose(encoder(x), expected, atol=1e-4)


def test_the_command_line_can_name_an_encoder():
    assert {"encoder", "weights", "averaging"} <= model_arguments(UNet) and "pretrained" not in model_arguments(UNet)


# ---------------------------------------------------------------------- learning


@pytest.mark.slow
def test_loss_terms_are_those_asked_for_with_their_weights(batch):
    x, y = batch
    both = small(loss={"cross_entropy": 1, "dice": 0.5})
    assert both.term_names == ("cross_entropy", "dice")
    terms = both.loss_terms(x, y)
    for name, share in (("cross_entropy", 1.0), ("dice", 0.5)):
        one = small(loss=name)
        one.set_weights(both.get_weights())
        np.testing.assert_allclose(terms[name], share * one.loss_terms(x, y)[name], rtol=1e-5)


def test_a_weight_of_one_changes_nothing_and_one_of_zero_hides_a_pixel(batch):
    x, y = batch
    model = small(loss={"cross_entropy": 1, "dice": 1})
    plain = model.loss_terms(x, y)
    ones = model.loss_terms(x, {"label": y, "weight": np.ones(y.shape, "float32")})
    np.testing.assert_allclose(plain["cross_entropy"], ones["cross_entropy"], rtol=1e-6)
    hidden = np.ones(y.shape, "float32")
    hidden[:, 3, 4] = 0
    wrong = y.copy()
    wrong[:, 3, 4] = 1 - y[:, 3, 4]
    terms = [model.loss_terms(x, {"label": labels, "weight": hidden})["cross_entropy"] for labels in (y, wrong)]
    np.testing.assert_array_equal(*terms)
    column = model.loss_terms(x, y[..., None])
    np.testing.assert_array_equal(column["cross_entropy"], plain["cross_entropy"])


def test_without_padding_the_middle_of_the_mask_is_learned():
    model, border = small((44, 44, 1), padding="valid"), lost_pixels(2) // 2
    random = np.random.default_rng(0)
    x, y = random.random((2, 44, 44, 1), "float32"), random.integers(0, 2, (2, 44, 44))
    beyond = y.copy()
    beyond[:, :border] = 1 - beyond[:, :border]
    same, other = model.loss_terms(x, y), model.loss_terms(x, beyond)
    np.testing.assert_array_equal(same["cross_entropy"], other["cross_entropy"])
    y[:, border] = 1 - y[:, border]
    changed = model.loss_terms(x, y)["cross_entropy"].numpy()
    assert (changed != same["cross_entropy"].numpy()).all()


def test_measures_are_pixel_error_and_iou_of_each_image():
    model = small((4, 4, 1), depth=1)
    predicted = [[[[9.0]] * 4] * 2 + [[[-9.0]] * 4] * 2] * 3 + [[[[-9.0]] * 4] * 4]
    model.logits = lambda x, training=False: tf.constant(predicted)
    top, left = np.zeros([4, 4], int), np.zeros([4, 4], int)
    top[:2], left[:, :2] = 1, 1
    terms = model.loss_terms(np.zeros([4, 4, 4, 1], "float32"), np.stack([top, left, 0 * top, 0 * top]))
    np.testing.assert_allclose(terms["pixel_error"], [0, 0.5, 0.5, 0])
    np.testing.assert_allclose(terms["iou"], [1, 4 / 12, 0, 1])


@pytest.mark.slow
def test_it_learns_what_is_bright():
    random = np.random.default_rng(0)
    x = random.random((32, 16, 16, 1)).astype("float32")
    y = (x[..., 0] > 0.6).astype(int)
    model = small(loss={"cross_entropy": 1, "dice": 1}, dropout=0.0)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(x, y, batch_size=8, epochs=25, verbose=0)
    assert model.evaluate(x, y, verbose=0, return_dict=True)["pixel_error"] < 0.05


@pytest.mark.parametrize("classes", [1, 2])
def test_the_threshold_is_chosen_on_images_and_stays_with_the_model(classes, tmp_path):
    model = small(classes=classes)
    label = np.zeros([2, 16, 16], int)
    label[:, 2:7, 2:14] = label[:, 8:14, 2:14] = 1
    foreground = np.where(label, 0.9, 0.1)
    foreground[:, 7, 2:14] = 0.7  # the border between two cells, which a threshold of .5 would miss
    x = foreground[..., None].astype("float32")
    model.probabilities = lambda image: tf.concat([1 - tf.constant(image), tf.constant(image)], -1)
    model.calibrate(x, label)
    assert 0.7 < model.threshold <= model.marker <= 0.9
    assert model.instances(model.probabilities(x)).max() == 2
    np.testing.assert_array_equal(model.segment(x)[1], label)
    del model.probabilities
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").marker == model.marker


@pytest.mark.parametrize(("averaging", "turned"), [("flips", False), ("flips_and_rotations", True)])
@pytest.mark.by_default("flips-False")
def test_averaged_answers_turn_with_the_image(averaging, turned):
    model = small(averaging=averaging)
    image = np.random.default_rng(0).random((1, 12, 20, 1), "float32")
    answer = np.asarray(model.probabilities(image))
    np.testing.assert_allclose(model.probabilities(image[:, ::-1]), answer[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(model.probabilities(image[:, :, ::-1]), answer[:, :, ::-1], atol=1e-6)
    quarter = np.asarray(model.probabilities(np.rot90(image, axes=(1, 2)).copy()))
    assert np.allclose(quarter, np.rot90(answer, axes=(1, 2)), atol=1e-6) == turned
    model.averaging = None
    assert not np.allclose(
        model.probabilities(image[:, ::-1]), np.asarray(model.probabilities(image))[:, ::-1], atol=1e-4
    )


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(("arguments", "message"), [
    ({"image_shape": (570, 572, 1), "padding": "valid", "depth": 4}, "16 b . 60.*Received: 570. Nearest: 556 and 572"),
    ({"image_shape": (100, 572, 1), "padding": "valid", "depth": 4}, "Received: 100. Nearest: 188"),
    ({"image_shape": (16, 16)}, "shape .height, width, channels."),
    ({"num_classes": 0}, "num_classes"),
    ({"depth": 0}, "depth"),
    ({"padding": "sane"}, "Unknown padding.*Closest: same"),
    ({"normalization": "bach"}, "Unknown normalization.*Closest: batch"),
    ({"up": "transpose"}, "Unknown up.*Closest: transposed"),
    ({"loss": "dise"}, "Unknown loss.*Closest: dice"),
    ({"loss": {"dice": 0}}, "weight of a loss"),
    ({"loss": {}}, "loss is a name"),
    ({"loss": {"focal": {"gama": 3}}}, "focal has no parameter 'gama'. Closest: gamma"),
    ({"loss": {"dice": {"valid": 1}}}, "dice has no parameter 'valid'. It has none"),
    ({"loss": {"focal": {"gamma": -1}}}, "number >= 0. Received: focal, gamma=-1"),
    ({"class_weights": (1,)}, "class_weights are 2 numbers > 0"),
    ({"class_names": ("cell",)}, "class_names are 2 different names"),
    ({"marker": 0.3}, "marker is no less. Received: marker=0.3, threshold=0.5"),
    ({"measure": "vrand"}, "chosen for a measure. Received: 'vrand'. Closest: v_rand"),
    ({"threshold": 2}, "threshold is a probability"),
    ({"ignore": "255"}, "ignore is the class of pixels that do not count"),
    ({"dropout": 1.0}, "dropout is a rate"),
    ({"averaging": "rotations"}, "Unknown averaging"),
    ({"tile": 101}, "Received: tile=101. Nearest: 100"),
    ({"tile": 8}, "at least 56 pixels wide.*Received: tile=8. Nearest: 56"),
    ({"encoder": "resnet51"}, "Unknown encoder.*Closest: resnet50"),
    ({"encoder": "resnet50", "padding": "valid", "image_shape": (44, 44, 1)}, "named encoder pads"),
    ({"encoder": "vgg16", "image_shape": (16, 16, 2)}, "1 or 3 channels. Received: 2"),
])  # fmt: skip
def test_impossible_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message) as error:
        small(arguments.pop("image_shape", (16, 16, 1)), arguments.pop("num_classes", 1), **arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("change", "message"), [
    (lambda x, y: (x, y[:, :15]), "mask must be as large as its image.*15, 16"),
    (lambda x, y: (x, y + 1), "Classes are from 0 to 1. Received: from 1 to 2. Nearest: num_classes=3"),
    (lambda x, y: (x, 255 * y), "Received: from 0 to 255. If pixels of 255 do not count: ignore=255"),
    (lambda x, y: (x, y - 1), "Classes are from 0 to 1. Received: from -1 to 0"),
    (lambda x, y: (np.repeat(x, 3, -1), y), "takes batches of shape.*Received:.* 3"),
    (lambda x, y: (x[..., 0], y), "Add the channel axis"),
    (lambda x, y: (x, None), "class of each pixel"),
    (lambda x, y: (x, {"labels": y}), "has label and perhaps weight"),
    (lambda x, y: (x, {"label": y, "weight": np.ones([6, 4, 4])}), "mask must be as large as its image"),
])  # fmt: skip
@pytest.mark.by_default(every=2)
def test_data_that_do_not_fit_are_refused_in_one_line(batch, change, message):
    model = small()
    model.compile()
    with pytest.raises(InputError, match=message) as error:
        model.fit(*change(*batch), verbose=0)
    assert "\n" not in str(error.value)


def test_impossible_sizes_are_refused_while_learning():
    model = small((None, None, 1), padding="valid")
    model.compile()
    with pytest.raises(InputError, match="4 b . 12 pixels. Received: 50. Nearest: 48 and 52"):
        model.fit(np.zeros([2, 50, 52, 1], "float32"), np.zeros([2, 50, 52], int), verbose=0)


@pytest.mark.slow
def test_an_empty_mask_is_learned_from(batch):
    x, y = batch
    for loss in ("cross_entropy", "dice", "jaccard", "focal", "tversky"):
        model = small(loss=loss)
        model.compile()
        history = model.fit(x, 0 * y, verbose=0).history
        assert np.isfinite(history["loss"]).all() and all(np.isfinite(w).all() for w in model.get_weights())


# ---------------------------------------------------------------------- export and the command


def test_an_encoded_image_of_too_many_pixels_is_refused_by_its_header():
    """Before it is decoded: this one is a header alone, of 2^31 - 1 by 3000 pixels, which no decoder could read."""
    scaling = Scaling("uint8", 0.0, 255.0)
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 1)).astype("uint8")
    png, jpeg = tf.io.encode_png(image), tf.io.encode_jpeg(image)
    for one in (png, jpeg):
        assert encoded_size(one).numpy().tolist() == [20, 30]
        assert decoded(tf.stack([one, one]), 1, scaling, most=1200).shape == (2, 20, 30, 1)
        with pytest.raises(tf.errors.InvalidArgumentError, match="(?s)may have 1199 pixels together.*20, 30"):
            decoded(tf.stack([one, one]), 1, scaling, most=1199)
    bomb = png.numpy()[:16] + (2**31 - 1).to_bytes(4, "big") + (3000).to_bytes(4, "big") + png.numpy()[24:33]
    with pytest.raises(tf.errors.InvalidArgumentError, match="(?s)pixels together.*3000, 2147483647"):
        decoded(tf.constant([bomb]), 1, scaling, most=2**22)
    for other in (b"GIF89a", b"", b"\x89PNG"):
        with pytest.raises(tf.errors.InvalidArgumentError):
            decoded(tf.constant([other]), 1, scaling, most=2**22)
    served = tf.function(small(served_pixels=599)._serve_segment_png_bytes)
    with pytest.raises(tf.errors.InvalidArgumentError, match="may have 599 pixels"):
        served(tf.stack([png]))


@pytest.mark.slow
@pytest.mark.parametrize("options", [
    {"averaging": "flips_and_rotations", "tile": 60, "threshold": 0.45},
    {"classes": 3, "padding": "valid", "shape": (44, 44, 1)},
])  # fmt: skip
def test_the_exported_model_segments_any_size_as_the_model_does(options, tmp_path):
    model = small(**options)
    version = export(model, tmp_path, name="model")
    assert all(check.ok for check in doctor(version)), doctor(version)
    served = tf.saved_model.load(str(version)).signatures
    for size in ((97, 131), (1, 3), (64, 64)):
        pixels = np.random.default_rng(0).integers(0, 256, (2, *size, 1)).astype("uint8")
        probabilities, mask = model.segment(pixels / np.float32(255))
        encoded = tf.constant([tf.io.encode_png(image).numpy() for image in pixels])
        for answer in (
            served["segment"](image=tf.constant(pixels / np.float32(255))),
            served["segment_png_bytes"](image_bytes=encoded),
        ):
            assert set(answer) == {"probabilities", "mask"}
            np.testing.assert_allclose(answer["probabilities"], probabilities, atol=1e-5)
            assert np.mean(answer["mask"] != mask) < 0.001 and answer["mask"].dtype == "int64"
    with pytest.raises(tf.errors.InvalidArgumentError):
        served["segment"](image=tf.zeros([1, 8, 8, 3]))


def finished_run(path, model, **changes):
    recipe = Recipe("unet/test", "", "UNet", model.image_shape, data=Data("cells"), **changes)
    run = Run.create(path, recipe)
    run.save_model(model)
    return run


@pytest.mark.parametrize("classes", [1, 3])
def test_segment_writes_the_models_mask(classes, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = small(classes=classes)
    finished_run("run", model)
    pixels = np.random.default_rng(0).integers(0, 256, (21, 33)).astype("uint8")
    Image.fromarray(pixels).save("image.png")
    assert main(["segment", "run", "image.png", "mask.png"]) == 0
    expected = np.asarray(model.segment(pixels[None, ..., None] / np.float32(255))[1])[0]
    np.testing.assert_array_equal(np.asarray(Image.open("mask.png")), expected * (255 if classes == 1 else 1))
    line = capsys.readouterr().out
    assert "Mask of 21x33" in line and f"class {max(2, classes) - 1}" in line


def test_segment_refuses_in_one_line_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    finished_run("run", small())
    finished_run("four", small((16, 16, 4)))
    Image.fromarray(np.zeros([8, 8], "uint8")).save("image.png")
    (tmp_path / "text.png").write_text("no image")
    before = sorted(tmp_path.rglob("*"))
    for arguments, message in (
        (["run", "missing.png", "mask.png"], "There is no image missing.png"),
        (["run", "text.png", "mask.png"], "Cannot read the image text.png"),
        (["run", "image.png", "mask.jpg"], "written as .png"),
        (["run", "image.png", "no/mask.png"], "cannot be written"),
        (["nowhere", "image.png", "mask.png"], "no run at nowhere"),
        (["four", "image.png", "mask.png"], "an image of 4 channels is needed. Received: 1 channels"),
    ):
        assert main(["segment", *arguments]) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_is_scored_at_the_threshold_chosen_on_its_training_images(tmp_path):
    from keraszoo.data.sources.source import from_arrays

    random = np.random.default_rng(0)
    images = (255 * random.random((12, 16, 16, 1))).astype("uint8")
    labels = (images[..., 0] > 150).astype("uint8")
    source = from_arrays(
        "test", {"all": {"image": images, "label": labels}}, input="image", target="label", test_last=4
    )
    prepared = PreparedData(source, Data("test"))
    model = small()
    model.probabilities = lambda x: tf.concat([1 - x, x], -1)  # it knows, and 150 / 255 is the threshold
    calibrate(model, prepared)
    assert 0.55 <= model.threshold <= 0.62
    found = scores_of(model, prepared)
    assert found["threshold"] == model.threshold and found["pixel_error"] < 0.05 and 0 < found["v_rand"] <= 1
    json.dumps(found)


# ---------------------------------------------------------------------- pixels that do not count

ALL_LOSSES = {"cross_entropy": 1, "focal": {"gamma": 3}, "dice": 1, "jaccard": 1, "tversky": 1, "centerline_dice": 1}


@pytest.mark.parametrize("ignore", [255, -1])
def test_pixels_that_do_not_count_change_no_term(batch, ignore):
    """Neither what is predicted there nor their weight; and without them the terms are those of the rest."""
    x, y = batch
    model = small(loss=ALL_LOSSES, ignore=ignore)
    y = np.where(np.arange(16) < 12, y, ignore)
    weight = np.random.default_rng(1).random(y.shape, "float32")
    logits = tf.constant(np.random.default_rng(2).standard_normal((6, 16, 16, 1)), tf.float32)
    terms = []
    for beyond, width in ((1.0, 16), (9.0, 16), (1.0, 12)):
        model.logits = lambda x, training=False, beyond=beyond, width=width: tf.concat(
            [logits[:, :, :12], beyond * logits[:, :, 12:width]], 2
        )
        own = np.where(np.arange(16) < 12, weight, beyond)
        terms.append(model.loss_terms(x[:, :, :width], {"label": y[:, :, :width], "weight": own[:, :, :width]}))
    for name in terms[0]:
        np.testing.assert_allclose(terms[0][name], terms[1][name], rtol=1e-6, err_msg=name)
        if name != "centerline_dice":  # a skeleton ends where the image does
            np.testing.assert_allclose(terms[0][name], terms[2][name], rtol=1e-5, err_msg=name)


def test_gradients_and_scores_are_blind_to_what_lies_beneath_void(batch):
    """The probabilities there may be anything: the gradient of each loss and every score of a run stay the same."""
    x, y = batch
    y = np.where(np.arange(16) < 11, y, -1)
    model = small(loss=ALL_LOSSES, ignore=-1, class_weights=(1, 3))
    random = np.random.default_rng(2)
    one = random.standard_normal((6, 16, 16, 1)).astype("float32")
    other = np.where(y[..., None] < 0, 4 * random.standard_normal(one.shape), one).astype("float32")
    gradients = {}
    for logits in (tf.constant(one), tf.constant(other)):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(logits)
            model.logits = lambda x, training=False, logits=logits: logits
            terms = {name: tf.reduce_sum(term) for name, term in model.loss_terms(x, y).items()}
        for name in ALL_LOSSES:
            gradients.setdefault(name, []).append(tape.gradient(terms[name], logits).numpy())
    for name, (before, after) in gradients.items():
        np.testing.assert_allclose(before, after, atol=1e-7, err_msg=name)
        assert not before[y < 0].any() and before[y >= 0].any()
    found = []
    for logits in (one, other):
        answers = iter(logits)
        model.probabilities = lambda x, answers=answers: tf.sigmoid([-1.0, 1.0] * tf.constant(next(answers)[None]))
        found.append(scores_of(model, prepared_of(x, y)))
    assert found[0] == found[1] and found[0]["pixel_error"] > 0.3


def prepared_of(x, y):
    from keraszoo.data.sources.source import from_arrays

    images = (255 * x).astype("uint8")
    arrays = {split: {"image": images, "label": y.astype("int8")} for split in ("train", "test")}
    return PreparedData(
        from_arrays("test", arrays, input="image", target="label", num_classes=2, has_void=True), Data("test")
    )


def test_class_weights_weigh_what_a_weight_map_would(batch):
    x, y = batch
    arguments = {"loss": {"cross_entropy": 1, "dice": 1}}
    one, other = small(**arguments), small(class_weights=(0.5, 4), **arguments)
    other.set_weights(one.get_weights())
    map_of_them = np.where(y == 1, 4.0, 0.5).astype("float32")
    weighted = one.loss_terms(x, {"label": y, "weight": map_of_them})
    for name, term in other.loss_terms(x, y).items():
        np.testing.assert_allclose(term, weighted[name], rtol=1e-6, err_msg=name)
    assert np.abs(weighted["cross_entropy"] - one.loss_terms(x, y)["cross_entropy"]).min() > 1e-3


def test_losses_have_parameters_and_weights(batch, tmp_path):
    x, y = batch
    model = small(loss={"focal": {"gamma": 3, "weight": 0.5}, "tversky": {"alpha": 0.1, "beta": 0.9}})
    terms, logits = model.loss_terms(x, y), model.logits(x)
    np.testing.assert_allclose(terms["focal"], 0.5 * losses.focal(logits, y, gamma=3.0), rtol=1e-6)
    np.testing.assert_allclose(terms["tversky"], losses.tversky(logits, y, 0.1, 0.9), rtol=1e-6)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.loss_terms(x, y)["focal"], terms["focal"], rtol=1e-6)


@pytest.mark.slow
def test_the_gate_takes_the_label_that_does_not_count_and_no_other(batch, tmp_path):
    x, y = batch
    model = small(ignore=255)
    y[:, 0] = 255
    model.compile()
    for data in ((x, y), (tf.data.Dataset.from_tensor_slices((x, y)).batch(6),)):
        assert np.isfinite(model.fit(*data, verbose=0).history["loss"]).all()
    y[:, 1] = -1
    for data in ((x, y), (tf.data.Dataset.from_tensor_slices((x, y)).batch(6),)):
        with pytest.raises(InputError, match="Classes are from 0 to 1. Received: from -1 to 1. .*ignore=-1"):
            model.fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").targets.ignore == 255


def test_the_threshold_and_the_scores_leave_out_what_does_not_count():
    from keraszoo.data.sources.source import from_arrays

    random = np.random.default_rng(0)
    images = (255 * random.random((12, 16, 16, 1))).astype("uint8")
    labels = (images[..., 0] > 150).astype("int8")
    labels[:, :, :8] = -1
    images[:, :, :8] = random.integers(150, 240, (12, 16, 8, 1))  # as background they would ask for another threshold
    arrays = {"all": {"image": images, "label": labels}}
    source = from_arrays("test", arrays, input="image", target="label", test_last=4, num_classes=2, has_void=True)
    prepared = PreparedData(source, Data("test"))
    model = small(ignore=-1)
    model.probabilities = lambda x: tf.concat([1 - x, x], -1)
    calibrate(model, prepared)
    assert 0.55 <= model.threshold <= 0.62
    found = scores_of(model, prepared)
    assert found["pixel_error"] < 0.05 and found["warping_error"] < 0.05 and found["v_rand"] > 0.9

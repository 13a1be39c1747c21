"""Laws of CycleGAN, of its networks and of unpaired data."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.data import load, unpaired
from keraszoo.models import Autoencoder, CycleGAN
from keraszoo.models.gan.cyclegan import discriminator_mistakes, generator_mistakes
from keraszoo.networks import patch_discriminator, resnet_generator
from keraszoo.networks.image_translation import instance_normalization
from keraszoo.recipes import get
from keraszoo.runs.run import Run
from keraszoo.training import train

PAIRS = np.random.default_rng(0).random((6, 2, 8, 8, 1), "float32")
ROLES = ("a_to_b", "b_to_a", "discriminator_a", "discriminator_b")


def small(**options):
    options = {"hidden": (4, 8), "blocks": 1, "discriminator_hidden": (4,), **options}
    return CycleGAN((2, 8, 8, 1), **options)


def affine(slope, offset=0.0):
    """The image times `slope` plus `offset`, by weights that can be learned."""
    layer = keras.layers.Conv2D(1, 1)
    layer.build((None, 8, 8, 1))
    layer.set_weights([np.full((1, 1, 1, 1), slope, "float32"), np.full(1, offset, "float32")])
    return layer


def constant_score(value):
    return affine(0.0, value)


# ---------------------------------------------------------------------- the loss


def test_generators_that_change_nothing_have_no_cycle_and_no_identity_loss():
    terms = small(a_to_b=affine(1.0), b_to_a=affine(1.0)).loss_terms(PAIRS)
    assert np.array_equal(terms["cycle"], np.zeros(6)) and np.array_equal(terms["identity"], np.zeros(6))


def test_generators_that_undo_each_other_have_a_loss_of_identity_alone():
    terms = small(a_to_b=affine(0.5), b_to_a=affine(2.0)).loss_terms(PAIRS)
    a, b = 2 * PAIRS[:, 0] - 1, 2 * PAIRS[:, 1] - 1
    np.testing.assert_allclose(terms["cycle"], np.zeros(6), atol=1e-6)
    expected = 5 * (np.abs(a).mean((1, 2, 3)) + 0.5 * np.abs(b).mean((1, 2, 3)))
    np.testing.assert_allclose(terms["identity"], expected, rtol=1e-5)


def test_cycle_is_the_weighted_distance_of_there_and_back_in_both_directions():
    a, b = 2 * PAIRS[:, 0] - 1, 2 * PAIRS[:, 1] - 1
    terms = small(a_to_b=affine(0.5, 0.1), b_to_a=affine(1.0, 0.2), cycle_weight=3.0).loss_terms(PAIRS)
    there_a, there_b = np.abs(a - (0.5 * a + 0.3)), np.abs(b - (0.5 * (b + 0.2) + 0.1))
    np.testing.assert_allclose(terms["cycle"], 3 * (there_a + there_b).mean((1, 2, 3)), rtol=1e-5)


def test_least_squares_of_known_scores():
    def scores(value):
        return tf.fill([2, 3, 3, 1], value)

    assert discriminator_mistakes(scores(1.0), scores(0.0)).numpy().tolist() == [0, 0]
    assert discriminator_mistakes(scores(0.5), scores(0.5)).numpy().tolist() == [0.25, 0.25]
    assert discriminator_mistakes(scores(0.0), scores(1.0)).numpy().tolist() == [1, 1]
    assert generator_mistakes(scores(1.0)).numpy().tolist() == [0, 0]
    assert generator_mistakes(scores(3.0)).numpy().tolist() == [4, 4]
    halves = tf.constant([0.0, 2.0, 4.0, 2.0])[None, :, None, None]
    assert generator_mistakes(halves).numpy().tolist() == [3]  # the mean of 1, 1, 9, 1


def test_each_translation_is_judged_in_the_domain_it_goes_to():
    model = small(discriminator_a=constant_score(0.0), discriminator_b=constant_score(3.0))
    terms = model.loss_terms(PAIRS)
    np.testing.assert_allclose(terms["discriminator"], np.full(6, 0.5 * (1 + 0) + 0.5 * (4 + 9)))
    np.testing.assert_allclose(terms["adversarial"], np.full(6, 1 + 4))
    model = small(b_to_a=affine(0.0, 0.5), discriminator_a=affine(1.0), discriminator_b=constant_score(0.0))
    a = 2 * PAIRS[:, 0] - 1
    expected = 0.5 * (((a - 1) ** 2).mean((1, 2, 3)) + 0.5**2) + 0.5
    np.testing.assert_allclose(model.loss_terms(PAIRS)["discriminator"], expected, rtol=1e-5)


def test_identity_is_optional():
    model = small(identity_weight=0.0)
    assert "identity" not in model.loss_terms(PAIRS) and model.term_names == ("discriminator", "adversarial", "cycle")
    model.compile()
    assert [metric.name for metric in model.metrics] == ["loss", *model.term_names]


def test_the_cycle_teaches_both_generators():
    model = small()
    with tf.GradientTape() as tape:
        cycle = tf.reduce_sum(model.loss_terms(PAIRS, training=True)["cycle"])
    generators = [*model.a_to_b.trainable_variables, *model.b_to_a.trainable_variables]
    for variable, gradient in zip(generators, tape.gradient(cycle, generators), strict=True):
        assert np.abs(gradient).max() > 0, variable.path


@pytest.mark.parametrize("learner", ["optimizer", "discriminator_optimizer"])
def test_a_step_of_one_side_leaves_the_others_weights_alone(learner):
    model = small()
    rates = {"optimizer": 0.0, "discriminator_optimizer": 0.0} | {learner: 0.1}
    model.compile(**{name: keras.optimizers.SGD(rate) for name, rate in rates.items()}, run_eagerly=True)
    before = {role: [w.copy() for w in getattr(model, role).get_weights()] for role in ROLES}
    model.fit(PAIRS, batch_size=6, verbose=0)
    for role in ROLES:
        equal = [np.array_equal(*pair) for pair in zip(before[role], getattr(model, role).get_weights(), strict=True)]
        if role.startswith("discriminator") == (learner == "discriminator_optimizer"):
            assert not any(equal), role
        else:
            assert all(equal), role


# ---------------------------------------------------------------------- networks


def test_networks_take_images_of_any_size_that_they_can_halve():
    generator = resnet_generator(3, hidden=(4, 8, 8), blocks=1)
    discriminator = patch_discriminator(3, hidden=(4, 8))
    for height, width in ((8, 12), (16, 64), (64, 16)):
        images = np.random.default_rng(0).random((2, height, width, 3), "float32")
        assert generator(images).shape == (2, height, width, 3) and np.abs(generator(images)).max() <= 1
        assert discriminator(images).shape == (2, height // 4, width // 4, 1)
    with pytest.raises(InputError, match=r"divisible by 4. Received: \(10, 8\)"):
        generator(np.zeros([1, 10, 8, 3], "float32"))


def test_a_score_sees_a_patch_of_22_pixels():
    """Without instance normalisation, whose statistics are of the whole image."""
    discriminator = patch_discriminator(1, hidden=(4, 8))
    layers = [layer for layer in discriminator.layers if isinstance(layer, keras.layers.Conv2D)]
    with tf.GradientTape() as tape:
        x = image = tf.zeros([1, 64, 64, 1])
        tape.watch(image)
        for layer in layers:
            x = tf.nn.conv2d(x, tf.ones_like(layer.kernel), layer.strides, "SAME")
        score = x[0, 8, 8, 0]
    rows = np.flatnonzero(tape.gradient(score, image)[0, :, :, 0].numpy().any(axis=1))
    assert len(rows) == np.ptp(rows) + 1 == 22


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_blank_images_have_finite_gradients(dtype):
    model = small(dtype=dtype)
    with tf.GradientTape() as tape:
        loss = tf.add_n([tf.reduce_sum(term) for term in model.loss_terms(0 * PAIRS, training=True).values()])
    for gradient in tape.gradient(loss, [variable.value for variable in model.trainable_variables]):
        assert np.isfinite(gradient).all()


def test_each_channel_of_each_image_is_normalised_on_its_own():
    images = np.random.default_rng(0).random((2, 8, 8, 3), "float32") * [1, 10, 100] + [[[[5, 0, 0]]], [[[0, 7, 9]]]]
    normalised = instance_normalization()(images.astype("float32")).numpy()
    np.testing.assert_allclose(normalised.mean((1, 2)), np.zeros((2, 3)), atol=1e-5)
    variance = images.var((1, 2))
    np.testing.assert_allclose(normalised.var((1, 2)), variance / (variance + 1e-3), rtol=1e-4)


# ---------------------------------------------------------------------- translating


def test_translations_are_of_the_direction_that_is_asked_for():
    model = small(a_to_b=affine(1.0, 0.5), b_to_a=affine(1.0, -0.5))
    image = PAIRS[:, 0]
    np.testing.assert_allclose(model.translate(image), np.minimum(image + 0.25, 1), atol=1e-6)
    np.testing.assert_allclose(model.translate(image, to="a"), np.maximum(image - 0.25, 0), atol=1e-6)
    both = model(PAIRS)
    np.testing.assert_array_equal(both[:, 0], model.translate(PAIRS[:, 0], to="b"))
    np.testing.assert_array_equal(both[:, 1], model.translate(PAIRS[:, 1], to="a"))


def test_images_of_any_size_are_translated():
    model = small()
    image = np.random.default_rng(2).random((2, 9, 14, 1), "float32")
    mirrored = np.pad(image, [(0, 0), (0, 1), (0, 0), (0, 0)], mode="symmetric")
    np.testing.assert_allclose(model.translate(image), model.translate(mirrored)[:, :9], atol=1e-6)


def test_pictures_go_there_and_back():
    model = small(a_to_b=affine(0.5), b_to_a=affine(1.0))
    pictures = model.pictures(PAIRS)
    for name, domain, translated in (("a_to_b", 0, 0.5), ("b_to_a", 1, 1.0)):
        page = pictures[name].numpy().reshape(6, 3, 8, 8, 1)
        image = PAIRS[:, domain]
        np.testing.assert_allclose(page[:, 0], image)
        np.testing.assert_allclose(page[:, 1], ((2 * image - 1) * translated + 1) / 2, atol=1e-6)
        np.testing.assert_allclose(page[:, 2], ((2 * image - 1) * 0.5 + 1) / 2, atol=1e-6)


# ---------------------------------------------------------------------- unpaired data


def archive(path, sizes, value=lambda number, row: 10 * number + row, tests=1):
    """An .npz of 4x4 images whose pixels name class and row; `sizes` is {class: training examples}."""

    def split(counts):
        rows = [(number, row) for number, count in counts.items() for row in range(count)]
        images = np.stack([np.full((4, 4, 1), value(*row), "uint8") for row in rows])
        return images, np.array([number for number, _ in rows])

    x_train, y_train = split(sizes)
    x_test, y_test = split({number: tests for number in sizes})
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return load(path)


def rows(source, split="train"):
    """[pairs, 2] of what the pixels say."""
    return source.array(split)[:, :, 0, 0, 0]


def test_every_example_of_the_larger_class_comes_once_and_the_smaller_repeats(tmp_path):
    source = unpaired(archive(tmp_path / "x.npz", {0: 3, 1: 8}))
    assert source.shapes == {"x": (2, 4, 4, 1)} and source.sizes == {"train": 8, "test": 1}
    first, second = rows(source).T
    assert sorted(second) == [10, 11, 12, 13, 14, 15, 16, 17]
    counts = np.bincount(first)
    assert len(counts) == 3 and set(counts) == {2, 3}


def test_pairs_depend_on_the_seed_alone_and_on_no_likeness():
    digits = load("digits")
    one, again, other = (unpaired(digits, (3, 8), seed).array("train") for seed in (0, 0, 1))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    darkness = one.reshape(len(one), 2, -1).mean(axis=2)
    assert abs(np.corrcoef(darkness.T)[0, 1]) < 3 / np.sqrt(len(one))


def test_order_of_the_domains_is_that_asked_for(tmp_path):
    source = archive(tmp_path / "x.npz", {0: 2, 1: 2, 2: 2})
    assert set(rows(unpaired(source, (2, 0)))[:, 0]) == {20, 21}
    photos = load("photos")
    named, numbered = unpaired(photos, ("flower", "china")), unpaired(photos, (1, 0))
    assert np.array_equal(named.array("test"), numbered.array("test"))


@pytest.mark.parametrize(
    ("sizes", "domains", "message"),
    [
        ({0: 4}, None, "1 classes.*must be named"),
        ({0: 4, 1: 4, 2: 4}, None, "3 classes.*two of 0, 1, 2"),
        ({0: 4, 1: 4}, (0, 5), "no class 5"),
        ({0: 4, 1: 4}, ("1", "cat"), "no class 'cat'"),
        ({0: 4, 1: 4}, (1, "1"), "two different classes"),
        ({0: 4, 1: 4}, (0,), "two different classes"),
        ({0: 4, 2: 4}, (0, 1), "split 'train', with none of class '1'"),
    ],
)
def test_domains_that_cannot_be_are_refused_in_one_line(tmp_path, sizes, domains, message):
    with pytest.raises(InputError, match=message) as error:
        unpaired(archive(tmp_path / "x.npz", sizes), domains)
    assert "\n" not in str(error.value)


def test_unlabelled_data_have_no_domains(tmp_path):
    np.savez(tmp_path / "x.npz", image=np.zeros((20, 4, 4, 1), "uint8"))
    with pytest.raises(InputError, match="two classes"):
        unpaired(load(tmp_path / "x.npz"))


# ---------------------------------------------------------------------- from the command line


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of dark and bright images, whose names sort that way."""
    path = tmp_path_factory.mktemp("brightness")
    random = np.random.default_rng(0)
    for name, lowest in (("dark", 0), ("light", 128)):
        (path / name).mkdir()
        for index in range(20):
            Image.fromarray(random.integers(lowest, lowest + 128, (8, 8), "uint8")).save(path / name / f"{index}.png")
    return path


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    """A run on that folder."""
    path = tmp_path_factory.mktemp("runs") / "run"
    size = {"hidden": (4, 8), "blocks": 0, "discriminator_hidden": (4,)}
    return train(
        "cyclegan/digits", path, dataset=str(folder), domains=("light", "dark"), epochs=1, batch_size=8, arguments=size
    )


@pytest.mark.slow
def test_a_folder_of_two_classes_is_trained_on_and_evaluated(run, folder):
    assert run.recipe.data.prepare == (("unpaired", "light", "dark"),) and run.recipe.input_shape == (2, 8, 8, 1)
    pairs = run.data().source.array("train")
    assert pairs[:, 0].min() >= 128 > pairs[:, 1].max()
    assert main(["evaluate", str(run.path)]) == 0


@pytest.mark.slow
def test_an_image_file_is_translated(run, tmp_path, capsys):
    pixels = np.random.default_rng(1).integers(0, 256, (9, 13), "uint8")
    Image.fromarray(pixels).save(tmp_path / "image.png")
    for to in "ab":
        out = tmp_path / f"{to}.png"
        assert main(["translate", str(run.path), str(tmp_path / "image.png"), str(out), "--to", to]) == 0
        expected = run.model().translate(pixels[None, :, :, None] / 255.0, to)
        assert np.array_equal(np.asarray(Image.open(out)), np.round(255 * expected.numpy()[0, :, :, 0]))
    assert "9x13" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cyclegan/digits", "--domains", "3", "eleven"], "no class 'eleven'"),
        (["vae/digits", "--domains", "3", "8"], "vae/digits has no domains"),
        (["cyclegan/digits", "--dataset", "photos", "--domains", "china", "roof"], "no class 'roof'"),
    ],
)
@pytest.mark.by_default(every=3)
def test_wrong_domains_end_in_one_line_and_no_run(arguments, message, tmp_path, capsys):
    for name in ("digits", "photos"):  # to prepare them is worth a line of its own
        load(name)
    capsys.readouterr()
    assert main(["train", *arguments, "--run", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_model_without_domains_translates_nothing(run, tmp_path, capsys):
    other = Run.create(tmp_path / "run", get("autoencoder/digits"))
    other.save_model(Autoencoder((8, 8, 1), hidden=(4,)))
    Image.new("L", (8, 8)).save(tmp_path / "image.png")
    assert main(["translate", str(other.path), str(tmp_path / "image.png"), str(tmp_path / "out.png")]) == 2
    assert "a CycleGAN has" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CycleGAN((8, 8, 1)), r"Nearest: \(2, 8, 8, 1\)"),
        (lambda: CycleGAN((3, 8, 8, 1)), "pairs of images"),
        (lambda: CycleGAN((2, 30, 32, 1)), r"divisible by 4.*\(30, 32\). Nearest: \(32, 32\)"),
        (lambda: CycleGAN((2, 4, 4, 1), hidden=(4,)), "at least 8"),
        (
            lambda: CycleGAN((2, 8, 8, 1), hidden=(4, 4, 4, 4), discriminator_hidden=(4,)),
            "3 halvings of the generators.*at least 16",
        ),
        (lambda: small(cycle_weight=-1), "cycle_weight.*-1"),
        (lambda: small(blocks=1.5), "blocks.*1.5"),
        (lambda: small(hidden=()), "hidden"),
        (lambda: small(upsampling="transposed"), "Unknown upsampling"),
        (lambda: small(a_to_b=keras.layers.Conv2D(1, 3)), "a_to_b must map"),
        (lambda: small(b_to_a=keras.layers.Conv2D(3, 1)), "b_to_a must map"),
        (lambda: small(discriminator_b=keras.layers.Conv2D(2, 3)), r"discriminator_b must map.*None, None, None, 1"),
        (lambda: small(discriminator_a=keras.Sequential([keras.layers.Flatten()])), "discriminator_a must map"),
        (lambda: small().translate(PAIRS[:, 0], to="c"), "'a' or 'b'.*'c'"),
        (lambda: small().compile(generator_optimizer="adam"), "discriminator_optimizer, optimizer"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


def test_networks_of_ones_own_are_saved(tmp_path):
    model = small(a_to_b=affine(0.5), discriminator_a=constant_score(0.3))
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored.translate(PAIRS[:, 0]), model.translate(PAIRS[:, 0]))
    np.testing.assert_array_equal(restored.loss_terms(PAIRS)["adversarial"], model.loss_terms(PAIRS)["adversarial"])

"""What codes are good for: laws of compression, hashing, search, anomalies and restoration, and their verbs."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keraszoo.__main__ import main
from keraszoo.analysis import (
    SemanticHash,
    UniformQuantizer,
    anomaly_scores,
    anomaly_threshold,
    latent_codes,
    nearest_codes,
    nearest_hashes,
    precision_at_k,
    rate_distortion,
    restore,
    roc_auc,
)
from keraszoo.analysis.compression import code_entropy
from keraszoo.analysis.hashing import hamming_distances
from keraszoo.core.errors import InputError
from keraszoo.core.inputs import Input
from keraszoo.data import batches, load
from keraszoo.metrics import psnr
from keraszoo.models import VAE, Autoencoder, SparseAutoencoder
from keraszoo.runs.run import Run
from keraszoo.training import anomaly, compress, search, train


@pytest.fixture(scope="module")
def digits():
    source = load("digits")
    return source.array("train") / np.float32(255), source.array("test") / np.float32(255)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An autoencoder of a few short epochs."""
    path = tmp_path_factory.mktemp("runs") / "autoencoder"
    return train("autoencoder/digits", path, epochs=5)


@pytest.fixture(scope="module")
def model(run):
    return run.model()


@pytest.fixture
def codes():
    return np.random.default_rng(0).standard_normal([200, 13]).astype("float32")


# ---------------------------------------------------------------------- codes


def test_codes_are_what_the_model_encodes_batch_by_batch(model, digits):
    x, _ = digits
    codes = latent_codes(model, x)
    np.testing.assert_allclose(codes, model.encode(x), atol=1e-5)
    np.testing.assert_array_equal(codes, latent_codes(model, tf.data.Dataset.from_tensor_slices(x).batch(256)))


def test_code_of_a_vae_is_the_mean_of_its_posterior(digits):
    vae, x = VAE((8, 8, 1), latent_dim=3, hidden=(8,)), digits[1]
    np.testing.assert_allclose(latent_codes(vae, x), vae.posterior(x).mean(), atol=1e-5)


# ---------------------------------------------------------------------- compression


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_quantised_codes_are_half_a_step_away_at_most(codes, bits):
    quantizer = UniformQuantizer.fit(codes, bits)
    levels = quantizer.levels(codes)
    assert levels.min() == 0 and levels.max() == 2**bits - 1
    assert (np.abs(quantizer.codes(levels) - codes) <= quantizer.step / 2 + 1e-6).all()
    np.testing.assert_array_equal(quantizer.levels(quantizer.codes(levels)), levels)
    np.testing.assert_allclose(quantizer.codes(2**bits - 1) + quantizer.step / 2, codes.max(0), rtol=1e-5)
    np.testing.assert_array_equal(quantizer.levels(codes + 100), np.full(codes.shape, 2**bits - 1))


def test_a_unit_that_never_changes_keeps_its_value(codes):
    codes[:, 3] = 0.7
    quantizer = UniformQuantizer.fit(codes, 2)
    np.testing.assert_array_equal(quantizer.codes(quantizer.levels(codes))[:, 3], codes[:, 3])


def test_entropy_is_that_of_the_frequencies_and_at_most_the_bits(codes):
    levels = np.repeat([0, 1, 2, 3], [4, 2, 1, 1])[:, None]
    assert code_entropy(levels) == pytest.approx(1.75)
    assert code_entropy(np.hstack([levels, levels])) == pytest.approx(3.5)
    for bits in (1, 4):
        assert 0 < code_entropy(UniformQuantizer.fit(codes, bits).levels(codes)) <= bits * 13 + 1e-9


def test_rate_is_the_bits_of_the_code_and_eight_of_them_are_enough(model, digits):
    train_images, test = digits
    rows = {row.bits: row for row in rate_distortion(model, train_images, test)}
    for bits, row in rows.items():
        assert row.rate * 64 == pytest.approx(bits * model.latent_dim)
        assert row.entropy is None if bits == 32 else 0 < row.entropy <= row.rate
    quality = [rows[bits].psnr for bits in (1, 2, 3, 4, 6, 8)]
    assert quality == sorted(quality)
    unquantised = float(np.mean(psnr(test, model.reconstruct(test))))
    assert rows[32].psnr == pytest.approx(unquantised, abs=1e-3)
    assert rows[1].psnr < unquantised - 1 and rows[8].psnr == pytest.approx(unquantised, abs=0.02)


def test_a_pixel_counts_once_whatever_its_channels():
    x = np.random.default_rng(0).random([5, 4, 4, 3], "float32")
    (row,) = rate_distortion(Autoencoder((4, 4, 3), latent_dim=6, hidden=()), x, x, bits=(2,))
    assert row.rate == 2 * 6 / 16


# ---------------------------------------------------------------------- hashing and search


def test_each_bit_of_a_hash_is_set_for_half_of_the_codes(codes):
    bits = np.unpackbits(SemanticHash.fit(codes)(codes), axis=1)
    np.testing.assert_array_equal(bits.sum(0), [100] * 13 + [0] * 3)


def test_hamming_distances_are_the_differing_bits(codes):
    hashes = SemanticHash.fit(codes)(codes)
    bits = np.unpackbits(hashes, axis=1).astype(int)
    counted = [[sum(a != b for a, b in zip(x, y, strict=True)) for y in bits[:50]] for x in bits[:9]]
    np.testing.assert_array_equal(hamming_distances(hashes[:9], hashes[:50]), counted)


def test_nearest_hashes_are_sorted_and_first_come_first(codes):
    hashes = SemanticHash.fit(codes)(codes)
    distances, rows = nearest_hashes(hashes, hashes[:9], 40)
    everything = hamming_distances(hashes[:9], hashes)
    for query in range(9):
        order = sorted(range(200), key=lambda row: (everything[query, row], row))[:40]
        assert rows[query].tolist() == order
    np.testing.assert_array_equal(distances, np.sort(everything, axis=1)[:, :40])


@pytest.mark.parametrize("units", [3, 64])
def test_search_finds_the_query_itself_at_distance_zero(units):
    codes = 1000 + np.random.default_rng(0).standard_normal([300, units]).astype("float32")
    distances, rows = nearest_codes(codes, codes[40:60], 5)
    np.testing.assert_array_equal(rows[:, 0], np.arange(40, 60))
    np.testing.assert_array_equal(distances[:, 0], 0)
    brute = np.linalg.norm(codes[None, 40:60].astype("float64").swapaxes(0, 1) - codes, axis=-1)
    np.testing.assert_allclose(distances, np.sort(brute, axis=1)[:, :5], rtol=1e-6, atol=1e-9)


def test_similar_digits_are_found_by_code_and_by_hash(model, digits):
    """Far more often than the tenth of the time that chance gives."""
    source = load("digits")
    labels = [source.array(split, "label") for split in ("train", "test")]
    codes = [latent_codes(model, x) for x in digits]
    hashes = [SemanticHash.fit(codes[0])(part) for part in codes]
    assert precision_at_k(*labels, nearest_codes(*codes, 10)[1]) > 0.7
    assert precision_at_k(*labels, nearest_hashes(*hashes, 10)[1]) > 0.4
    assert precision_at_k(labels[0], labels[0], np.arange(1437)[:, None]) == 1


# ---------------------------------------------------------------------- anomalies


def test_anomaly_score_is_the_loss_of_each_example(model, digits):
    _, x = digits
    model.compile("adam")
    scores = anomaly_scores(model, x)
    assert scores.shape == (360,)
    np.testing.assert_allclose(scores.mean(), model.evaluate(x, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(anomaly_scores(model, x[7:8]), scores[7:8], rtol=1e-5)
    error = ((x - model.reconstruct(x)) ** 2).numpy().mean((1, 2, 3))
    np.testing.assert_allclose(anomaly_scores(model, x, "reconstruction"), error, rtol=1e-4)


def test_anomaly_score_leaves_measures_and_terms_of_the_whole_batch_out(digits):
    _, x = digits
    model = SparseAutoencoder((8, 8, 1), latent_dim=8)
    assert {"reconstruction", "sparsity", "activation"} == set(model.loss_terms(x))
    np.testing.assert_allclose(anomaly_scores(model, x), model.loss_terms(x)["reconstruction"], rtol=1e-5)


def test_anomaly_score_is_without_the_noise_of_training(digits):
    encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Dropout(0.5), keras.layers.Flatten()])
    model = Autoencoder((8, 8, 1), latent_dim=64, encoder=encoder)
    np.testing.assert_array_equal(anomaly_scores(model, digits[1]), anomaly_scores(model, digits[1]))


def test_noise_is_told_from_digits(model, digits):
    noise = np.random.default_rng(0).random([100, 8, 8, 1], "float32")
    assert roc_auc(anomaly_scores(model, digits[1]), anomaly_scores(model, noise)) > 0.99


def test_auc_is_one_where_scores_are_separable_and_a_half_where_they_are_equal():
    assert roc_auc([1, 2, 3], [4, 5]) == 1
    assert roc_auc([4, 5], [1, 2, 3]) == 0
    assert roc_auc([1, 1], [1, 1, 1]) == 0.5


def test_threshold_leaves_the_quantile_below():
    scores = np.random.default_rng(0).permutation(1000)
    assert np.mean(scores > anomaly_threshold(scores, 0.99)) == pytest.approx(0.01)


# ---------------------------------------------------------------------- restoration


@keras.saving.register_keras_serializable("keraszoo_tests")
class Restorer(keras.Model):
    """Repeats pixels, after refusing sizes that it could not take; fills holes with a half."""

    targets = None

    def __init__(self, input_channels=1, divisor=4, upscale=1, fills=False, **kwargs):
        super().__init__(**kwargs)
        self.input_channels, self.divisor, self.upscale = input_channels, divisor, upscale
        self.mask = Input((None, None, 1), name="mask") if fills else None
        self.built = True

    def restore(self, images, mask=None):
        assert images.dtype == "float32" and images.shape[-1] == self.input_channels
        assert images.shape[1] % self.divisor == images.shape[2] % self.divisor == 0
        self.seen = images
        if self.mask is not None:
            assert mask.shape == (*images.shape[:3], 1) and set(np.unique(mask)) <= {0, 1}
            images = np.where(mask == 1, images, 0.5)
        return tf.constant(images.repeat(self.upscale, 1).repeat(self.upscale, 2))

    def get_config(self):
        return {
            "input_channels": self.input_channels,
            "divisor": self.divisor,
            "upscale": self.upscale,
            "fills": self.mask is not None,
        }


@pytest.mark.parametrize("size", [(8, 12), (7, 9), (1, 2), (5, 1)])
@pytest.mark.parametrize("upscale", [1, 2, 4])
def test_any_size_is_restored_to_its_multiple(size, upscale):
    image = np.random.default_rng(0).random([*size, 3], "float32")
    model = Restorer(input_channels=3, upscale=upscale)
    restored = restore(model, image)
    assert restored.shape == (size[0] * upscale, size[1] * upscale, 3)
    np.testing.assert_array_equal(restored[::upscale, ::upscale], image)


def test_images_are_continued_by_their_mirror_image():
    model = Restorer(divisor=8)
    restore(model, np.arange(30, dtype="float32").reshape(5, 6, 1) / 30)
    np.testing.assert_array_equal(model.seen[0, 5:7], model.seen[0, [3, 2]])
    np.testing.assert_array_equal(model.seen[0, :, 6:8], model.seen[0][:, [4, 3]])


def test_mask_marks_the_hole():
    image = np.full([6, 7, 1], 0.1, "float32")
    mask = np.ones([6, 7])
    mask[2, 3] = 0
    np.testing.assert_allclose(restore(Restorer(fills=True), image, mask)[..., 0], np.where(mask, 0.1, 0.5))


def test_an_autoencoder_restores_by_reconstructing_images_of_its_size(model, digits):
    image = digits[1][0]
    np.testing.assert_allclose(restore(model, image), model.reconstruct(image[None])[0], atol=1e-6)
    with pytest.raises(InputError, match="own size only, 8x8. Received: 9x8"):
        restore(model, np.zeros([9, 8, 1]))


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: latent_codes(keras.Model(), x), "can encode. Received: Model"),
        (lambda x: rate_distortion(Restorer(), x, x), "can encode and decode"),
        (lambda x: rate_distortion(Autoencoder((8, 8, 1)), x, x, bits=(0,)), "from 1 to 16. Received: 0"),
        (lambda x: rate_distortion(Autoencoder((8, 8, 1)), x, 9 * x), r"from 0 to 1. Received: x from 0 to 9"),
        (lambda x: nearest_codes(x[:, 0, 0], x[:1, 0, 0], 6), "of the collection, 5. Received: 6"),
        (lambda x: nearest_codes(x[:, 0, :, 0], x[:1, 0, 0], 1), "Codes of 8 units"),
        (lambda x: nearest_hashes(np.zeros([5, 2], "uint8"), np.zeros([1, 3], "uint8"), 1), "Hashes of 2 bytes"),
        (lambda x: anomaly_scores(Autoencoder((8, 8, 1)), x, "los"), "loss, reconstruction. Received: 'los'"),
        (lambda x: anomaly_scores(keras.Model(), x), "can loss_terms"),
        (lambda x: anomaly_threshold([1.0], 1.5), "from 0 to 1. Received: 1.5"),
        (lambda x: restore(Restorer(), np.zeros([4, 4, 3])), "1 channels. Received: 3"),
        (lambda x: restore(Restorer(fills=True), x[0]), "needs a mask"),
        (lambda x: restore(Restorer(), x[0], np.ones([8, 8])), "takes no mask"),
        (lambda x: restore(Restorer(fills=True), x[0], np.ones([8, 9])), "as large as the image, 8x8.*8x9"),
        (lambda x: restore(keras.Model(), x[0]), "restores no images"),
        (lambda x: restore(Autoencoder((64,)), x[0]), "restores no images"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(call, message):
    x = np.ones([5, 8, 8, 1], "float32")
    x[:, 0] = 0
    with pytest.raises(InputError, match=message) as error:
        call(x)
    assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- the verbs


def refused(capsys, *arguments):
    """The one line that a refused command prints."""
    assert main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    lines = err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"keraszoo {arguments[0]}: "), err
    return lines[0]


def printed(capsys, *arguments):
    """The lines of a command that succeeds; all fit 80 columns."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80, lines
    return lines


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_image(path, pixels):
    Image.fromarray(np.asarray(pixels, "uint8").squeeze()).save(path)
    return path


def restorer_run(path, **options):
    """A run whose model restores in a way that is known exactly."""
    path.mkdir()
    (path / "recipe.json").write_text(Run.open(options.pop("like").path).recipe.to_json())
    run = Run.open(path)
    run.save_model(Restorer(**options))
    return run


def test_compress_prints_rate_and_quality(run, capsys):
    header, *rows = printed(capsys, "compress", run.path)
    assert re.split(r"  +", header) == ["bits/unit", "bits/pixel", "entropy-coded", "PSNR (dB)"]
    assert [float(row.split()[1]) for row in rows] == [bits * 8 / 64 for bits in (1, 2, 3, 4, 6, 8, 32)]
    assert [row.split()[-1] for row in rows] == [f"{row.psnr:.2f}" for row in compress(run)]


def test_search_finds_a_training_image_in_its_file(run, here, capsys):
    source = load("digits")
    image, label = source.array("train")[123], source.array("train", "label")[123]
    lines = printed(capsys, "search", run.path, write_image("q.png", image), "--count", "7", "--out", "near.png")
    row, distance, name = lines[1].split()
    assert (row, name) == ("123", str(label)) and float(distance) < 1e-5 and len(lines) == 9  # rounding of a batch
    page = np.asarray(Image.open("near.png"))
    assert page.shape == (32, 8 * 33 - 1)
    np.testing.assert_array_equal(page[:, :32], page[:, 33:65])  # the image, then itself
    for place, line in enumerate(lines[1:8], start=1):
        neighbour = source.array("train")[int(line.split()[0])]
        np.testing.assert_array_equal(page[::4, 33 * place : 33 * place + 32 : 4], neighbour[..., 0])
    lines = printed(capsys, "search", run.path, "q.png", "--hashing")
    assert "bits that differ" in lines[0] and lines[1].split()[1] == "0" and len(lines) == 9
    assert 123 in [found.row for found in search(run, "q.png", 40, hashing=True)]


def test_images_of_another_size_and_colour_are_brought_to_the_models(run, here, capsys):
    image = load("digits").array("train")[5]
    write_image("same.png", image)
    write_image("large.png", image.repeat(3, 0).repeat(4, 1).repeat(3, 2))
    lines = printed(capsys, "anomaly", run.path, "same.png", "large.png")
    assert lines[0] == "large.png: resized from 24x32 to 8x8 (height x width)"
    assert lines[1].split() == ["image", "score", "above", "verdict"]
    assert len(lines) == 5


def test_anomaly_tells_noise_from_digits(run, here, capsys):
    noise = np.random.default_rng(0).integers(0, 256, [8, 8])
    names = [write_image("digit.png", load("digits").array("test")[0]), write_image("n" * 90 + ".png", noise)]
    lines = printed(capsys, "anomaly", run.path, *names)
    assert lines[1].split()[-1] == "ordinary" and lines[2].split()[-2:] == ["100.0%", "anomaly"]
    threshold, verdicts = anomaly(run, names, quantile=0.5)
    assert verdicts[1].anomaly and verdicts[1].score > threshold


def test_an_images_score_is_that_of_the_runs_own_pipeline(here):
    """Transforms of the recipe included."""
    recipe = "autoencoder/digits"
    run = train(recipe, "run", epochs=1, arguments={"hidden": (8,)})
    changed = run.recipe.replace(data=run.recipe.data.replace(transforms=(("threshold", 0.3),)))
    run.write_recipe(changed)
    run, source = Run.open("run"), load("digits")
    expected = anomaly_scores(
        run.model(), batches(source, "test", 64, training=False, transforms=changed.data.transforms)
    )
    _, verdicts = anomaly(run, [write_image("x.png", source.array("test")[9])])
    assert verdicts[0].score == pytest.approx(expected[9], rel=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_restore_writes_what_the_model_answers(run, here, capsys, channels):
    pixels = np.random.default_rng(0).integers(0, 256, [9, 7, channels], "uint8")
    write_image("in.png", pixels)
    restorer_run(here / "run", like=run, upscale=2, input_channels=channels)
    lines = printed(capsys, "restore", "run", "in.png", "out.png")
    assert lines == ["Restored image of 18x14 (height x width) in out.png"]
    restored = np.asarray(Image.open("out.png")).reshape(18, 14, channels)
    np.testing.assert_array_equal(restored[::2, ::2], pixels)
    printed(capsys, "restore", "run", "out.png", "out.png")  # in its own place
    assert np.asarray(Image.open("out.png")).shape[:2] == (36, 28)


def test_restore_fills_what_is_black_in_the_mask(run, here, capsys):
    write_image("in.png", np.full([9, 7], 51))
    mask = np.full([9, 7], 255)
    mask[3:5, 2:6] = 0
    write_image("mask.png", mask)
    restorer_run(here / "run", like=run, fills=True)
    printed(capsys, "restore", "run", "in.png", "out.png", "--mask", "mask.png")
    np.testing.assert_array_equal(Image.open("out.png"), np.where(mask > 0, 51, 128))


def test_restore_says_when_colours_are_lost(run, here, capsys):
    restorer_run(here / "run", like=run)
    write_image("colour.png", np.random.default_rng(0).integers(0, 256, [4, 4, 3]))
    assert "converted to grey" in printed(capsys, "restore", "run", "colour.png", "out.png")[0]
    write_image("grey.png", np.full([4, 4, 3], 7))
    assert len(printed(capsys, "restore", "run", "grey.png", "out.png")) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "RUN", "missing.png"], "There is no image missing.png"),
        (["search", "RUN", "text.png"], "Cannot read the image text.png"),
        (["search", "RUN", "cut.png"], "Cannot read the image cut.png"),
        (["search", "RUN", "folder.png"], "folder.png: no images, which are files in .bmp"),
        (["search", "RUN", "deep.png"], "8 bits a channel.*deep.png"),
        (["search", "RUN", "image.png", "--count", "0"], "from 1 to the size.*1437. Received: 0"),
        (["search", "RUN", "image.png", "--count", "9999"], "1437. Received: 9999"),
        (["search", "RUN", "image.png", "--out", "a.jpg"], "written as .png. Received: a.jpg"),
        (["search", "RUN", "image.png", "--out", "no/a.png"], "cannot be written.*no/a.png"),
        (["anomaly", "RUN", "image.png", "missing.png"], "There is no image missing.png"),
        (["anomaly", "RUN", "image.png", "--quantile", "2"], "from 0 to 1. Received: 2"),
        (["restore", "RUN", "missing.png", "out.png"], "There is no image missing.png"),
        (["restore", "RUN", "large.png", "out.png"], "own size only, 8x8. Received: 16x12"),
        (["restore", "RUN", "image.png", "out.jpg"], "written as .png. Received: out.jpg"),
        (["restore", "RUN", "image.png", "no/out.png"], "cannot be written.*no/out.png"),
        (["restore", "RUN", "image.png", "folder.png"], "it is a directory"),
        (["restore", "RUN", "image.png", "out.png", "--mask", "image.png"], "takes no mask"),
        (["restore", "FILLS", "image.png", "out.png"], "needs a mask"),
        (["restore", "FILLS", "image.png", "out.png", "--mask", "large.png"], "as large as the image, 8x8.*16x12"),
        (["restore", "FILLS", "image.png", "out.png", "--mask", "missing.png"], "There is no image missing.png"),
        (["restore", "nothing", "image.png", "out.png"], "There is no run at nothing"),
        (["compress", "nothing"], "There is no run at nothing"),
        (["compress", "FILLS"], "can encode and decode. Received: Restorer"),
        (["search", "FILLS", "image.png"], "can encode. Received: Restorer"),
        (["anomaly", "FILLS", "image.png"], "can loss_terms. Received: Restorer"),
    ],
)  # fmt: skip
@pytest.mark.by_default(every=3)
def test_wrong_files_and_options_are_one_line_and_leave_nothing(run, here, capsys, arguments, message):
    write_image("image.png", load("digits").array("test")[0])
    write_image("large.png", np.zeros([16, 12]))
    Image.fromarray(np.zeros([8, 8], "uint16")).save("deep.png")
    (here / "text.png").write_text("no image")
    (here / "cut.png").write_bytes((here / "image.png").read_bytes()[:60])
    (here / "folder.png").mkdir()
    if "FILLS" in arguments:
        restorer_run(here / "fills", like=run, fills=True)
    before = sorted(here.rglob("*"))
    runs = {"RUN": run.path, "FILLS": "fills"}
    line = refused(capsys, *[runs.get(argument, argument) for argument in arguments])
    assert re.search(message, line), line
    assert sorted(here.rglob("*")) == before

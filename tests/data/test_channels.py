"""Laws of channels: any number is learned from and shown, and axes in another order are named."""

import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keraszoo import recipes
from keraszoo.core.errors import InputError
from keraszoo.data import load
from keraszoo.models import VAE, DenoisingAutoencoder, UNet
from keraszoo.runs.run import Run
from keraszoo.training.evaluators.pictures import Pictures, shown, tile
from keraszoo.training.evaluators.projector import write_projector

CHANNELS = (1, 2, 3, 4, 5, 7, 16)


@pytest.mark.parametrize("channels", CHANNELS)
def test_a_picture_shows_up_to_three_channels_and_no_transparency(channels):
    images = np.random.default_rng(0).random([2, 3, 32, 32, channels])
    page = tile(images)
    assert page.shape == (65, 98, 1 if channels == 1 else 3)
    first = np.round(255 * images[0, 0]).astype("uint8")
    wanted = {1: [0], 2: [0, 1, 0]}.get(channels, [0, 1, 2])
    np.testing.assert_array_equal(page[:32, :32], first[..., wanted])


def test_grey_stays_grey_in_any_number_of_channels():
    for channels in CHANNELS:
        assert np.ptp(shown(np.full([4, 4, channels], 0.3)), axis=-1).max() == 0


@pytest.mark.parametrize("made", [VAE, UNet, DenoisingAutoencoder])
@pytest.mark.parametrize("channels", [2, 5])
def test_models_of_any_channels_have_pictures(tmp_path, made, channels):
    small = {VAE: {"hidden": (4,)}, UNet: {"depth": 1, "width": 2}, DenoisingAutoencoder: {"hidden": (2,)}}[made]
    pictures = Pictures(
        Run.create(tmp_path / "run", recipes.get("vae/digits")), np.full([4, 8, 8, channels], 0.3, "float32")
    )
    pictures.run.samples.mkdir(exist_ok=True)
    pictures.set_model(made((8, 8, channels), **small))
    pictures.on_epoch_end(0)
    files = list(pictures.run.samples.iterdir())
    assert files and all(np.asarray(Image.open(path)).shape[-1] == 3 for path in files)


def test_the_projector_shows_images_of_any_channels(tmp_path):
    write_projector(tmp_path / "embedding", np.zeros([4, 2]), np.zeros([4, 8, 8, 5]))
    assert np.asarray(Image.open(tmp_path / "embedding" / "sprite.png")).shape[-1] == 3


@pytest.mark.parametrize(
    "shape",
    [
        (8, 8, 1),
        (8, 8, 4),
        (8, 8, 16),
        (32, 32, 7),
        (4, 4, 8),
        (64, 48, 33),
        (64, 64, 200),
        (16, 16, 15),
        (128, 1, 9),
        (480, 640, 4),
    ],
)
def test_images_may_have_any_number_of_channels(tmp_path, shape):
    np.savez(tmp_path / "a.npz", image=np.zeros([3, *shape], "uint8"))
    source = load(tmp_path / "a.npz")
    assert source.shapes["image"] == shape and source.array("train").shape[-1] == shape[-1]


# ---------------------------------------------------------------------- awkward inputs

FIRST = r"which would be {} channels. If the channels come first: np.moveaxis\(x, 1, -1\). If they are volumes, a slice"


@pytest.mark.parametrize("shape", [(32, 32, 3, 100), (32, 32, 3, 10), (24, 32, 1, 100)])
def test_arrays_that_count_examples_last_are_named_with_what_to_do(tmp_path, shape):
    """As MATLAB stores them."""
    np.savez(tmp_path / "a.npz", image=np.zeros(shape, "uint8"))
    with pytest.raises(InputError, match=rf"would be {shape[0]} examples of .*np.moveaxis\(x, -1, 0\)") as error:
        load(tmp_path / "a.npz")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "shape, message",
    [
        ((3, 32, 32), FIRST.format(32)),
        ((1, 28, 28), FIRST.format(28)),
        ((3, 48, 64), FIRST.format(64)),
        ((5, 64, 48), FIRST.format(48)),
        ((20, 64, 64), FIRST.format(64)),
        ((20, 64, 48), FIRST.format(48)),
        ((32, 32, 32), FIRST.format(32)),
        ((16, 16, 16), FIRST.format(16)),
        ((8, 16, 16, 1), r"volumes \[n, depth, height, width, channels\] are none. Make them images, a slice each"),
    ],
)
@pytest.mark.parametrize("with_masks", [False, True])
def test_channels_first_and_volumes_are_named_with_what_to_do(tmp_path, shape, message, with_masks):
    arrays = {"image": np.zeros([3, *shape], "uint8")}
    if with_masks:
        arrays["label"] = np.zeros([3, *shape[:3]], "uint8")
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=message) as error:
        load(tmp_path / "a.npz")
    assert "\n" not in str(error.value) and re.search(r"Received: \[3, ", str(error.value))


def test_the_gate_names_channels_that_come_first():
    model = VAE((8, 8, 3), latent_dim=2, hidden=(4,))
    with pytest.raises(InputError, match=r"Received: .*3, 8, 8\). Channels come last: np.moveaxis\(x, 1, -1\)."):
        model.encode(np.zeros([4, 3, 8, 8], "float32"))
    with pytest.raises(InputError, match="Channels come last"):
        UNet((8, 8, 1), depth=1, width=2).segment(tf.zeros([4, 1, 8, 8]))

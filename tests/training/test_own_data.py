"""A training of one's own data, opened: what the data say goes into the recipe, what does not fit is refused first."""

import numpy as np
import pytest
from PIL import Image

from keraszoo.arguments import Parser
from keraszoo.core.errors import InputError
from keraszoo.recipes import Recipe
from keraszoo.training.options import Options, add_options
from keraszoo.training.session import Session


def opened(recipe, path, tmp_path, **options):
    return Session(recipe, tmp_path / "run", Options(dataset=str(path), batch_size=2, epochs=1, **options))


def archive(tmp_path, **arrays):
    np.savez(tmp_path / "own.npz", **arrays)
    return tmp_path / "own.npz"


def images(count=8, side=64):
    return np.random.default_rng(0).integers(0, 256, (count, side, side)).astype("uint8")


def test_pixels_that_do_not_count_reach_the_model_and_the_recipe(tmp_path):
    masks = (images() > 127).astype("uint8")
    masks[:, :20] = 255
    lines = []
    session = opened(
        "unet/cells", archive(tmp_path, image=images(), label=masks), tmp_path, ignore=255, say=lines.append
    )
    assert session.recipe.data.ignore == 255 and session.model.targets.ignore == -1
    assert Recipe.from_json(session.recipe.to_json()) == session.recipe
    with session.holding_its_run():
        session.start()
    assert sum("ignored 10,240 pixels" in line for line in lines) == 1
    model = opened("vae/digits", tmp_path / "own.npz", tmp_path / "vae", ignore=255).model
    assert type(model).__name__ == "VAE", "which takes no masks, and no word of them"


def test_without_a_test_split_the_validation_split_is_tested(tmp_path):
    for split, count in (("Training", 4), ("val", 2)):
        (tmp_path / "photos" / split).mkdir(parents=True)
        for i, image in enumerate(images(count, 8)):
            Image.fromarray(image).save(tmp_path / "photos" / split / f"{i}.png")
    lines = []
    session = opened("vae/digits", tmp_path / "photos", tmp_path, say=lines.append)
    assert session.recipe.data.test == session.data.data.test == "validation"
    with session.holding_its_run():
        session.start()
    assert any("tested on the validation split" in line for line in lines)
    assert any("6 files found, 6 used as images: train 4, validation 2" in line for line in lines)


@pytest.mark.parametrize(
    "labels, message",
    [
        (np.full(8, 3.5), "labels as integers .*Received: float64"),
        (np.eye(8, dtype=int)[:, :8] * 1, "Received: int64 of shape .*one-hot|takes labels as integers"),
        (np.eye(4)[np.arange(8) % 4], "Received: float64 of shape .*If they are one-hot: y.argmax"),
        (np.arange(8) - 1, "label must be from 0 to 6. Received: 1 others, the first in row 0: -1"),
    ],
)
def test_labels_of_the_wrong_kind_are_refused_before_anything_is_written(tmp_path, labels, message):
    path = archive(tmp_path, image=images(8, 8), label=labels)
    with pytest.raises(InputError, match=message) as error:
        opened("classifier/digits", path, tmp_path)
    assert "\n" not in str(error.value) and not (tmp_path / "run").exists()


@pytest.mark.parametrize("side, cropped", [(16, 16), (60, 56), (64, 64)])
def test_a_recipes_crop_is_no_larger_than_the_images(tmp_path, side, cropped):
    path = archive(tmp_path, image=images(8, side), label=(images(8, side) > 127).astype("uint8"))
    session = opened("unet/cells", path, tmp_path)
    assert session.data.shape == session.recipe.input_shape == (cropped, cropped, 1)
    assert Recipe.from_json(session.recipe.to_json()) == session.recipe
    told = [line for line in session.data.notes if "random_crop" in line]
    assert told == (
        [f"random_crop to {cropped}x{cropped}, as these images are smaller than the recipe's"] * (side < 64)
    )


@pytest.mark.parametrize("written", [["--scale", "-1000:1000"], ["--scale=-1000:1000"]])
def test_a_window_below_zero_is_no_option(written):
    parser = Parser("train", "")
    add_options(parser)
    assert parser.parse_args(["--dataset", "a.tif", *written, "--epochs", "2"]).scale == "-1000:1000"

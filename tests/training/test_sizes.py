"""Sizes that follow the data, where a recipe is trained on other data than its own; random transforms by name."""

import numpy as np
import pytest

from keraszoo import models
from keraszoo.core.config import constructor_arguments
from keraszoo.core.errors import InputError
from keraszoo.recipes import all_recipes, get
from keraszoo.recipes.augment import AUGMENTATIONS, augmented
from keraszoo.training import train
from keraszoo.training.changes import changed
from keraszoo.training.options import Options
from keraszoo.training.sizes import sized

SHAPES = ((32, 32, 3), (64, 48, 1), (28, 28, 1), (30, 31, 3), (9, 7, 1), (8, 8, 1), (256, 256, 3), (1,), (3,), (63,))


@pytest.mark.parametrize("name", models.MODELS)
def test_sizes_are_arguments_of_the_model(name):
    model = getattr(models, name)
    images = "image_shape" in constructor_arguments(model) or name in ("CycleGAN", "Glow")
    for shape in SHAPES[:-3] if images else SHAPES[-3:]:
        sizes = model.sizes_for(shape)
        assert {*sizes} <= {*constructor_arguments(model), "network", "hidden"}, name
        pixels = [sizes.pop(name) for name in ("gap", "jitter") if name in sizes]  # between patches
        assert all(0 <= number <= 256 for number in pixels)
        flat = [number for value in sizes.values() if not isinstance(value, str) for number in np.ravel(value)]
        assert all(1 <= number <= 1024 for number in flat)


@pytest.mark.by_default("VAE", "RegularizedAutoencoder", "VQVAE", "WGAN", "Classifier", "UNet")
@pytest.mark.parametrize("name", models.MODELS)
def test_a_recipe_of_digits_builds_for_colour_images(name):
    recipes = [recipe for recipe in all_recipes().values() if recipe.model == name and len(recipe.input_shape) == 3]
    for recipe in recipes[:1]:
        fitted, changed = sized(recipe, (32, 32, 3), None, ())
        made = getattr(models, name)((32, 32, 3), **fitted.arguments)
        assert made.inputs.shape[-1] == 3
        assert not changed or fitted.expected == {}


def test_what_the_user_gives_stays_and_a_network_is_chosen_whole():
    fitted, changed = sized(get("vae/digits"), (64, 64, 3), None, {"latent_dim": 5})
    assert changed == {"network": "convolutional", "hidden": (32, 64, 128, 256)}
    assert fitted.arguments["latent_dim"] == 8  # the recipe's own, as the user's is not in it here
    fitted, changed = sized(get("vae/digits"), (64, 64, 3), None, {"hidden": (10,)})
    assert changed == {"latent_dim": 128}


def test_the_recipes_own_shape_changes_nothing():
    for recipe in all_recipes().values():
        assert sized(recipe, recipe.input_shape, recipe.arguments.get("num_classes"), ()) == (recipe, {})


def test_classes_follow_the_data_where_a_model_has_some():
    assert sized(get("classifier/digits"), (8, 8, 1), 3, ())[1] == {"num_classes": 3}
    assert sized(get("unet/cells"), get("unet/cells").input_shape, 5, ())[1] == {"num_classes": 5}
    assert sized(get("realnvp/moons"), (2,), 2, ())[1] == {}  # a density without classes
    assert sized(get("classifier/digits"), (8, 8, 1), 3, {"num_classes": 4})[1] == {}


def test_a_training_says_and_records_its_sizes(tmp_path):
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (40, 16, 16, 3), "uint8"), np.arange(40) % 3
    np.savez(tmp_path / "photos.npz", image=images, label=labels)
    lines, options = [], {"epochs": 1, "batch_size": 12, "dataset": str(tmp_path / "photos.npz")}
    run = train("vae/digits", tmp_path / "vae", **options, augment="flip,crop=2", say=lines.append)
    assert run.recipe.arguments == {"latent_dim": 16, "network": "convolutional", "hidden": (32, 64)}
    assert run.recipe.data.transforms == (("flip",), ("shift", 2))
    assert [line for line in lines if line.startswith("sizes for these data: network convolutional, hidden (32, 64)")]
    train(None, tmp_path / "vae", resume=True, augment="flip,crop=2", say=lines.append)


def test_random_transforms_come_before_what_makes_bits():
    assert augmented((), "flip,rotate=30") == (("flip",), ("rotate", 30))
    assert augmented((("binarize",),), "noise") == (("noise", 0.05), ("binarize",))
    assert augmented(augmented((), "flip,crop"), "flip,crop") == (("flip",), ("shift", 4))
    assert len(augmented((), ",".join(AUGMENTATIONS))) == len(AUGMENTATIONS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flop", "Unknown augmentation 'flop'. Closest: flip"),
        ("", "Unknown augmentation ''"),
        ("flip=3", "flip takes no number"),
        ("crop=a", "name=NUMBER"),
        ("crop=True", "name=NUMBER"),
    ],
)
def test_other_augmentations_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        augmented((), text)


def test_another_encoder_has_its_own_sizes():
    """Where no decoder has those of the recipe."""
    given = Options(arguments={"encoder": "resnet8"})
    assert changed(get("classifier/digits"), given).arguments == {"encoder": "resnet8"}
    assert changed(get("vae/digits"), given).arguments == {**get("vae/digits").arguments, "encoder": "resnet8"}


def test_another_network_has_its_own_sizes():
    of = get("classifier/digits")
    for given, kept in (({"network": "resnet18"}, set()), ({"freeze": False}, {"hidden", "features"})):
        arguments = changed(of, Options(arguments=given)).arguments
        assert {*arguments} - {*given} == kept
    mixed = changed(of, Options(arguments={"network": "vgg11", "features": 8})).arguments
    assert mixed == {"network": "vgg11", "features": 8}

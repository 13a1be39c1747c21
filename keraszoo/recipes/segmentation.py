"""Segmentation."""

from .data import Data
from .recipe import Optimizer, Recipe

CELLS = Recipe(
    name="unet/cells",
    title="Drawn cells that touch, told apart; offline",
    model="UNet",
    input_shape=(64, 64, 1),
    arguments={
        "num_classes": 1,
        "depth": 3,
        "width": 8,
        "normalization": "batch",
        "dropout": 0.2,
        "loss": {"cross_entropy": 1, "dice": 1},
        "averaging": "flips",
        "measure": "average_precision",
    },
    data=Data(
        "cells",
        prepare=(
            ("weighted", {"w0": 5.0, "class_weights": None}),
            ("hold_out", 0.1),  # marker and threshold are chosen on these
            ("repeat", 2),
        ),
        transforms=(("random_crop", 64), ("flip", "horizontal_and_vertical"), ("rotate90",)),
    ),
    optimizers={"optimizer": Optimizer("adam", 5e-3, decay="cosine")},
    batch_size=16,
    epochs=10,
    expected={
        "test/pixel_error": (0.021, 0.004),
        "test/iou": (0.94, 0.012),
        "segmentation/v_rand": (0.951, 0.04),
        "segmentation/v_info": (0.977, 0.02),
        "segmentation/average_precision": (0.876, 0.05),
    },
    minutes=1,
)

RECIPES = (
    # U-Nets.
    #
    # Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015),
    # https://arxiv.org/abs/1505.04597.
    #
    # The challenge's slices are not part of the zoo. As an .npz file with `image` and `label` [slices, height,
    # width], label 1 in cells and 0 on membranes, they are trained on by
    #
    #     keraszoo train unet/isbi2012 --dataset slices.npz --mixed-precision
    #
    # On CPUs that multiply in bfloat16 the option saves a third of the time.
    CELLS,
    CELLS.replace(
        name="unet/cells_objects",
        title="The same for twice as long, for the objects; offline",
        data=CELLS.data.replace(
            prepare=tuple(("repeat", 4) if step[0] == "repeat" else step for step in CELLS.data.prepare)
        ),
        expected={
            "test/pixel_error": (0.021, 0.004),
            "test/iou": (0.945, 0.012),
            "segmentation/v_rand": (0.97, 0.03),
            "segmentation/v_info": (0.985, 0.015),
            "segmentation/average_precision": (0.92, 0.03),
        },
        minutes=2,
    ),
    CELLS.replace(
        name="unet/cell_kinds",
        title="Drawn cells of three kinds, in colours, each with its number; offline",
        input_shape=(64, 64, 3),
        arguments={**CELLS.arguments, "num_classes": 4},
        data=CELLS.data.replace(
            name="cell_kinds",
            prepare=tuple(("repeat", 4) if step[0] == "repeat" else step for step in CELLS.data.prepare),
            class_names=("background", "plain", "ring", "speckled"),
        ),
        expected={
            "test/pixel_error": (0.0062, 0.002),
            "test/iou": (0.976, 0.01),
            "segmentation/v_rand": (0.986, 0.015),
            "segmentation/v_info": (0.993, 0.008),
            "segmentation/average_precision": (0.94, 0.03),
        },
        minutes=3,
    ),
    # Pets and their outlines, once tensorflow-datasets has prepared them:
    #
    #     keraszoo train unet/pets --mixed-precision
    Recipe(
        name="unet/pets",
        title="Cats and dogs of oxford_iiit_pet: pet, background and outline",
        model="UNet",
        input_shape=(128, 128, 3),
        arguments={
            "num_classes": 3,
            "depth": 4,
            "width": 32,
            "normalization": "batch",
            "dropout": 0.2,
            "loss": {"cross_entropy": 1, "dice": 1},
            "averaging": "flips",
        },
        data=Data(
            "oxford_iiit_pet",
            supervised_keys=("image", "segmentation_mask"),
            image_size=(128, 128),
            class_names=("pet", "background", "outline"),
            transforms=(("flip", "horizontal"), ("rotate", 15), ("brightness", 0.1), ("contrast", 0.2)),
        ),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=16,
        epochs=20,
        minutes=300,
    ),
    # Your own images and masks, in a folder, an .npz file or a pair of TIFFs:
    #
    #     keraszoo train unet/folder --dataset slices/ --test-last 4
    Recipe(
        name="unet/folder",
        title="Your own images and masks: `--dataset`",
        model="UNet",
        input_shape=(192, 192, 1),
        arguments={
            "num_classes": 1,
            "depth": 4,
            "width": 16,
            "normalization": "batch",
            "dropout": 0.2,
            "loss": {"cross_entropy": 1, "dice": 1},
            "averaging": "flips",
        },
        data=Data(
            "slices",
            prepare=(("weighted", {"w0": 10.0, "class_weights": None}), ("hold_out", 2), ("repeat", 20)),
            transforms=(
                ("random_crop", 192),
                ("flip", "horizontal_and_vertical"),
                ("rotate90",),
                ("brightness", 0.1),
                ("contrast", 0.2),
            ),
        ),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=4,
        epochs=10,
        minutes=10,
    ),
    Recipe(
        name="unet/isbi2012",
        title="Membranes of neurons in electron micrographs; trained on 16 slices, tested on the last 4",
        model="UNet",
        input_shape=(192, 192, 1),
        arguments={
            "num_classes": 1,
            "depth": 4,
            "width": 16,
            "normalization": "batch",
            "dropout": 0.0,
            # no averaging over turned images: in five folds it joined cells where membranes lie flat
        },
        data=Data(
            "isbi2012.npz",
            prepare=(
                ("weighted", {"w0": 10.0, "sigma": 10.0, "midline": 1.0, "class_weights": None}),
                ("hold_out", 4),  # marker and threshold are chosen on these: on learned slices they would be too bold
                ("repeat", 93),
            ),
            transforms=(
                ("random_crop", 192),
                ("flip", "horizontal_and_vertical"),
                ("rotate90",),
                ("elastic", 6.0, 3),
                ("brightness", 0.1),
                ("contrast", 0.2),
                ("noise", 0.08),  # the later slices are noisier than the earlier ones
            ),
            test_last=4,
        ),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=2,
        epochs=8,
        # of a border the line halfway: all of it made membranes thicker than they are
        expected={
            "test/pixel_error": (0.077, 0.003),
            # one training; the spread is that of folds of other slices
            "segmentation/v_rand": (0.916, 0.04),
            "segmentation/v_info": (0.976, 0.01),
        },
        minutes=15,
    ),
)

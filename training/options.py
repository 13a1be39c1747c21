"""The options of a training, each stated once: the parser, the function's signature and the help are made from them.

Imports no TensorFlow.
"""

import dataclasses
import typing

from keraszoo.recipes.augment import HELP


def _option(default, group, text, **parsed):
    """A field with its group and line of help; `parsed` are arguments of argparse, none for Python alone."""
    return dataclasses.field(default=default, metadata={"group": group, "help": text, "parsed": parsed})


_TRAIN = "what to train (over the recipe's values)"
_DATA = "data"
_DEVICES = "devices"
_SAVED = "checkpoints and profile"
_QUALITY = "quality of the samples (points with known modes are always measured)"
_PYTHON = "from Python"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """How a recipe is trained. None leaves the recipe's own value."""

    epochs: int | None = _option(None, _TRAIN, "number of epochs", type=int)
    batch_size: int | None = _option(None, _TRAIN, "global batch, over all replicas", type=int)
    learning_rate: float | None = _option(None, _TRAIN, "of every optimizer", type=float)
    decay: str | None = _option(
        None, _TRAIN, "of every learning rate over the training: cosine", choices=("cosine",), metavar="NAME"
    )
    warmup: float | None = _option(
        None, _TRAIN, "share of the training over which a rate that decays rises first, such as 0.05", type=float
    )
    seed: int | None = _option(None, _TRAIN, "of weights, noise and order", type=int)
    arguments: dict | None = _option(
        None, _TRAIN, "argument of the model, e.g. latent_dim=10", flag="--set", action="append", metavar="NAME=VALUE"
    )
    dataset: str | None = _option(
        None,
        _DATA,
        "name in tensorflow-datasets, folder of images (and masks) or of .npy files, .npz file, or table (.csv, ...)",
    )
    domains: tuple | None = _option(None, _DATA, "two classes to translate between", nargs=2, metavar=("A", "B"))
    data_dir: str | None = _option(
        None, _DATA, "of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)", metavar="DIR"
    )
    data_service: str | None = _option(
        None, _DATA, "read through the tf.data service at host:port (tfds data sets only)", metavar="ADDRESS"
    )
    image_size: tuple | None = _option(None, _DATA, "resize a folder's images", type=int, nargs=2, metavar=("H", "W"))
    augment: str | None = _option(
        None,
        _DATA,
        f"random transforms of training images, such as flip,crop; with their usual numbers: {HELP}",
        metavar="NAMES",
    )
    test_last: int | None = _option(
        None, _DATA, "test on the last N examples of a data set that is not divided", type=int, metavar="N"
    )
    hold_out: int | None = _option(
        None,
        _DATA,
        "last training examples that are kept to choose what is not learned, such as a threshold; 0 for none",
        type=int,
        metavar="N",
    )
    ignore: int | None = _option(
        None, _DATA, "value of masks' pixels that do not count, such as 255", type=int, metavar="VALUE"
    )
    mask_values: str | None = _option(
        None, _DATA, "which values of masks are which class: 0-127:0,128-255:1 or #000000:0,#ff0000:1", metavar="RULE"
    )
    mask_suffix: str | None = _option(
        None, _DATA, "end of the masks' names, e.g. _mask; they may lie beside their images", metavar="SUFFIX"
    )
    class_names: tuple | None = _option(None, _DATA, "names of the classes, class 0 first", nargs="+", metavar="NAME")
    scale: str | None = _option(
        None,
        _DATA,
        "stored values of images that become 0 and 1: dtype, data (percentiles of the training split), or LOW:HIGH",
        metavar="SCALE",
    )
    label: str | None = _option(None, _DATA, "column of a table that holds the classes", metavar="COLUMN")
    context: tuple | None = _option(
        None, _DATA, "columns of a table on which the density depends", nargs="+", metavar="COLUMN"
    )
    strategy: typing.Any = _option("auto", _DEVICES, "auto, none, one_device, mirrored or multi_worker (default: auto)")
    replicas: int | None = _option(
        None, _DEVICES, "of mirrored; on a machine without GPUs, parts of its CPU", type=int, metavar="N"
    )
    mixed_precision: bool = _option(False, _DEVICES, "float16 on GPUs, bfloat16 on CPUs", action="store_true")
    jit: bool = _option(False, _DEVICES, "compile the training step with XLA", action="store_true")
    checkpoint_every: int | None = _option(None, _SAVED, "default: after each epoch", type=int, metavar="STEPS")
    keep: int = _option(2, _SAVED, "newest checkpoints to keep (default: 2)", type=int, metavar="N")
    profile: bool = _option(False, _SAVED, "write a TensorBoard profile of a few steps", action="store_true")
    features: typing.Any = _option(
        None,
        _QUALITY,
        "run of a classifier of the same data, for its features (default: the library's of digits, mnist, cifar10), "
        "or none",
        metavar="RUN",
    )
    features_every: int | None = _option(
        None, _QUALITY, "epochs (default: 1; a tenth of the training with the library's own)", type=int, metavar="K"
    )
    evaluators: tuple = _option((), _PYTHON, "further classes of `keraszoo.training.Evaluator`")
    callbacks: tuple = _option((), _PYTHON, "further Keras callbacks")
    say: typing.Callable = _option(print, _PYTHON, "receives each line of text")


def add_options(parser):
    """Adds every option of the command line to an argparse parser, in its groups."""
    groups = {}
    for field in dataclasses.fields(Options):
        group, text, parsed = (field.metadata[name] for name in ("group", "help", "parsed"))
        if group == _PYTHON:
            continue
        if group not in groups:
            groups[group] = parser.add_argument_group(group)
        parsed = {"default": field.default, **parsed}
        flag = parsed.pop("flag", f"--{field.name.replace('_', '-')}")
        groups[group].add_argument(flag, dest=field.name, help=text, **parsed)


def describe_options():
    """A line for each option, as the Args of a docstring are written."""
    return "\n        ".join(f"{field.name}: {field.metadata['help']}." for field in dataclasses.fields(Options))

"""What context prediction learns from pairs of patches, with and without what hides the shortcuts: a table.

    python benchmarks/context_prediction.py cifar10 photographs --out context_prediction.md

For each condition (gap, jitter, treatment of colours) an encoder is trained on some photographs and tested on others,
beside a linear classifier (scikit-learn's linear discriminants with shrunk covariances) on the raw values of the same
kind of pairs. The last column is the trained model on pairs with gap and jitter: what it has learned that is no line
across a border.

"cifar10" is that of tensorflow-datasets; "photographs" are those that scikit-learn, matplotlib and scikit-image (which
is no dependency of KerasZoo) bring along, each tested by a model that was trained on others. See benchmarks/README.md.
"""

import argparse
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import matplotlib.cbook
import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from keraszoo.data import load
from keraszoo.models import ContextPrediction

BATCH = 128
SIDE, STRIDE = 64, 16  # of the crops of photographs
#: pixels of patch, gap and jitter, where there are such, epochs and learning rate
CIFAR = {"patch": 8, "gap": 2, "jitter": 1, "epochs": 10}
PHOTOGRAPHS = {"patch": 16, "gap": 6, "jitter": 2, "epochs": 8}
#: (gap, jitter, treatment of colours)
CONDITIONS = (
    (False, False, "as_they_are"),
    (True, False, "as_they_are"),
    (False, True, "as_they_are"),
    (True, True, "as_they_are"),
    (True, True, "projection"),
    (True, True, "dropping"),
)


def cifar10(data_dir):
    """One fold: training and test images."""
    source = load("cifar10", data_dir=data_dir)
    yield tuple(source.array(split) / np.float32(255) for split in ("train", "test"))


def photographs():
    """Crops of photographs, `{name: [crops, SIDE, SIDE, 3]}`."""
    from skimage import data

    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file:
        found = {"grace_hopper": np.asarray(Image.open(file))}
    found |= {name: load_sample_image(f"{name}.jpg") for name in ("china", "flower")}
    found |= {name: getattr(data, name)() for name in ("astronaut", "chelsea", "coffee", "rocket")}
    found["motorcycle"] = data.stereo_motorcycle()[0]
    return {name: crops(photo) for name, photo in found.items()}


def crops(photo):
    rows, columns = (range(0, side - SIDE + 1, STRIDE) for side in photo.shape[:2])
    parts = [photo[top : top + SIDE, left : left + SIDE] for top in rows for left in columns]
    return np.stack(parts).astype("float32") / 255


def folds(of_each):
    """Training and test crops, twice: each photograph is tested once."""
    names = sorted(of_each)
    for tested in (names[0::2], names[1::2]):
        trained = [name for name in names if name not in tested]
        yield tuple(np.concatenate([of_each[name] for name in part]) for part in (trained, tested))


def made(image_shape, sizes, gap, jitter, color):
    return ContextPrediction(
        image_shape,
        patch=sizes["patch"],
        gap=sizes["gap"] if gap else 0,
        jitter=sizes["jitter"] if jitter else 0,
        color=color,
        initialization="he",
    )


def trained(model, images, epochs):
    steps = epochs * -(-len(images) // BATCH)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)))
    model.fit(images, batch_size=BATCH, epochs=epochs, verbose=0)
    return model


def accuracy(model, images, draws=2):
    """The mean over draws of a pair for each image."""
    found = []
    for seed in range(draws):
        keras.utils.set_random_seed(seed)
        found += [model.evaluate(images, batch_size=500, verbose=0, return_dict=True)["accuracy"]]
    return float(np.mean(found))


def raw_pairs(model, images, draws, seed):
    """Rows of the values of both patches, and the positions."""
    rows, positions = [], []
    for _ in range(draws):
        for first in range(0, len(images), 2000):
            some = images[first : first + 2000]
            center, neighbor, position = model.pairs(some, seed=seed + len(rows))
            rows.append(np.concatenate([np.reshape(part, [len(some), -1]) for part in (center, neighbor)], axis=1))
            positions.append(position)
    return np.concatenate(rows), np.concatenate(positions)


def linear_accuracy(model, train, test):
    linear = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    return linear.fit(*raw_pairs(model, train, 4, seed=10**6)).score(*raw_pairs(model, test, 2, seed=2 * 10**6))


def main():
    parser = argparse.ArgumentParser(description="Context prediction beside a linear classifier, and its shortcuts.")
    parser.add_argument("data", nargs="+", choices=("cifar10", "photographs"))
    parser.add_argument("--epochs", type=int, help="other than the data's own")
    parser.add_argument("--conditions", type=int, nargs="+", default=range(len(CONDITIONS)), help="some, by number")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir", help="of tensorflow-datasets")
    parser.add_argument("--out", default="context_prediction.md")
    options = parser.parse_args()
    lines = [
        "| data | gap | jitter | colours | training photographs | test photographs | linear, raw pairs | "
        "test, with gap and jitter |",
        "|---" * 8 + "|",
    ]
    for name in options.data:
        sizes = {"cifar10": CIFAR, "photographs": PHOTOGRAPHS}[name]
        parts = list(cifar10(options.data_dir) if name == "cifar10" else folds(photographs()))
        for number in options.conditions:
            gap, jitter, color = CONDITIONS[number]
            began, rows = time.process_time(), []
            for train, test in parts:
                keras.utils.set_random_seed(options.seed)
                model = made(train.shape[1:], sizes, gap, jitter, color)
                trained(model, train, options.epochs or sizes["epochs"])
                hidden = made(train.shape[1:], sizes, True, True, color)
                hidden.set_weights(model.get_weights())
                hidden.compile()
                found = (accuracy(model, train[::4]), accuracy(model, test))
                rows.append((*found, linear_accuracy(model, train, test), accuracy(hidden, test)))
            cells = [name, sizes["gap"] if gap else 0, sizes["jitter"] if jitter else 0, color.replace("_", " ")]
            cells += [f"{value:.3f}" for value in np.mean(rows, axis=0)]
            lines.append(f"| {' | '.join(map(str, cells))} |")
            seconds = time.process_time() - began
            print(lines[-1], np.round(rows, 3).tolist(), f"{seconds / 60:.1f} CPU minutes", flush=True)
    pathlib.Path(options.out).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

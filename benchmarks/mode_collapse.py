"""Mode collapse made visible: samples by class over the epochs of a GAN that collapses, beside one that does not.

    python benchmarks/mode_collapse.py [--recipe gan/digits] [--seed 101] [--epochs 60] [--out mode_collapse.png]

Both are the recipe; the one on the left without its penalty on the discriminator's gradient. Each row is an epoch, with
samples of the same noise, sorted and coloured by the class that a classifier of the same digits sees in them.
"""

import argparse
import colorsys
import dataclasses
import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from keraszoo.recipes import get
from keraszoo.training import FeatureNetwork, train
from keraszoo.training.evaluators.pictures import save_png, tile

ROWS, COLUMNS, DRAWN, ENLARGED = 10, 20, 360, 2
COLOURS = np.array(
    [colorsys.hsv_to_rgb(number / 10, 0.75 if number % 2 else 0.45, 1.0) for number in range(10)], "float32"
)


class SamplesByClass(keras.callbacks.Callback):
    """Keeps, at ROWS epochs, COLUMNS samples in the order of their classes, and the share of each class.

    The samples shown are every so many of DRAWN sorted ones, so that a class has as many places as its share.
    """

    def __init__(self, classify, epochs):
        super().__init__()
        self.classify, self.epochs = classify, epochs
        self.rows, self.shares = [], {}

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % (self.epochs // ROWS):
            return
        samples = self.model.sample(DRAWN, seed=0).numpy()
        classes = self.classify(samples)[1].argmax(axis=1)
        order = np.argsort(classes, kind="stable")
        shown = order[:: DRAWN // COLUMNS]
        coloured = samples[shown] * COLOURS[classes[shown], None, None]
        self.rows.append(coloured.repeat(ENLARGED, axis=1).repeat(ENLARGED, axis=2))
        self.shares[epoch + 1] = np.bincount(classes, minlength=10) / DRAWN


def watched(recipe):
    """The `SamplesByClass` of a training."""
    watch = SamplesByClass(FeatureNetwork(f"classifier/{recipe.data.name}"), recipe.epochs)
    with tempfile.TemporaryDirectory() as folder:
        run = train(recipe, os.path.join(folder, "run"), strategy="none", callbacks=[watch], say=lambda text: None)
        measured = run.metrics()["samples"]
    print(recipe.arguments.get("r1"), {name: round(value, 3) for name, value in measured.items()})
    for epoch, shares in watch.shares.items():
        print(epoch, *(f"{share:.2f}" for share in shares))
    return watch


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--recipe", default="gan/digits")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--out", default="mode_collapse.png")
    options = parser.parse_args()
    healthy = dataclasses.replace(get(options.recipe), seed=options.seed, epochs=options.epochs)
    collapsing = dataclasses.replace(healthy, arguments={**healthy.arguments, "r1": 0.0})
    pages = [np.stack(watched(recipe).rows) for recipe in (collapsing, healthy)]
    between = np.ones((ROWS, 1, *pages[0].shape[2:]), "float32")
    save_png(options.out, tile(np.concatenate([pages[0], between, pages[1]], axis=1)))


if __name__ == "__main__":
    main()

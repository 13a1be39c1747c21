"""What helps a U-Net to tell objects apart: terms of the loss, averages of the weights and of the image, energies.

    python benchmarks/objects.py --out objects --seeds 2

Rows are changes of the recipe `unet/cells_objects`. Each is trained, marker and threshold are chosen on the held-out
drawings as in the recipe, and the test drawings are scored, with each averaging of the image. "three networks" are
three trainings of the recipe from other starts, whose probabilities are averaged. The row "energy" learns
besides the foreground how many steps of erosion a pixel survives, as the deep watershed transform does (Bai and
Urtasun, 2017, https://arxiv.org/abs/1611.08303), and floods this energy in the place of the probability. Each training
appends its rows to objects.csv; one that is there is not repeated.
"""

import argparse
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from keraszoo import recipes
from keraszoo.data import batches, load
from keraszoo.data.preparation import prepared
from keraszoo.data.views.held_out import held_out
from keraszoo.metrics import segmentation_scores
from keraszoo.models import UNet
from keraszoo.models.segmentation.instances import instances
from keraszoo.models.segmentation.levels import choose_levels
from keraszoo.networks.unet import unet

RECIPE = "unet/cells_objects"
SCORES = ("average_precision", "v_rand", "v_info", "pixel_error")
EROSIONS = 4


class EnergyUNet(UNet):
    """It also answers how many erosions by 3x3 pixels a pixel's object survives there, at most EROSIONS."""

    def __init__(self, image_shape, num_classes=1, **arguments):
        super().__init__(image_shape, num_classes, **arguments)
        names = ("depth", "width", "normalization", "dropout")
        network = {name: arguments[name] for name in names}
        self.network = unet(self.image_shape[2], 1 + EROSIONS, dtype=self.dtype_policy, **network)
        self.term_names = (*self.term_names, "energy")

    def logits(self, x, training=False):
        return super().logits(x, training=training)[..., :1]

    def loss_terms(self, x, y=None, training=False):
        terms = super().loss_terms(x, y, training=training)
        labels, weight, _ = self._targets(x, y)
        levels = UNet.logits(self, x, training=training)[..., 1:]
        survives = _eroded(tf.cast(labels, tf.float32)[..., None])
        each = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(survives, levels), -1)
        terms["energy"] = tf.reduce_mean(each * (1.0 if weight is None else weight), [1, 2])
        return terms

    def _part(self, x):
        """The mean over the foreground's probability and those of the levels, which is least at a border."""
        energy = tf.reduce_mean(tf.sigmoid(tf.cast(self.network(x, training=False), tf.float32)), -1, keepdims=True)
        return tf.concat([1.0 - energy, energy], -1)


def _eroded(mask):
    """Whether a pixel is there after 1, 2 ... erosions, [batch, height, width, EROSIONS]; none come from beyond."""
    found = []
    for _ in range(EROSIONS):
        mask = -tf.nn.max_pool2d(-mask, 3, 1, "SAME")
        found.append(mask)
    return tf.concat(found, -1)


class MeanOfEpochs(keras.callbacks.Callback):
    """The mean of the weights over the last epochs (stochastic weight averaging), put in their place at the end."""

    def __init__(self, first):
        super().__init__()
        self.first, self.sums, self.count = first, None, 0

    def on_epoch_end(self, epoch, logs=None):
        if epoch >= self.first:
            weights = self.model.get_weights()
            self.sums = weights if self.sums is None else [a + b for a, b in zip(self.sums, weights, strict=True)]
            self.count += 1

    def on_train_end(self, logs=None):
        self.model.set_weights([total / self.count for total in self.sums])


#: {row: (class, arguments that change, whether borders weigh more, arguments of Adam, callbacks)}
ROWS = {
    "the recipe": (UNet, {}, True, {}, ()),
    "no border weights": (UNet, {}, False, {}, ()),
    "centreline dice": (UNet, {"loss": {"cross_entropy": 1, "dice": 1, "centerline_dice": 0.5}}, True, {}, ()),
    "moving average": (UNet, {}, True, {"use_ema": True, "ema_momentum": 0.99}, ()),
    "mean of the last epochs": (UNet, {}, True, {}, (lambda recipe: MeanOfEpochs(recipe.epochs - 3),)),
    "energy": (EnergyUNet, {}, True, {}, ()),
    "three networks": (UNet, {}, True, {}, ()),
}
NETWORKS = {"three networks": 3}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="objects", help="folder of objects.csv")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    options = parser.parse_args()
    table = pathlib.Path(options.out) / "objects.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    done = set() if not table.exists() else set(pd.read_csv(table)[["row", "seed"]].itertuples(index=False, name=None))
    for seed in range(options.seeds):
        for row in options.rows:
            if (row, seed) not in done:
                found = pd.DataFrame([{"row": row, "seed": seed, **scores} for scores in trained(row, seed)])
                found.to_csv(table, mode="a", header=not table.exists(), index=False)
    rows = pd.read_csv(table)
    print(rows.groupby(["row", "averaging"], sort=False)[list(SCORES)].agg(["mean", "std"]).round(4).to_string())


def trained(row, seed):
    """The trainings of a row and their scores with each averaging of the image."""
    recipe = recipes.get(RECIPE)
    steps = [step for step in recipe.data.prepare if ROWS[row][2] or step[0] != "weighted"]
    whole, seen = prepared(load(recipe.data.name), steps, "train", seed)
    started = time.process_time()
    models = [network(row, seed + 100 * number, recipe, seen) for number in range(NETWORKS.get(row, 1))]
    minutes = (time.process_time() - started) / 60
    share = next(step[1] for step in recipe.data.prepare if step[0] == "hold_out")
    parts = [examples(held_out(whole, "train", share)[1], "train"), examples(whole, "test")]
    for averaging in (None, "flips", "flips_and_rotations"):
        (kept, truths), (tested, labels) = ((probabilities(models, averaging, x), y) for x, y in parts)
        grid = {"markers": np.arange(0.1, 1.0, 0.05), "levels": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)}
        marker, level = choose_levels(kept, truths, measure="average_precision", **grid)
        found = np.stack([instances(each, float(marker), level) for each in tested])
        scores = segmentation_scores((tested[..., 1] >= level).astype("int64"), labels, found=found)
        yield {
            "averaging": averaging or "none", "marker": round(float(marker), 2), "threshold": level,
            **{score: scores[score] for score in SCORES}, "minutes": round(minutes, 2),
        }  # fmt: skip
    print(row, seed, f"{minutes:.1f} CPU minutes", flush=True)


def network(row, seed, recipe, seen):
    """One training."""
    made, changes, _, average, callbacks = ROWS[row]
    keras.utils.set_random_seed(seed)
    per_epoch = seen.sizes["train"] // recipe.batch_size
    model = made(recipe.input_shape, **{**recipe.arguments, **changes})
    rate = keras.optimizers.schedules.CosineDecay(5e-3, recipe.epochs * per_epoch)
    model.compile(keras.optimizers.Adam(rate, **average))
    data = batches(
        seen, "train", recipe.batch_size, training=True, transforms=recipe.data.transforms, with_labels=True, seed=seed
    )
    model.fit(
        data, epochs=recipe.epochs, steps_per_epoch=per_epoch, verbose=0,
        callbacks=[make(recipe) for make in callbacks],
    )  # fmt: skip
    return model


def probabilities(models, averaging, images):
    """The mean over the models, each over the turned images."""
    for model in models:
        model.averaging = averaging
    return np.mean([np.asarray(model.probabilities(images)) for model in models], axis=0)


def examples(source, split):
    """(images, labels) of a split, arrays."""
    pairs = list(batches(source, split, 64, training=False, with_labels=True))
    labels = [y["label"] if isinstance(y, dict) else y for _, y in pairs]
    return np.concatenate([x for x, _ in pairs]), np.concatenate(labels).astype("int64")


if __name__ == "__main__":
    main()

"""Membranes of ISBI 2012 in folds: what the recipe reaches on slices of which it has seen nothing.

    python benchmarks/isbi_folds.py slices.npz --out folds        # all folds
    python benchmarks/isbi_folds.py slices.npz --out folds --steps 2240 --float32   # 19 CPU minutes a fold

The slices are divided into neighbouring ones, a fold each. For each fold the recipe `unet/isbi2012` is trained on the
others; marker and threshold are chosen on four of these that are held out of the training, and the fold is scored with
them. From the same training come the rows of other averagings, of the moving average of the weights, and of a
threshold in the place of the watershed. Each fold appends its rows to folds.csv; one that is there is not repeated.
"""

import argparse
import csv
import dataclasses
import os
import pathlib
import shutil
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pandas as pd

from keraszoo import recipes
from keraszoo.metrics import choose_threshold, segmentation_scores
from keraszoo.models.segmentation.levels import choose_levels, masks
from keraszoo.training import train
from keraszoo.training.changes import parse_assignments

SCORES = ("pixel_error", "v_rand", "v_info", "rand_error")
HELD_OUT = 4


class LastWeights(keras.callbacks.Callback):
    """Keeps the weights of the last step, before Keras puts their moving average in their place."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        self.model.save_weights(self.path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("slices", help=".npz with image and label [slices, height, width]")
    parser.add_argument("--out", default="folds", help="folder of the runs and of folds.csv")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", type=int, nargs="+", help="these folds")
    parser.add_argument("--steps", type=int, default=4480, help="of each training")
    parser.add_argument("--ema", type=float, default=0.99, help="momentum of the moving average of the weights")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="argument of the model")
    parser.add_argument("--float32", action="store_true", help="for CPUs that do not multiply in bfloat16")
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    table = out / "folds.csv"
    data = np.load(options.slices)
    image, label = data["image"], data["label"]
    done = set(pd.read_csv(table)["fold"]) if table.exists() and table.stat().st_size else set()
    for fold, tested in enumerate(np.array_split(np.arange(len(image)), options.folds)):
        if fold in done or (options.only and fold not in options.only):
            continue
        rows = list(one_fold(out, fold, image, label, tested, options))
        with open(table, "a", newline="") as file:
            writer = csv.writer(file)
            if not done:
                writer.writerow(["fold", "variant", "marker", "threshold", *SCORES, "train_minutes", "minutes"])
            writer.writerows(rows)
        done.add(fold)
        report(table)


def one_fold(out, fold, image, label, tested, options):
    """A training and its rows."""
    start = time.process_time()
    learned = np.setdiff1d(np.arange(len(image)), tested)
    # those held out are the last of the training split: here those furthest from the fold, going round
    learned = np.roll(learned, -np.searchsorted(learned, tested[0]) + len(learned) // 2)
    path = out / f"fold{fold}.npz"
    parts = {"train": learned, "test": tested}
    np.savez(path, **{f"{x}_{part}": a[rows] for part, rows in parts.items() for x, a in (("x", image), ("y", label))})
    recipe = recipes.get("unet/isbi2012")
    steps = [step for step in recipe.data.prepare if step[0] == "weighted"]
    times = -(-options.steps * recipe.batch_size // (len(learned) - HELD_OUT))
    prepare = (*steps, ("hold_out", HELD_OUT), ("repeat", times))
    optimizer = recipe.optimizers["optimizer"]
    average = {"use_ema": True, "ema_momentum": options.ema}
    recipe = recipe.replace(
        epochs=1,
        seed=fold,
        arguments={**recipe.arguments, **parse_assignments(options.set)},
        data=dataclasses.replace(recipe.data, name=str(path), test_last=None, prepare=prepare),
        optimizers={"optimizer": dataclasses.replace(optimizer, arguments=average)},
    )
    weights = str(out / f"fold{fold}.weights.h5")
    shutil.rmtree(out / f"fold{fold}", ignore_errors=True)  # of a fold that was interrupted
    run = train(recipe, out / f"fold{fold}", mixed_precision=not options.float32, callbacks=(LastWeights(weights),))
    minutes = (time.process_time() - start) / 60
    model = run.model()
    for name, averaging, load in (
        ("weights averaged", "flips_and_rotations", False),
        ("", "flips_and_rotations", True),
        ("", "flips", False),
        ("", None, False),
    ):
        if load:
            model.load_weights(weights)
        model.averaging = averaging
        parts = [probabilities(model, image[rows]) for rows in (learned[-HELD_OUT:], tested)]
        truths = label[learned[-HELD_OUT:]].astype("int64"), label[tested].astype("int64")
        for decision in ("watershed", "threshold"):
            pair = (*choose(parts[0], truths[0], decision),)
            model._marker.assign(pair[0])
            model._threshold.assign(pair[1])
            found = segmentation_scores(masks(parts[1], pair[1]), truths[1], found=model.instances(parts[1]))
            variant = ", ".join(filter(None, (name, averaging or "no averaging", decision)))
            now = (time.process_time() - start) / 60
            yield [fold, variant, *pair, *(found[score] for score in SCORES), round(minutes, 2), round(now, 2)]


def choose(held_out, truths, decision):
    """(marker, level): with a threshold alone they are one."""
    if decision == "watershed":
        return choose_levels(held_out, truths)
    return (choose_threshold(held_out[..., 1], truths),) * 2


def probabilities(model, images):
    return np.concatenate([np.asarray(model.probabilities(each[None, ..., None] / np.float32(255))) for each in images])


def report(table):
    rows = pd.read_csv(table)
    print(rows.groupby("variant", sort=False)[list(SCORES)].agg(["mean", "std", "min"]).round(4).to_string())
    print(f"{rows['fold'].nunique()} folds, {rows.groupby('fold')['train_minutes'].max().mean():.1f} CPU minutes each")


if __name__ == "__main__":
    main()

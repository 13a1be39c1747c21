"""Samples of GANs on CIFAR-10 by CPU time: a DCGAN beside residual networks with spectral normalisation and projection.

    python benchmarks/colour_gans.py --features runs/classifier [--minutes 60] [--seeds 0 1] [--out curves]

See benchmarks/README.md.
"""

import argparse
import csv
import itertools
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from keraszoo import recipes
from keraszoo.runs.prepared import PreparedData
from keraszoo.training import Evaluator, FeatureNetwork, SampleMeasures, train
from keraszoo.training.evaluators.pictures import save_png, tile
from keraszoo.training.measurement import draw

RECIPES = ("dcgan/cifar10", "sngan/cifar10")
SHOWN = {"frechet_distance": "Fréchet distance", "recall": "recall", "coverage": "coverage", "class_kl": "class KL"}
COLUMNS = ("recipe", "seed", "steps", "cpu_minutes", *SHOWN, "precision", "density", "classes")
MOST_EPOCHS = 10_000  # the CPU time ends a training


class Curve(Evaluator):
    """Measures the samples before the training and then each time that so much CPU time has gone into its steps.

    CPU time is that of all threads, user and system; what measuring, validating and saving take is not counted.

    Args:
        measures: a `SampleMeasures`.
        write: receives each row, `{column: value}` without recipe and seed.
        count: number of samples.
        every, minutes: CPU minutes between two measurements, and in all. Both are looked at between executions.
    """

    def __init__(self, measures, write, count, every, minutes):
        super().__init__()
        self.measures, self.write, self.count, self.every, self.minutes = measures, write, count, every, minutes
        self.spent, self.next = 0.0, 0.0

    def on_train_begin(self, logs=None):
        self.measure()

    def on_epoch_begin(self, epoch, logs=None):
        self.clock = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        self.spent += (time.process_time() - self.clock) / 60
        if self.spent >= self.next:
            self.measure()
        if self.spent >= self.minutes:
            self.model.stop_training = True
        self.clock = time.process_time()

    def measure(self):
        found = self.measures(draw(self.model, self.count, seed=0))
        row = {"steps": int(self.model.iterations), "cpu_minutes": round(self.spent, 2)}
        self.write({**row, **{name: found[name] for name in COLUMNS if name in found}})
        self.next = self.spent + self.every


def trained(name, seed, measures, write, options):
    """Trains a recipe for so many CPU minutes, and draws its samples."""
    curve = Curve(measures, write, options.count, options.every, options.minutes)
    directory = options.out / f"{name.replace('/', '_')}_{seed}"
    run = train(name, directory, seed=seed, epochs=MOST_EPOCHS, callbacks=(curve,), strategy="none", say=print)
    pictures = run.model().pictures(None, seed=0)["samples"]
    save_png(options.out / f"{directory.name}.png", tile(pictures))


def drawn(rows, path):
    """The curves of each training as a picture, real against real as a line across."""
    from matplotlib import pyplot

    names = list(dict.fromkeys(row["recipe"] for row in rows))
    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6), sharex=True, layout="constrained")
    for axis, (measure, title) in zip(axes.flat, SHOWN.items(), strict=True):
        for (name, seed), group in itertools.groupby(rows, key=lambda row: (row["recipe"], row["seed"])):
            group = list(group)
            values = [float(row[measure]) for row in group]
            if name == "real against real":
                axis.axhline(values[0], color="black", linestyle=":", label=name)
            else:
                style = {"color": f"C{names.index(name) - 1}", "linestyle": "-" if int(seed) == 0 else "--"}
                minutes = [float(row["cpu_minutes"]) for row in group]
                axis.plot(minutes, values, marker=".", label=f"{name}, seed {seed}", **style)
        axis.set(title=title, yscale="log" if measure in ("frechet_distance", "class_kl") else "linear")
    axes[0, 0].legend(fontsize="small")
    for axis in axes[1]:
        axis.set_xlabel("CPU minutes of training")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description="Curves of sample quality over CPU time, on CIFAR-10.")
    parser.add_argument("--features", required=True, help="the run of classifier/cifar10")
    parser.add_argument("--recipes", nargs="+", default=RECIPES, help="of one data set")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--minutes", type=float, default=60.0, help="CPU minutes of each training")
    parser.add_argument("--every", type=float, default=5.0, help="CPU minutes between measurements")
    parser.add_argument("--count", type=int, default=2500, help="samples, and real examples, in each measurement")
    parser.add_argument("--data-dir", help="of tensorflow-datasets")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("curves"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    recipe = recipes.get(options.recipes[0])
    data = PreparedData.open(recipe, options.data_dir)
    features = FeatureNetwork(options.features)
    halves = data.random_examples(recipe.data.train, 2 * options.count, 0)
    measures = SampleMeasures(data.random_examples(recipe.data.test, options.count, 0), features)
    path = options.out / "curves.csv"
    new = not path.exists()
    with path.open("a", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        if new:
            table.writeheader()

        def write(row, name, seed):
            table.writerow({"recipe": name, "seed": seed, **row})
            file.flush()
            print(name, seed, row, flush=True)

        if new:
            real = SampleMeasures(halves[: options.count], features)(halves[options.count :])
            write({name: real[name] for name in COLUMNS if name in real}, "real against real", 0)
        for name, seed in itertools.product(options.recipes, options.seeds):
            trained(name, seed, measures, lambda row, n=name, s=seed: write(row, n, s), options)
    with path.open(newline="") as file:
        drawn(list(csv.DictReader(file)), options.out / "curves.png")


if __name__ == "__main__":
    main()

"""Data that do not fit into memory: training on records that are read as they come, beside data kept in memory.

    python benchmarks/streaming.py [--recipe vae/mnist_convolutional] [--data-dir DIR]

The recipe's data set is loaded twice: whole, and with a memory limit of a tenth of its size, so that its records are
read from disk and decoded while the model learns. Both train in turn, round after round; then each trains alone in a
new process, which tells the most memory that it held.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from interleaved import Row, in_turn

from keraszoo import data, recipes
from keraszoo.data.sources.source import byte_size
from keraszoo.training.build import build_model, build_optimizer


def row(recipe, streams, data_dir):
    """Training steps on data of one kind."""
    source = data.load(recipe.data.name, data_dir=data_dir, memory_limit=0)
    size = sum(byte_size(part.shapes, part.dtypes, part.size) for part in map(source.split, ("train", "test")))
    source = data.load(recipe.data.name, data_dir=data_dir, memory_limit=size // 10 if streams else size)
    options = {"transforms": recipe.data.transforms, "seed": 0}
    if streams:
        batches = data.batches(source, "train", recipe.batch_size, training=True, **options)
    else:
        batches = data.resident(source, "train", recipe.batch_size, **options)
    keras.utils.set_random_seed(0)
    model = build_model(recipe)
    model.compile(build_optimizer(recipe.optimizers["optimizer"], 1), steps_per_execution=128)

    def run(steps):
        return model.fit(batches, steps_per_epoch=steps, verbose=0).history["loss"][-1]

    return Row("records" if streams else "in memory", run)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="vae/mnist_convolutional", help="its data are records of tfds")
    parser.add_argument("--data-dir", help="where tensorflow-datasets keeps them (TFDS_DATA_DIR)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--alone", choices=["memory", "records"], help="train so alone, and tell the memory held")
    options = parser.parse_args()
    recipe = recipes.get(options.recipe)
    if options.alone:
        row(recipe, options.alone == "records", options.data_dir).run(options.steps)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    rows = [row(recipe, streams, options.data_dir) for streams in (False, True)]
    in_turn(rows, options.rounds, options.steps)
    low, middle, high = rows[0].ratios(rows[1])
    for each in rows:
        print(
            f"{each.name}: {statistics.median(each.times):.2f} ms a step, {statistics.median(each.cpu_times):.2f} CPU"
        )
    print(f"in memory / records: {middle:.2f} ({low:.2f}-{high:.2f})", flush=True)
    for how in ("memory", "records"):
        told = subprocess.run([sys.executable, *sys.argv, "--alone", how], capture_output=True, text=True, check=True)
        print(f"{how}, alone: {told.stdout.split()[-1]} MiB at most")


if __name__ == "__main__":
    main()

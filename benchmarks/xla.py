"""Whether XLA makes a training step faster: each recipe's step as a graph and compiled, in turn.

    python benchmarks/xla.py                       # twenty recipes, about fifteen minutes on two cores
    python benchmarks/xla.py maf/moons vae/digits

`compile(jit_compile="auto")` compiles the models whose class says `faster_by_xla`: on a CPU those of which this table
says so, and on a GPU, as Keras has it, all that can be compiled. A ratio above 1 means that XLA is faster; "compiled"
is how many seconds the first step takes longer.
"""

import argparse
import os
import statistics

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from interleaved import Row

from keraszoo import recipes
from keraszoo.runs.prepared import PreparedData
from keraszoo.training.build import build_model, build_optimizer

RECIPES = (
    "vae/digits", "vae/mnist_notebook", "vae/mnist_convolutional", "iwae/digits", "vq_vae/digits", "flow_vae/digits",
    "gan/digits", "dcgan/digits", "wgan_gp/digits", "realnvp/moons", "maf/moons", "iaf/moons", "nsf/moons",
    "glow/digits", "planar_flow/moons", "residual_flow/moons", "continuous_flow/moons",
    "continuous_flow/moons_flow_matching", "classifier/mnist", "unet/cells",
)  # fmt: skip


def row(recipe, compiled):
    """Training steps of a recipe."""
    keras.utils.set_random_seed(0)
    data = PreparedData.open(recipe)
    batches = data.resident_batches(recipe.batch_size, labels=data.labelled("train"))
    model = build_model(recipe)
    optimizers = {name: build_optimizer(each, 1) for name, each in recipe.optimizers.items()}
    model.compile(**optimizers, jit_compile=compiled, steps_per_execution=1000)

    def run(steps):
        return model.fit(batches, steps_per_epoch=steps, verbose=0).history["loss"][-1]

    return Row("XLA" if compiled else "graph", run)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipes", nargs="*", default=list(RECIPES))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| recipe | graph, ms | XLA, ms | **graph / XLA** | ratio of processor time | compiled, s |")
    print("|---|---|---|---|---|---|")
    for name in options.recipes:
        graph, xla = rows = [row(recipes.get(name), compiled) for compiled in (False, True)]
        for each in rows:
            each.begin(10)
        graph.measure(10)
        steps = max(10, int(1000 / graph.times.pop()))  # a second
        graph.cpu_times.clear()
        for _ in range(options.rounds):
            for each in rows:
                each.measure(steps)
        low, middle, high = graph.ratios(xla)
        processor = statistics.median(graph.cpu_times) / statistics.median(xla.cpu_times)
        print(
            f"| `{name}` | {statistics.median(graph.times):.2f} | {statistics.median(xla.times):.2f} "
            f"| **{middle:.2f}** ({low:.2f}-{high:.2f}) | {processor:.2f} | {xla.first - graph.first:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""Samples of autoencoders of the 8x8 digits: from their prior, and from densities fitted to their codes afterwards.

    python benchmarks/samplers.py [recipe ...] [--seeds 3] [--out samplers.md]

As many samples as there are test digits, beside these, by the classifier that comes with the library.
"""

import argparse
import dataclasses
import os
import pathlib
import statistics
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from keraszoo.analysis.densities import DENSITIES
from keraszoo.models.abilities import Samples
from keraszoo.recipes import get
from keraszoo.runs.samplers import run_sampler
from keraszoo.training import FeatureNetwork, SampleMeasures, train
from keraszoo.training.measurement import draw

RECIPES = ("autoencoder/digits", "regularized/digits", "vae/digits", "wasserstein/digits")
MEASURES = {"frechet_distance": "Fréchet distance", "recall": "recall", "coverage": "coverage", "class_kl": "class KL"}


def quiet(text):
    """Receives what a training says."""


def measured(recipe):
    """{sampler: {measure: value}} of one training, "prior" where the model has one."""
    with tempfile.TemporaryDirectory() as folder:
        run = train(recipe, os.path.join(folder, "run"), strategy="none", features="none", say=quiet)
        data, model = run.data(), run.model()
        real = data.random_examples(recipe.data.test, data.size(recipe.data.test), 0)
        measures = SampleMeasures(real, FeatureNetwork(f"classifier/{recipe.data.name}"))
        drawn = {"prior": model} if isinstance(model, Samples) else {}
        drawn |= {kind: run_sampler(run, kind, say=quiet) for kind in DENSITIES}
        return {kind: measures(draw(source, len(real), 0)) for kind, source in drawn.items()}


def row(recipe, kind, seeds):
    cells = []
    for name in MEASURES:
        values = [found[kind][name] for found in seeds]
        spread = f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
        cells.append(f"{statistics.mean(values):.3g}{spread}")
    return f"| `{recipe}` | {kind} | " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("recipes", nargs="*", default=RECIPES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    lines = ["| recipe | samples from | " + " | ".join(MEASURES.values()) + " |", "|---|---|" + "---|" * len(MEASURES)]
    for name in options.recipes:
        seeds = [measured(dataclasses.replace(get(name), seed=seed)) for seed in range(options.seeds)]
        lines += [row(name, kind, seeds) for kind in seeds[0]]
        print("\n".join(lines), flush=True)
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

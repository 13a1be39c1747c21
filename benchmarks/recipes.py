"""What each recipe reaches with several seeds, beside models that are broken: the values that recipes expect.

    python benchmarks/recipes.py gan/digits vae/digits --seeds 5
    python benchmarks/recipes.py --shortest --seeds 3 --no-references --stop-after 25    # for 25 CPU minutes
    python benchmarks/recipes.py --table                         # the table of what is there, nothing is trained
    python benchmarks/results.py                                 # docs/results.md

The lines of benchmarks/recipes.csv are `recipe,row,measure,value,cpu_minutes,hardware,versions`; a recipe has the rows

- **seed 0, 1, ...**: trained, with its test metrics and the measures of its samples;
- **real**: as many examples of the training split in the place of samples, which no model can beat;
- **untrained**: the model as it starts;
- **collapsed**: one training example again and again in the place of samples.

cpu_minutes are those of all threads for the whole row. What stands in the file already is not computed again.
"""

import argparse
import csv
import dataclasses
import gc
import math
import os
import pathlib
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from keraszoo.core.errors import InputError
from keraszoo.export.contents.manifest import producer
from keraszoo.models import GenerativeClassifier
from keraszoo.models.density.density import Density
from keraszoo.recipes import all_recipes, get
from keraszoo.training import train
from keraszoo.training.build import build_model
from keraszoo.training.evaluators.sample_quality import SampleQuality
from keraszoo.training.measurement import draw
from keraszoo.training.options import Options
from keraszoo.training.session import Session

FILE = pathlib.Path(__file__).with_suffix(".csv")
COLUMNS_OF_FILE = ("recipe", "row", "measure", "value", "cpu_minutes", "hardware", "versions")
GROUPS = ("train", "test", "samples", "codes", "segmentation")
#: of the values of five seeds, the distance from their mean that another seed exceeds once in a hundred (Student's t
#: of 4 degrees of freedom, with the mean's own error)
SPREAD = 4.604 * math.sqrt(1 + 1 / 5)
COLUMNS = ("frechet_distance", "recall", "coverage", "class_kl", "classes")
#: what a few hundred other samples and examples of the same distributions change, whatever the seeds say
LEAST_TOLERANCE = {
    "samples/frechet_distance": 0.3,
    "samples/recall": 0.06,
    "samples/coverage": 0.08,
    "samples/class_kl": 0.04,
    "codes/active_units": 1.0,
}


def quiet(text):
    """Receives what a training says."""


def trained(recipe, seed):
    """{measure: value} of a training."""
    with tempfile.TemporaryDirectory() as folder:
        run = train(dataclasses.replace(recipe, seed=seed), os.path.join(folder, "run"), strategy="none", say=quiet)
        metrics = run.metrics()
    return {f"{group}/{name}": value for group in GROUPS for name, value in metrics.get(group, {}).items()}


def references(recipe):
    """{row: {measure: value}} of what is not trained."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(recipe, os.path.join(folder, "run"), Options(strategy="none", say=quiet))
        if isinstance(session.model, (Density, GenerativeClassifier)):  # which are measured, not trained
            session.model.set_weights(build_model(recipe).get_weights())
        split = recipe.data.test
        batches = session.data.batches(split, recipe.batch_size, labels=session.labelled)
        test = session.model.evaluate(batches, verbose=0, return_dict=True)
        rows = {"untrained": {f"test/{name}": value for name, value in test.items()}}
        if SampleQuality.applies(session):
            quality = SampleQuality.of(session)
            real = session.data.random_examples(recipe.data.train, quality.count, 1)
            samples = {
                "untrained": draw(session.model, quality.count, 0),
                "real": real,
                "collapsed": np.repeat(real[:1], quality.count, axis=0),
            }
            for row, drawn in samples.items():
                measures = {f"samples/{name}": value for name, value in quality.measures(drawn).items()}
                rows.setdefault(row, {}).update(measures)
    return rows


def read(path):
    """{recipe: {row: {measure: value}}} of a file, which may be missing."""
    found = {}
    if path.exists():
        with path.open() as file:
            for line in csv.DictReader(file):
                found.setdefault(line["recipe"], {}).setdefault(line["row"], {})[line["measure"]] = float(line["value"])
    return found


def write(path, recipe, row, measures, minutes):
    made = producer()
    hardware = f"{made['cpus']} cores, {made['processor']}"
    versions = ", ".join(f"{name} {made[name]}" for name in ("keraszoo", "tensorflow", "keras", "python"))
    new = not path.exists()
    with path.open("a") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerows([COLUMNS_OF_FILE] if new else [])
        for measure, value in measures.items():
            lines.writerow([recipe, row, measure, f"{value:.6g}", f"{minutes:.3g}", hardware, versions])
    print(recipe, row, *(f"{name} {value:.4g}" for name, value in measures.items()), flush=True)
    keras.backend.clear_session()
    gc.collect()


def table(found):
    """Markdown: of the seeds mean +- standard deviation, of the rest the value."""
    lines = ["| recipe | samples | " + " | ".join(COLUMNS) + " |", "|---|---|" + "---|" * len(COLUMNS)]
    for recipe, rows in found.items():
        seeds = [values for row, values in rows.items() if row.startswith("seed")]
        shown = {f"{len(seeds)} seeds": seeds} | {
            row: [rows[row]] for row in ("real", "untrained", "collapsed") if row in rows
        }
        for row, values in shown.items():
            cells = [
                _cell([each[f"samples/{name}"] for each in values if f"samples/{name}" in each]) for name in COLUMNS
            ]
            if any(cells):
                lines.append(f"| `{recipe}` | {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values):
    if not values:
        return ""
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return f"{statistics.mean(values):.3g}" + ("" if deviation is None else f" +- {deviation:.2g}")


def expectations(rows):
    """{measure: (mean, tolerance)} of the seeds, as a recipe expects them."""
    seeds = [values for row, values in rows.items() if row.startswith("seed")]
    if len(seeds) < 2:
        return {}
    names = [name for name in seeds[0] if all(name in each for each in seeds)]
    found = {}
    for name in names:
        values = [each[name] for each in seeds]
        tolerance = max(SPREAD * statistics.stdev(values), LEAST_TOLERANCE.get(name, 0.0))
        found[name] = (float(f"{statistics.mean(values):.3g}"), float(f"{tolerance:.2g}"))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("recipes", nargs="*", help="names, or families")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, default=FILE)
    parser.add_argument("--shortest", action="store_true", help="the offline recipes, those of fewest minutes first")
    parser.add_argument("--no-references", action="store_true", help="seeds alone")
    parser.add_argument("--stop-after", type=float, default=math.inf, help="begin nothing after so many CPU minutes")
    parser.add_argument("--table", action="store_true", help="print the table of the file and what recipes may expect")
    options = parser.parse_args()
    found = read(options.out)
    if options.table:
        print(table(found))
        for recipe, rows in found.items():
            print(recipe, expectations(rows))
        return
    recipes = all_recipes()
    names = [each for one in options.recipes or recipes for each in recipes if one in (each, each.split("/")[0])]
    if options.shortest:
        names = sorted((name for name in names if recipes[name].data.offline), key=lambda name: recipes[name].minutes)
    for name, row in [(name, row) for name in dict.fromkeys(names) for row in rows_of(options)]:
        if row in found.get(name, {}) or time.process_time() > 60 * options.stop_after:
            continue
        start = time.process_time()
        try:
            made = references(get(name)) if row == "untrained" else {row: trained(get(name), int(row.split()[1]))}
        except InputError as error:  # such as data that are not prepared
            print(name, error, flush=True)
            continue
        for each, measures in made.items():
            write(options.out, name, each, measures, (time.process_time() - start) / 60)


def rows_of(options):
    return [*([] if options.no_references else ["untrained"]), *(f"seed {seed}" for seed in range(options.seeds))]


if __name__ == "__main__":
    main()

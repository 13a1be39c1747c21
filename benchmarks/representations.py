"""What few labels can learn of the zoo's representations, as tables and a picture; semi-supervised models beside it.

    python benchmarks/representations.py probe RUN [RUN ...] --table probes.csv --out probes.png
    python benchmarks/representations.py semi-supervised digits --draws 10 --table semi.csv

Both go on where the table ends. See benchmarks/README.md and docs/representations.md.
"""

import argparse
import ast
import csv
import os
import pathlib
import statistics
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from keraszoo.networks.by_size import encoder_alone
from keraszoo.recipes import get
from keraszoo.runs.prepared import PreparedData
from keraszoo.runs.run import Run
from keraszoo.training import probe, train
from keraszoo.training.probing.learners import chosen, linear, score
from keraszoo.training.probing.networks import Supervised
from keraszoo.training.probing.picture import draw
from keraszoo.training.probing.probe import Score

NUMBERS = ("size", "labels", "accuracy", "sd", "draws")


# ------------------------------------------------------------------ probes of runs


def scores_of(path):
    """The `Score`s in a table that `keraszoo probe` wrote; none where there is no table."""
    if not path.exists():
        return []
    found = []
    for row in csv.DictReader(path.read_text().splitlines()):
        numbers = {name: ast.literal_eval(row[name]) if row[name] else None for name in NUMBERS}
        found.append(Score(**{**row, **numbers, "settings": tuple(row["settings"].split())}))
    return found


def probes(options):
    """Probes the runs that are not in the table yet, one data set after another, and shows all of the table."""
    part = options.table.with_suffix(".part.csv")  # of an interrupted call
    done = scores_of(options.table) + scores_of(part)
    write(options.table, done)
    part.unlink(missing_ok=True)
    known = {each.run for each in done}
    missing = [run for run in options.runs if str(pathlib.Path(run)) not in known]
    if missing:
        new = probe(
            missing, options.labels, draws=options.draws, rows=options.rows, fine_tune=options.fine_tune, table=part,
            data_dir=options.data_dir,
        )  # fmt: skip
        done += new
        write(options.table, done)
        part.unlink(missing_ok=True)
    datasets = {run: Run.open(run).recipe.data.name for run in dict.fromkeys(each.run for each in done)}
    for name in dict.fromkeys(datasets.values()):
        print(f"\n{name}\n\n{markdown([each for each in done if datasets[each.run] == name])}")
    if options.out:
        draw(options.out, done)


def write(path, scores):
    with open(path, "w", newline="") as file:
        rows = [(*each[:-1], " ".join(map(str, each.settings))) for each in scores]
        csv.writer(file).writerows([Score._fields, *rows])


def markdown(scores):
    """A row for each representation and learner; pixels once."""
    counts, rows = sorted({each.labels for each in scores}), {}
    for each in scores:
        run = "" if each.representation == "pixels" else pathlib.Path(each.run).name
        cell = f"{each.accuracy:.3f}" + ("" if each.sd is None else f" ± {each.sd:.3f}")
        rows.setdefault((run, each.representation, each.size, each.learner), {})[each.labels] = cell
    lines = [["run", "representation", "size", "learner", *(f"{count} labels" for count in counts)]]
    lines += [[*map(str, key), *(cells.get(count, "") for count in counts)] for key, cells in rows.items()]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# ------------------------------------------------------------------ semi-supervised models


def semi_supervised(options):
    """Test accuracy of semi-supervised recipes over draws of the labels, beside what the same labels give alone."""
    rows = []
    if options.table.exists():
        rows = [tuple(row) for row in csv.reader(options.table.read_text().splitlines())]
    done = {(method, int(seed)) for method, seed, _ in rows}
    methods = {
        f"semi_supervised/{options.data}": trained,
        f"semi_supervised_vae/{options.data}": trained,
        "pixels, logistic regression": on_pixels,
        "the autoencoder's encoder, labels alone": from_scratch,
    }
    for seed in range(options.draws):
        for method, accuracy in methods.items():
            if (method, seed) in done:
                continue
            found = accuracy(method if "/" in method else f"semi_supervised/{options.data}", seed, options.data_dir)
            rows.append((method, str(seed), f"{found:.4f}"))
            print(*rows[-1], flush=True)
            with open(options.table, "a", newline="") as file:
                csv.writer(file).writerow(rows[-1])
    print("\n| | draws | test accuracy, mean ± standard deviation | least |\n|---|---|---|---|")
    for method in methods:
        values = [float(value) for name, _, value in rows if name == method]
        sd = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"| {method} | {len(values)} | {statistics.mean(values):.3f} ± {sd:.3f} | {min(values):.3f} |")


def trained(recipe, seed, data_dir):
    """Of a recipe, whose seed draws the labels."""
    with tempfile.TemporaryDirectory() as folder:
        run = train(
            recipe, os.path.join(folder, "run"), seed=seed, data_dir=data_dir, strategy="none", features="none",
            say=lambda line: None,
        )  # fmt: skip
        return run.metrics()["test"]["accuracy"]


def few(recipe, seed, data_dir):
    """A recipe's data with the labels of a seed: all training images, the labelled examples, the test examples."""
    data = PreparedData.open(recipe.replace(seed=seed), data_dir)
    split = recipe.data.train
    y = data.seen.array(split, data.seen.target)
    _, rows = np.unique(data.seen.array(split)[y >= 0], axis=0, return_index=True)  # they are repeated
    x = data.seen.scaled(data.seen.array(split)[y >= 0][rows]).numpy()
    return (
        data.examples(split, data.size(split)),
        (x, y[y >= 0][rows]),
        (data.examples(recipe.data.test, data.size(recipe.data.test), labels=True)),
    )


def on_pixels(recipe, seed, data_dir):
    everything, (x, y), (x_test, y_test) = few(get(recipe), seed, data_dir)
    learner = linear(everything.reshape(len(everything), -1))
    x, x_test = x.reshape(len(x), -1), x_test.reshape(len(x_test), -1)
    return score(learner.make(chosen(learner, x, y, seed)).fit(x, y), x_test, y_test)


def from_scratch(recipe, seed, data_dir):
    """The encoder of the semi-supervised autoencoder learns from the labels alone."""
    recipe = get(recipe)
    _, (x, y), (x_test, y_test) = few(recipe, seed, data_dir)
    encoder = encoder_alone(recipe.input_shape, 10, network="dense", hidden=recipe.arguments["hidden"])
    learner = Supervised(encoder, recipe.input_shape, 10, freeze=False, seed=seed).learner("scratch")
    return score(learner.make(chosen(learner, x, y, seed)).fit(x, y), x_test, y_test)


def number_or_all(text):
    return text if text == "all" else int(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    of_runs = verbs.add_parser("probe")
    of_runs.add_argument("runs", nargs="+")
    of_runs.add_argument("--labels", nargs="+", default=[10, 100, 1000, "all"], type=number_or_all)
    of_runs.add_argument("--draws", type=int, default=5)
    of_runs.add_argument("--rows", type=int, default=10_000)
    of_runs.add_argument("--fine-tune", action="store_true")
    of_runs.add_argument("--out", type=pathlib.Path)
    of_runs.set_defaults(does=probes)
    of_few = verbs.add_parser("semi-supervised")
    of_few.add_argument("data", choices=("digits", "mnist"))
    of_few.add_argument("--draws", type=int, default=10)
    of_few.set_defaults(does=semi_supervised)
    for each in (of_runs, of_few):
        each.add_argument("--table", type=pathlib.Path, required=True)
        each.add_argument("--data-dir")
    options = parser.parse_args()
    options.does(options)


if __name__ == "__main__":
    main()

"""Writes docs/results.md: what each recipe reaches, over seeds where runs are on record, beside published values.

    python benchmarks/recipes.py --shortest --seeds 3 --no-references     # puts runs on record
    python benchmarks/results.py

Imports no TensorFlow.
"""

import csv
import importlib
import pathlib
import statistics

from published import PUBLISHED

from keraszoo.recipes import FILES, all_recipes

ROOT = pathlib.Path(__file__).parent.parent
RUNS, PAGE = pathlib.Path(__file__).with_name("recipes.csv"), ROOT / "docs" / "results.md"
HEADINGS = {
    "vae": "VAEs",
    "autoencoders": "Autoencoders",
    "restoration": "Restoration",
    "gan": "GANs",
    "flows": "Flows",
    "densities": "Densities without a network",
    "classifiers": "Classifiers",
    "self_supervised": "Features without labels",
    "segmentation": "Segmentation",
}


def read():
    """`{recipe: {seed: {measure: value}}}`, `{recipe: {seed: CPU minutes}}` and `{(hardware, versions): runs}`."""
    values, minutes, machines = {}, {}, {}
    with RUNS.open() as file:
        for line in csv.DictReader(file):
            if line["row"].startswith("seed"):
                recipe, seed = line["recipe"], line["row"]
                values.setdefault(recipe, {}).setdefault(seed, {})[line["measure"]] = float(line["value"])
                minutes.setdefault(recipe, {})[seed] = float(line["cpu_minutes"])
                machines.setdefault((line["hardware"], line["versions"]), set()).add((recipe, seed))
    return values, minutes, {machine: len(runs) for machine, runs in machines.items()}


def page():
    values, minutes, machines = read()
    recipes = all_recipes()
    lines = [
        "# What each recipe reaches",
        "",
        "Each measure is followed by what the recipe expects of any seed, in brackets, to which training and",
        "`keraszoo evaluate` hold it. *runs* are seeds on record in [recipes.csv](../benchmarks/recipes.csv): mean and",
        "standard deviation stand first. Where there are none, the value is the one *expected by the recipe*, from",
        "trainings whose values were not kept. *min* are CPU minutes of a run, measuring included; where none is",
        "on record, what the recipe tells of two cores. Made by `python benchmarks/results.py`;",
        "`python benchmarks/recipes.py RECIPE` puts more on record.",
        "",
        f"On record: {sum(machines.values())} runs of {len(values)} of {len(recipes)} recipes.",
        "",
        "| runs | hardware | versions |",
        "|---|---|---|",
        *(f"| {count} | {hardware} | {versions} |" for (hardware, versions), count in machines.items()),
        "",
        "## Beside published values",
        "",
        "No protocol is the same to the last detail: what differs is told of each.",
        "",
    ]
    for each in PUBLISHED:
        here = f"{named(each.measure)} {reached(recipes[each.recipe], each.measure, values.get(each.recipe, {}))}"
        lines.append(
            f"- `{each.recipe}`: **{here}**; published **{each.value}** ([{each.source}]({each.url})): {each.differs}."
        )
    for file in FILES:
        lines += ["", f"## {HEADINGS[file]}", "", "| recipe | measures |", "|---|---|"]
        for recipe in importlib.import_module(f"keraszoo.recipes.{file}").RECIPES:
            lines.append(row(recipe, values.get(recipe.name, {}), minutes.get(recipe.name, {})))
    return "\n".join([*lines, ""])


def row(recipe, seeds, minutes):
    """A recipe's line of its family's table."""
    measures = "<br>".join(f"{named(measure)} {reached(recipe, measure, seeds)}" for measure in recipe.expected)
    runs = f"{len(seeds)} runs" if seeds else "expected by the recipe" if measures else "none"
    spent = f"{statistics.mean(minutes.values()):.2g}" if minutes else f"{recipe.minutes:g}"
    return f"| `{recipe.name}`<br>{recipe.title}<br>*{runs}, {spent} min* | {measures or 'not measured'} |"


def reached(recipe, measure, seeds):
    """Mean and deviation over the seeds and what the recipe expects; the latter alone where there are no seeds."""
    value, tolerance = recipe.expected[measure]
    expected = f"{value:g} ± {tolerance:g}"
    found = [values[measure] for values in seeds.values() if measure in values]
    if not found:
        return nowhere_broken(expected)
    deviation = f" ± {statistics.stdev(found):.2g}" if len(found) > 1 else ""
    return f"{nowhere_broken(f'{statistics.mean(found):.4g}{deviation}')} {nowhere_broken(f'(expects {expected})')}"


def named(measure):
    """ "test/negative_log_likelihood" in words."""
    return measure.replace("/", " ").replace("_", " ")


def nowhere_broken(text):
    return text.replace(" ", "&nbsp;")


if __name__ == "__main__":
    PAGE.write_text(page())

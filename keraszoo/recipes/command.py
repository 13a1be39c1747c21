"""The verbs `keraszoo list` and `keraszoo show`."""

import dataclasses

from rich.console import Console
from rich.table import Table

from ..arguments import Parser
from . import all_recipes, families, get, names


def list_command(argv):
    parser = Parser("list", "Show the recipes: what each trains, on what, for how long on 2 CPU cores.")
    words = "only recipes with all of these words, such as vae mnist"
    parser.add_argument("words", nargs="*", metavar="WORD", help=words)
    parser.add_argument("--offline", action="store_true", help="only recipes whose data need no download")
    options = parser.parse_args(argv)
    found = [
        recipe
        for recipe in all_recipes().values()
        if all(word.lower() in _text(recipe) for word in options.words) and (recipe.data.offline or not options.offline)
    ]
    if not found:
        received = " ".join([*options.words, *["--offline"] * options.offline])
        parser.error(f"no recipe has all of these. Received: {received}. The families are {', '.join(families())}")
    console = _console()
    if not console.is_terminal:
        console.width = 1000  # for grep: a whole line each
    table = Table(box=None, pad_edge=False, expand=console.is_terminal)
    table.add_column("recipe", no_wrap=True, width=max(len(recipe.name) for recipe in found))
    table.add_column("data", no_wrap=True, width=max(len(recipe.data.name) for recipe in found))
    table.add_column("time", no_wrap=True, width=7, justify="right")
    table.add_column("what", no_wrap=not options.words, ratio=1)  # all recipes: a line each
    for recipe in found:
        table.add_row(recipe.name, recipe.data.name, duration(recipe.minutes), recipe.title.removesuffix("; offline"))
    console.print(table)
    return 0


def show_command(argv):
    parser = Parser("show", "Show all values of a recipe, and what it is expected to reach.")
    parser.add_argument("recipe", help="family/recipe or family, see `keraszoo list`").completer = names
    recipe = get(parser.parse_args(argv).recipe)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for field in dataclasses.fields(recipe):
        value = getattr(recipe, field.name)
        if field.name == "expected":
            for metric, (target, tolerance) in value.items():
                table.add_row(f"expected {metric}", f"{target:g} +- {tolerance:g}")
            if not value:
                table.add_row("expected", "not measured yet")
        elif field.name == "optimizers":
            for name, spec in value.items():
                table.add_row(name, _optimizer(spec))
        elif field.name == "data":
            table.add_row("data", value.name)
            for part in dataclasses.fields(value):
                own = getattr(value, part.name)
                if part.name != "name" and own != part.default:
                    table.add_row(f"data.{part.name}", _plain(own))
        elif field.name == "arguments":
            for name, argument in value.items():
                table.add_row(f"--set {name}", _plain(argument))
        elif field.name == "minutes":
            table.add_row("time", f"{duration(value)} on 2 CPU cores")
        elif value not in (None, ()):
            table.add_row(field.name, _plain(value))
    _console().print(table)
    return 0


def duration(minutes):
    """Such as "40 s", "3 min" or "2.5 h"."""
    if minutes < 1:
        return f"{60 * minutes:.0f} s"
    return f"{minutes:g} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _text(recipe):
    return " ".join((recipe.name, recipe.title, recipe.model, recipe.data.name)).lower()


def _optimizer(spec):
    decay = f", {spec.decay} decay" if spec.decay else ""
    more = "".join(f", {name}={value}" for name, value in spec.arguments.items())
    return f"{spec.name}, learning rate {spec.learning_rate:g}{decay}{more}"


def _plain(value):
    return value if isinstance(value, str) else repr(value)


def _console():
    """A console that adds no colours to what is printed, at most 120 columns wide."""
    console = Console(highlight=False, markup=False, soft_wrap=False)
    console.width = min(console.width, 120)
    return console

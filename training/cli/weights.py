"""`keraszoo weights`: what trained weights there are, whether they are whole, and making more."""

import dataclasses

from rich.console import Console
from rich.table import Table

from keraszoo.arguments import Parser, run_subverb
from keraszoo.core.errors import InputError
from keraszoo.recipes import get
from keraszoo.recipes import names as recipe_names
from keraszoo.weights import card, names, path
from keraszoo.weights.card import Card, moved

USAGE = """usage: keraszoo weights VERB ...

Trained weights: those of the library, and those made on this machine.
"""


def weights_command(argv):
    return run_subverb(argv, SUBVERBS, USAGE)


def _list(argv):
    Parser("weights list", "Show the recipes of which there are trained weights.").parse_args(argv)
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for title, justify in (("recipe", "left"), ("kB", "right"), ("as", "left"), ("measures", "left")):
        table.add_column(title, justify=justify, no_wrap=title == "recipe")
    for name in names():
        told = card(name)
        measures = ", ".join(f"{metric} {value:.4g}" for metric, value in told.chief().items())
        table.add_row(name, f"{told.bytes / 1000:.0f}", told.dtype, measures)
    console.print(table)
    return 0


def _show(argv):
    parser = Parser("weights show", "Show the card of trained weights.")
    parser.add_argument("recipe").completer = names
    told = card(parser.parse_args(argv).recipe)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for field in dataclasses.fields(Card):
        value = getattr(told, field.name)
        if field.name == "measures":
            for metric, measured in value.items():
                expected = "expected {:g} +- {:g}".format(*told.expected[metric]) if metric in told.expected else ""
                table.add_row(metric, f"{measured:.5g}  {expected}".rstrip())
        elif field.name != "expected" and value is not None:
            shown = ", ".join(f"{name} {part}" for name, part in value.items()) if isinstance(value, dict) else value
            table.add_row(field.name, str(shown))
    Console(highlight=False).print(table)
    return 0


def _verify(argv):
    parser = Parser(
        "weights verify", "Compare files of trained weights with their cards, and with --measure their measures too."
    )
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="(default: all)").completer = names
    parser.add_argument("--measure", action="store_true", help="measure them again on the test split, samples too")
    parser.add_argument("--data-dir", metavar="DIR", help="where tensorflow-datasets keeps its data")
    options = parser.parse_args(argv)
    differs = 0
    for name in options.recipes or names():
        told = card(name)
        told.check(path(name))
        if not options.measure:
            print(f"{name}: whole, {told.bytes / 1000:.0f} kB")
            continue
        from ..weights.making import measured

        found = moved(told.expected, told.measures, measured(get(name), path(name), options.data_dir))
        differs += bool(found)
        print(f"{name}: {len(told.measures)} measures as on the card" if not found else f"{name}: not as on the card")
        for metric, there, value in found:
            print(f"  {metric} {value:.5g}, on the card {there:.5g}")
    return 1 if differs else 0


def _make(argv):
    parser = Parser("weights make", "Train recipes, measure them, and keep their weights with their cards.")
    parser.add_argument("recipes", nargs="+", metavar="RECIPE").completer = recipe_names
    parser.add_argument("--run", metavar="RUN", help="take the model of this finished run of the one recipe")
    parser.add_argument("--missing", action="store_true", help="only those of which there are no weights yet")
    parser.add_argument("--out", metavar="DIR", help="folder (default: KERASZOO_WEIGHTS, else the cache)")
    parser.add_argument("--data-dir", metavar="DIR", help="where tensorflow-datasets keeps its data")
    options = parser.parse_args(argv)
    chosen = [get(name).name for name in options.recipes]
    if options.run and len(chosen) > 1:
        raise InputError(f"A run is one recipe's. Received: --run with {len(chosen)} recipes.")

    import keras

    from ..weights.making import make

    for name in chosen:
        there = path(name, *([options.out] if options.out else []))
        if options.missing and there is not None:
            print(f"{name}: there, {there}")
            continue
        file = make(name, options.out, run=options.run, data_dir=options.data_dir)
        print(f"The weights are in {file}", flush=True)
        keras.backend.clear_session()  # the graphs of one are of no use to the next
    return 0


SUBVERBS = {
    "list": (_list, "show those there are"),
    "show": (_show, "show the card of one"),
    "verify": (_verify, "compare files with their cards"),
    "make": (_make, "train recipes and keep their weights"),
}

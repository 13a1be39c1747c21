"""The verb `keraszoo list`."""

import shutil
import textwrap

from ..arguments import Parser
from . import all_recipes


def list_command(argv):
    parser = Parser("list", "Show the recipes: what each trains, on what, for how long.")
    parser.add_argument("family", nargs="?", help="only this family")
    options = parser.parse_args(argv)
    recipes = [recipe for recipe in all_recipes().values() if options.family in (None, recipe.family)]
    if not recipes:
        families = sorted({recipe.family for recipe in all_recipes().values()})
        parser.error(f"unknown family {options.family!r}; there are {', '.join(families)}")
    name_width = max(len(recipe.name) for recipe in recipes)
    indent = name_width + 2
    width = min(shutil.get_terminal_size((80, 24)).columns, 100)
    for recipe in recipes:
        time = f"{recipe.minutes:g} min" if recipe.minutes >= 1 else f"{60 * recipe.minutes:.0f} s"
        text = f"{recipe.title}. {recipe.epochs} epochs, {time} on 2 CPU cores."
        lines = textwrap.wrap(text, width - indent - 1)
        print(f"{recipe.name:<{name_width}}  {lines[0]}")
        for line in lines[1:]:
            print(" " * indent + line)
    return 0

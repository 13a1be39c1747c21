"""What the pages about models say of papers, recipes and measured values comes from the code.

`<!-- model: VAE -->` in a page becomes the paper, which the model's module names, the recipes with what they must
reach, and a link to the model's arguments.
"""

import ast
import pathlib
import re

from keraszoo.models import MODELS
from keraszoo.recipes import all_recipes

PACKAGE = pathlib.Path(__file__).parents[2] / "keraszoo" / "models"
MARK = re.compile(r"^<!-- model: (\w+) -->$", re.M)


def on_page_markdown(markdown, **_):
    return MARK.sub(lambda match: about(match[1]), markdown)


def about(model):
    parts = [
        f"*Paper:* {paper(model)}",
        table(model),
        f"Arguments: [`{model}`][keraszoo.models.{MODELS[model]}.{model}].",
    ]
    return "\n\n".join(part for part in parts if part)


def paper(model):
    """The module's docstring without its first paragraph, which says what the model is."""
    source = PACKAGE.joinpath(*MODELS[model].split(".")).with_suffix(".py")
    docstring = ast.get_docstring(ast.parse(source.read_text()))
    papers = docstring.partition("\n\n")[2]
    return re.sub(r"https?://\S+?(?=[.,;)]*(\s|$))", r"<\g<0>>", papers)


def table(model):
    mine = [recipe for recipe in all_recipes().values() if recipe.model == model]
    if not mine:
        return ""
    lines = ["| recipe | what comes out | minutes |", "|---|---|---|"]
    for recipe in mine:
        expected = "<br>".join(
            f"{name.replace('/', ': ', 1).replace('_', ' ')} {value:g} ± {tolerance:g}".replace(" ", "&nbsp;")
            for name, (value, tolerance) in recipe.expected.items()
        )
        lines.append(f"| `{recipe.name}`<br>{recipe.title} | {expected or 'not measured'} | {recipe.minutes:g} |")
    return "\n".join(lines)

"""What the pages say of papers, recipes, measured values and trained weights comes from the code and its cards.

`<!-- model: VAE -->` in a page becomes the paper, which the model's module names, the recipes with what they must
reach, the trained weights that come with the library, and a link to the model's arguments; `<!-- trained weights -->`
all of the latter, with what they reach.
"""

import ast
import pathlib
import re

from keraszoo import weights
from keraszoo.models import MODELS
from keraszoo.recipes import all_recipes

PACKAGE = pathlib.Path(__file__).parents[2] / "keraszoo" / "models"
MARK = re.compile(r"^<!-- model: (\w+) -->$", re.M)
WEIGHTS = "<!-- trained weights -->"


def on_page_markdown(markdown, **_):
    marked = MARK.sub(lambda match: about(match[1]), markdown)
    return marked.replace(WEIGHTS, trained()) if WEIGHTS in marked else marked


def about(model):
    parts = [
        f"*Paper:* {paper(model)}",
        table(model),
        loads(model),
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
            _told(name, f"{value:g} ± {spread:g}") for name, (value, spread) in recipe.expected.items()
        )
        lines.append(f"| `{recipe.name}`<br>{recipe.title} | {expected or 'not measured'} | {recipe.minutes:g} |")
    return "\n".join(lines)


def loads(model):
    """How its trained weights are had, of those that come with the library."""
    mine = [name for name in weights.of_the_library() if all_recipes()[name].model == model]
    calls = ", ".join(f'`keraszoo.load("{name}")`' for name in mine)
    return f"[Trained weights](../weights.md): {calls}." if calls else ""


def trained():
    """A table of the weights that come with the library, by their cards."""
    lines = ["| recipe | measured, as stored | expected | kB | as | data, licence |", "|---|---|---|---|---|---|"]
    for name in weights.of_the_library():
        card = weights.card(name)
        measured = "<br>".join(_told(metric, f"{value:.4g}") for metric, value in card.chief().items())
        pairs = [card.expected.get(metric) for metric in card.chief()]
        expected = "<br>".join("{:g}&nbsp;±&nbsp;{:g}".format(*pair) if pair else "" for pair in pairs)
        size = f"{card.bytes / 1000:.0f} | {card.dtype}"
        lines.append(f"| `{name}` | {measured} | {expected} | {size} | {card.data}: {card.licence} |")
    return "\n".join(lines)


def _told(metric, value):
    return f"{metric.replace('/', ': ', 1).replace('_', ' ')} {value}".replace(" ", "&nbsp;")

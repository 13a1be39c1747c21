"""One page about runs, by itself in one file: what was trained, on what, how it went, and what came of it."""

import base64
import dataclasses
import html
from pathlib import Path

import keraszoo
from keraszoo.core.errors import InputError
from keraszoo.runs.drafts import write_whole
from keraszoo.runs.run import Run
from keraszoo.runs.sealed import unseal
from keraszoo.system.failures import reason

from ..evaluation import verdicts
from .curves import curves

EPOCHS = 4  # of which pictures are shown, the first and the last among them
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; }
th, td { text-align: left; padding: .2rem .9rem .2rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
td.number { font-variant-numeric: tabular-nums; } .missed { color: #c62828; font-weight: 600; }
svg { width: 100%; min-width: 640px; height: auto; background: white; }
figure { display: inline-block; margin: 0 1rem 1rem 0; }
figcaption { font-size: .85rem; } img { image-rendering: pixelated; max-width: 100%; min-width: 160px; }
"""


def report(runs, out):
    """Writes one HTML file about finished runs, which needs no other file and no network.

    Args:
        runs: `Run`s, or paths of run directories; several are set side by side.
        out: path of the file.

    Returns:
        The path.

    Raises:
        InputError: no run, one that is missing or unfinished, two of the same name, or a file that cannot be written.
    """
    opened = [run if isinstance(run, Run) else Run.open(run) for run in runs]
    if not opened:
        raise InputError("A report is about one run at least. Received: none.")
    named = dict(zip(_names([run.path for run in opened]), opened, strict=True))
    for name, run in named.items():
        if not run.model_path.exists():
            raise InputError(f"{name} has not finished. Nearest: keraszoo train --run {run.path} --resume")
    try:
        write_whole(out, page(named))
    except OSError as error:
        raise InputError(f"Cannot write {out}: {reason(error)}.") from error
    return Path(out)


def page(runs):
    """The HTML of a report about `{name: Run}`."""
    title = " and ".join(dict.fromkeys(run.recipe.name for run in runs.values()))
    metrics = {name: run.metrics() for name, run in runs.items()}
    parts = [
        f"<h1>{_text(title)}</h1>",
        *(f"<p>{_text(run.recipe.title)}</p>" for run in runs.values() if len(runs) == 1),
        _section("Measures", _measures(runs, metrics)),
        _section("Curves", curves({name: each.get("history", []) for name, each in metrics.items()})),
        *(_section(_titled("Pictures", name, runs), _pictures(run)) for name, run in runs.items()),
        _section("What was trained", _table(["", *runs], _compared({n: _recipe(run) for n, run in runs.items()}))),
        _section("Where", _table(["", *runs], _compared({n: _environment(run) for n, run in runs.items()}))),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_text(title)}</title>'
    foot = f"<p><small>keraszoo {keraszoo.__version__}, <code>keraszoo report</code></small></p>"
    body = "".join([*parts, foot])
    return f"<!doctype html><html lang='en'><head>{head}<style>{_STYLE}</style></head><body>{body}</body></html>\n"


def _measures(runs, metrics):
    """The value of each measure in each run, and what the recipe expects of it."""
    found = {}
    for name, run in runs.items():
        for measure, value, expected, verdict in verdicts(run.recipe, metrics[name]):
            wrong = ' class="missed"' if verdict.endswith("than expected") else ""
            cell = f"<span{wrong}>{_text(value)}</span>"
            cell += f" <small>(expected {_text(expected)})</small>" if expected else ""
            found.setdefault(measure, {})[name] = cell
    rows = [[_text(measure), *(cells.get(name, "") for name in runs)] for measure, cells in found.items()]
    return _table(["", *runs], rows)


def _pictures(run):
    """The pictures of some epochs, kind by kind."""
    kinds = {}
    for path in sorted(run.samples.glob("epoch-*.png")):
        _, epoch, kind = path.stem.split("-", 2)
        kinds.setdefault(kind, {})[int(epoch)] = path
    figures = []
    for kind, by_epoch in kinds.items():
        known = sorted(by_epoch)
        chosen = sorted({known[round(i * (len(known) - 1) / (EPOCHS - 1))] for i in range(EPOCHS)})
        figures += [f"<h3>{_text(kind.replace('_', ' '))}</h3>"]
        figures += [_picture(by_epoch[epoch], f"epoch {epoch}") for epoch in chosen]
    return "".join(figures)


def _picture(path, caption):
    data = base64.b64encode(path.read_bytes()).decode()
    image = f'<img alt="{_text(caption)}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{_text(caption)}</figcaption></figure>"


def _recipe(run):
    """`{name: value}` of all that a recipe says and does not leave at its default."""
    said = {}
    for field in dataclasses.fields(run.recipe):
        value = getattr(run.recipe, field.name)
        if field.name in ("expected", "minutes", "title") or value in (None, (), {}, ""):
            continue
        if field.name == "data":
            parts = {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
            said |= {f"data {name}": part for name, part in parts.items() if part not in (None, (), {})}
        elif isinstance(value, dict):
            said |= {f"{field.name} {name}": part for name, part in value.items()}
        else:
            said[field.name.replace("_", " ")] = value
    return {name: str(value) for name, value in said.items()}


def _environment(run):
    path = run.path / "environment.json"
    values = unseal(path)[0] if path.exists() else {}
    packages = values.pop("packages", {})
    return {name: str(value) for name, value in {**values, **packages}.items()}


def _compared(columns):
    """Rows of escaped cells: a name, and its value in each column."""
    names = dict.fromkeys(name for column in columns.values() for name in column)
    return [[_text(name), *(_text(column.get(name, "")) for column in columns.values())] for name in names]


def _names(paths):
    """A name for each run: its folder's, with the folder above where two are called alike."""
    names = [Path(path).resolve().name for path in paths]
    if len(set(names)) < len(names):
        names = ["/".join(Path(path).resolve().parts[-2:]) for path in paths]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"Each run of a report has a name of its own. Received: {twice} twice.")
    return names


def _titled(title, name, runs):
    return title if len(runs) == 1 else f"{title}: {name}"


def _section(title, content):
    return f"<h2>{_text(title)}</h2><div class='wide'>{content}</div>" if content else ""


def _table(header, rows):
    if not rows:
        return ""
    head = "".join(f"<th>{_text(name)}</th>" for name in header) if len(header) > 2 else ""
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{lines}</table>" if head else f"<table>{lines}</table>"


def _text(value):
    return html.escape(str(value))

"""What each model can do, as laws that were run on it have shown: tests/capabilities.json and docs/capabilities.md.

    python tests/capabilities.py                      # what was not run, or failed; all of it takes CPU hours
    python tests/capabilities.py VAE UNet             # these classes anew
    python tests/capabilities.py server "trained weights"    # these capabilities anew, of all classes
    python tests/capabilities.py --pages              # the page alone, of what the file holds

A law names what it shows, `@pytest.mark.shows("fit", "validation")`, and is run on the smallest recipe of a class or on
the class made small. Answers are kept as they come, so that an interrupted run goes on where it was. Where a package or
KerasZoo itself has another version than the file's, all of it is asked anew.
"""

import argparse
import datetime
import itertools
import json
import math
import os
import pathlib
import platform
import re
import resource
import subprocess
import sys
from importlib import metadata

import pytest

from keraszoo.models import MODELS
from keraszoo.recipes import all_recipes
from keraszoo.runs.drafts import write_whole
from keraszoo.system.locks import lock

ROOT = pathlib.Path(__file__).parent.parent
RESULTS, PAGE = ROOT / "tests" / "capabilities.json", ROOT / "docs" / "capabilities.md"
#: {capability: (what its law shows, the answer for a class that no case of the law is about)}
CAPABILITIES = {
    "fit": ("history and metrics hold the loss and each of its terms, finite", None),
    "validation": ("so they do of validation data, in the same call", None),
    "sample weights": ("one for each example, of rank 1 and 2; others are refused", None),
    "save": ("a `.keras` file gives back weights, answers and optimizers, bit for bit", None),
    "fresh load": ("another process loads the file after one import, and answers alike", None),
    "export": ("a SavedModel of all signatures, which the doctor passes", None),
    "mirrored": ("two replicas learn what one learns, to 1e-6", None),
    "multi-worker": ("two processes learn what two replicas learn, bit for bit", None),
    "resume": ("killed within an epoch and resumed, a training ends in the same bits", None),
    "mixed precision": ("`mixed_float16` and `mixed_bfloat16` train, finite, on weights of float32", None),
    "XLA": ("`jit_compile=True` learns what the graph learns, to 1e-6", None),
    "doctor": ("the doctor runs every signature through TensorFlow's C API and finds nothing", None),
    "server": ("the embedded server answers every signature over REST and gRPC in the bits of Keras", None),
    "LiteRT": ("a `.tflite` file answers within 1e-5", None),
    "recipe": ("a recipe names what trainings of it reach", "no: it is made of parts that only the user knows"),
    "trained weights": ("come with the library, and reach what their recipe expects", "no: none come with the library"),
}
WITHOUT_RECIPE = "not tried: the law runs on recipes, and it has none; its subclasses have"
NOT_RUN = "not run"
FAMILIES = {
    "autoencoders": "Autoencoders",
    "restoration": "Restoration",
    "vae": "VAEs",
    "gan": "GANs",
    "flows": "Flows",
    "density": "Densities",
    "classifiers": "Classifiers",
    "self_supervised": "Self-supervised",
    "segmentation": "Segmentation",
}
PACKAGES = ("keraszoo", "tensorflow", "keras", "tensorflow-probability", "numpy")
AT_ONCE = 20  # classes in one process, whose graphs are kept


def versions():
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}


def smallest_recipes():
    """`{class: name of its recipe with the smallest examples}`."""
    found = {}
    for recipe in sorted(all_recipes().values(), key=lambda recipe: math.prod(recipe.input_shape)):
        found.setdefault(recipe.model, recipe.name)
    return found


SMALLEST = smallest_recipes()


def laws():
    """`{capability: files of its laws}`."""
    found = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for names in re.findall(r"^@pytest\.mark\.shows\((.*)\)", path.read_text(), re.M):
            for name in re.findall(r'"(.*?)"', names):
                found.setdefault(name, set()).add(path)
    return found


def kept():
    """What the file holds: `{"versions": {package: version}, "classes": {class: {capability: answer}}}`."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {"versions": {}, "classes": {}}


def valid():
    """`{class: {capability: answer}}` of these versions; "not run" where the file has none."""
    rows = kept()["classes"] if kept()["versions"] == versions() else {}
    unknown = {"date": "", **dict.fromkeys(CAPABILITIES, NOT_RUN)}
    return {name: {key: rows.get(name, {}).get(key, other) for key, other in unknown.items()} for name in MODELS}


def write(rows):
    lines = [f"    {json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in rows.items()]
    rows = ",\n".join(lines)
    text = f'{{\n  "versions": {json.dumps(versions())},\n  "classes": {{\n{rows}\n  }}\n}}\n'
    write_whole(RESULTS, text)


class Recorder:
    """A plugin of pytest that runs the laws about some classes and capabilities, and keeps the answers.

    Args:
        wanted: pairs (class, capability).
    """

    def __init__(self, wanted):
        self.wanted, self.cases, self.outcomes = wanted, {}, {}
        self.started = 0.0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        for item in items:
            mark, name = item.get_closest_marker("shows"), class_of(item)
            for pair in itertools.product([name], mark.args if mark else ()):
                if pair in self.wanted:
                    self.cases.setdefault(pair, []).append(item.nodeid)
        for name, capability in self.wanted - self.cases.keys():
            of_recipes = name not in SMALLEST and capability != "trained weights"
            answer = CAPABILITIES[capability][1]
            self.keep(name, capability, answer or (WITHOUT_RECIPE if of_recipes else "not tried: no law is about it"))
        chosen = set(itertools.chain(*self.cases.values()))
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
        items[:] = [item for item in items if item.nodeid in chosen]

    def pytest_runtest_logreport(self, report):
        if report.when == "setup":
            self.started = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.nodeid] = answer_of(report)
            seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime - self.started
            told = "" if report.outcome == "passed" else f"  {report.user_properties}"
            print(f"{seconds:6.1f} s  {report.nodeid}  {self.outcomes[report.nodeid]}{told}", flush=True)
        for (name, capability), nodes in self.cases.items():
            if report.nodeid in nodes and report.when == "teardown" and all(node in self.outcomes for node in nodes):
                answers = sorted((self.outcomes[node] for node in nodes), key=worst_first)
                self.keep(name, capability, answers[0])

    def keep(self, name, capability, answer):
        turn = lock(RESULTS.parent, wait=True)  # another process may write, too
        rows = valid()
        rows[name] |= {"date": datetime.date.today().isoformat(), capability: answer}
        write(rows)
        if turn is not None:
            os.close(turn)


def class_of(item):
    """The class that a case of a law is about: of recipes only the smallest one of a class counts."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if "subject" in parameters:
        recipe = parameters["subject"]
        return recipe.model if SMALLEST[recipe.model] == recipe.name else None
    name = parameters.get("case", parameters.get("name"))
    if name in MODELS:
        return name
    return all_recipes()[name].model if name in all_recipes() else None


def answer_of(report):
    """What the file keeps of a report: "yes", "yes: not ...", "no: why", "failed: why".

    A law that was skipped, or that holds of a class that cannot, says why: `record_property("no", why)`.
    """
    if report.outcome == "skipped":
        return f"no: {report.longrepr[2].removeprefix('Skipped: ')}"
    if report.outcome == "failed":
        crash = getattr(getattr(report.longrepr, "reprcrash", None), "message", str(report.longrepr))
        return f"failed: {' '.join(crash.split())[:150]}"
    told = dict(report.user_properties)
    if "no" in told:
        return f"no: {told['no']}"
    return f"yes: not {told['but']}" if told.get("but") else "yes"


def worst_first(answer):
    return next(place for place, start in enumerate(("failed", "no", "yes:", "yes")) if answer.startswith(start))


def run(wanted):
    """Runs the laws about some classes and capabilities, a few classes in each process; those that die are left out."""
    names = [name for name in MODELS if any(name == one for one, _ in wanted)]
    for first in range(0, len(names), AT_ONCE):
        some = names[first : first + AT_ONCE]
        pairs = [[name, capability] for name, capability in sorted(wanted) if name in some]
        subprocess.run([sys.executable, __file__, "--pairs", json.dumps(pairs)], check=False, cwd=ROOT)


def page():
    """docs/capabilities.md, of what the file holds."""
    of, rows, tables, remarks = kept()["versions"], kept()["classes"], [], []
    for family, names in families().items():
        lines = table_head(("model", *CAPABILITIES))
        for name in names:
            cells = [cell(rows[name][capability], remarks) for capability in CAPABILITIES]
            lines.append(f"| `{name}` | {' | '.join(cells)} |")
        tables += [f"### {family}", "", '<div class="answers" markdown>', "", *lines, "", "</div>", ""]
    dates = sorted(row["date"] for row in rows.values() if row["date"])
    answers = [row[capability] for row in rows.values() for capability in CAPABILITIES]
    return "\n".join([
        "# What each model can do",
        "",
        "## What was tried",
        "",
        "Each cell is the answer of tests that were run, on the model's smallest recipe or on the class made small.",
        "`make capabilities` runs what was not run yet and writes this page; the answers lie in",
        f"[tests/capabilities.json](../tests/capabilities.json). Of {len(answers)} cells"
        f" {sum(answer.startswith('yes') for answer in answers)} are yes, {answers.count(NOT_RUN)} (–) were not run"
        f" ({' to '.join(sorted({dates[0], dates[-1]}))}, on a CPU, {', '.join(map(' '.join, of.items()))}).",
        "",
        *(f"- **{capability}**: {meaning};" for capability, (meaning, _) in CAPABILITIES.items()),
        "",
        *tables,
        *(f"{number}. {remark}" for number, remark in enumerate(remarks, start=1)),
        "",
        "## Methods, terms and signatures",
        "",
        *methods(),
        "",
    ])  # fmt: skip


def families():
    """`{heading: classes}`, as the folders of keraszoo/models hold them."""
    found = {}
    for name, module in MODELS.items():
        found.setdefault(FAMILIES[module.split(".")[0]], []).append(name)
    return found


def table_head(names):
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]


def cell(answer, remarks):
    """The word, with the number of the remark that says more."""
    word, _, remark = answer.partition(": ")
    if not remark:
        return "–" if word == NOT_RUN else word
    if remark not in remarks:
        remarks.append(remark)
    return f"{word} ({remarks.index(remark) + 1})"


def methods():
    from keraszoo import models

    names = ("encode", "decode", "features", "reconstruct", "sample", "restore", "classify", "segment")
    lines = table_head(("model", "loss terms", *names, "signatures", "recipes"))
    for name in sorted(SMALLEST):  # of the others the parts are known to the user alone
        mine = [recipe for recipe in all_recipes().values() if recipe.model == name]
        model = getattr(models, name)(mine[0].input_shape, **mine[0].arguments)
        can = ["yes" if hasattr(model, method) else "-" for method in names]
        signatures = ", ".join(f"`{signature}`" for signature in model.serving_signatures())
        terms = ", ".join(f"`{term}`" for term in model.term_names)
        recipes = ", ".join(f"`{recipe.name}`" for recipe in mine)
        lines.append(f"| `{name}` | {terms} | {' | '.join(can)} | {signatures} | {recipes} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("words", nargs="*", help="classes and capabilities to ask anew; by default what is missing")
    parser.add_argument("--pages", action="store_true", help="write the page alone")
    parser.add_argument("--pairs", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pairs:
        files = sorted({str(path) for paths in laws().values() for path in paths})
        recorder = Recorder({tuple(pair) for pair in json.loads(options.pairs)})
        sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "--no-summary", *files], plugins=[recorder]))
    unknown = [word for word in options.words if word not in MODELS and word not in CAPABILITIES]
    if unknown:
        parser.error(f"neither a class nor a capability: {', '.join(unknown)}")
    if not options.pages:
        rows = valid()
        names = [word for word in options.words if word in MODELS] or list(MODELS)
        capabilities = [word for word in options.words if word in CAPABILITIES] or list(CAPABILITIES)
        pairs = itertools.product(names, capabilities)
        run({(name, each) for name, each in pairs if options.words or rows[name][each].startswith((NOT_RUN, "failed"))})
    PAGE.write_text(page())


if __name__ == "__main__":
    main()

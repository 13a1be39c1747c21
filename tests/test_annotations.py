"""What the manual's API pages show has annotations; `make types` lets mypy look at them.

Packages that import their names when these are used tell them to type checkers and editors in an `__init__.pyi`, which
`python tests/test_annotations.py` writes again.
"""

import ast
import importlib
import inspect
import pathlib

import keraszoo.analysis
import keraszoo.export
import keraszoo.training
from keraszoo.models import MODELS

ROOT = pathlib.Path(__file__).parent.parent
HOOK = ast.parse((ROOT / "docs" / "hooks" / "api.py").read_text())
PAGES = {node.targets[0].id: node.value for node in HOOK.body if isinstance(node, ast.Assign)}


def stubs():
    """`{path: content}` of the files that tell type checkers which names a package has, and where they are."""
    tables = {
        "keraszoo/models": {name: f".{home}" for name, home in MODELS.items()} | {"MODELS": "dict[str, str]"},
        "keraszoo/analysis": keraszoo.analysis._HOMES,
        "training": keraszoo.training._FUNCTIONS,
        "export": keraszoo.export._HOMES,
    }
    for room, table in tables.items():
        names = [f"from {home} import {name} as {name}" for name, home in table.items() if home.startswith(".")]
        values = [f"{name}: {kind}" for name, kind in table.items() if not kind.startswith(".")]
        yield ROOT / room / "__init__.pyi", [*sorted(names), *([""] if values else []), *values]
    modules = [f"from . import {name} as {name}" for name in (*keraszoo._SUBMODULES, "export", "training")]
    load = "from .weights import load as load"
    yield ROOT / "keraszoo" / "__init__.pyi", [*sorted(modules), load, "", "__version__: str"]


def public_objects():
    """`{name: class or function}` of the API pages."""
    for package in ast.literal_eval(PAGES["PACKAGES"]):
        module = importlib.import_module(f"keraszoo.{package}")
        yield from ((f"{package}.{name}", getattr(module, name)) for name in module.__all__)
    names = [f"core.{name}" for name in ast.literal_eval(PAGES["CORE"])]
    for name in [*names, *(f"models.{base}" for base in ast.literal_eval(PAGES["BASES"]))]:
        home, _, member = name.rpartition(".")
        yield name, getattr(importlib.import_module(f"keraszoo.{home}"), member)
    yield from ((name, getattr(keraszoo.models, name)) for name in MODELS)
    yield "load", keraszoo.load


def functions_of(name, public):
    """The functions that a name stands for: itself, or the constructor and the public methods of its class."""
    if inspect.isfunction(public):
        yield name, public
    if inspect.isclass(public):
        for member, value in vars(public).items():
            value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            own = inspect.isfunction(value) and value.__module__.startswith("keraszoo")
            if own and (member == "__init__" or not member.startswith("_")):
                yield f"{name}.{member}", value


def missing(function):
    """The parameters of a function that have no annotation, and "return"."""
    function = inspect.unwrap(function)
    code = function.__code__
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    names = {*code.co_varnames[:count], "return"} - {"self", "cls"}
    return sorted(names - function.__annotations__.keys())


def test_public_functions_have_annotations():
    found = {}
    for name, public in public_objects():
        for function_name, function in functions_of(name, public):
            if "<" not in function.__qualname__.split(".")[-1] and inspect.getfile(function) != "<string>":
                found[function_name] = missing(function)
    assert len(found) > 900
    assert {name: names for name, names in found.items() if names} == {}


def test_type_checkers_are_told_of_names_that_are_imported_when_they_are_used():
    for path, lines in stubs():
        assert path.read_text().splitlines() == lines, "python tests/test_annotations.py writes it again"


def test_package_says_that_it_has_types():
    assert (pathlib.Path(keraszoo.__file__).parent / "py.typed").exists()


def test_a_function_without_annotations_would_be_found():
    def method(self, x, *rows, y: int = 0, **options):
        pass

    assert missing(method) == ["options", "return", "rows", "x"]


if __name__ == "__main__":
    for path, lines in stubs():
        path.write_text("\n".join(lines) + "\n")

"""The package that is installed is the package that is here, and its folders keep to their imports."""

import ast
import configparser
import graphlib
import importlib.util
import os
import pathlib
import subprocess
import sys
import zipfile
from importlib import metadata

import pytest
import sources
from packaging.requirements import Requirement

import keraszoo
from keraszoo.core.errors import InputError
from keraszoo.versions import check_versions
from keraszoo.weights import of_the_library

ROOT = pathlib.Path(__file__).parent.parent
ROOMS = {"keraszoo": "keraszoo", "training": "keraszoo.training", "export": "keraszoo.export"}


def declared_packages():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return set(config["options"]["packages"].split())


def packages_in_the_folders():
    for room, package in ROOMS.items():
        for init in (ROOT / room).rglob("__init__.py"):
            yield ".".join([package, *init.parent.relative_to(ROOT / room).parts])


def modules():
    for room in ROOMS:
        yield from (ROOT / room).rglob("*.py")


def imports(path):
    """Every module that a file imports, absolutely named where it says so, and relative ones as they stand."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_declared_packages_are_the_folders():
    assert declared_packages() == set(packages_in_the_folders())
    assert all((path.parent / "__init__.py").exists() for path in modules())


def test_wheel_holds_every_module_under_one_name(tmp_path):
    wheel = sources.wheel(tmp_path, "--no-build-isolation")
    sizes = {each.filename: each.file_size for each in zipfile.ZipFile(wheel).infolist()}
    files = {name for name in sizes if ".dist-info/" not in name}
    weights = {f"keraszoo/weights/{name}{suffix}" for name in of_the_library() for suffix in (".keras", ".json")}
    assert {name for name in files if name.endswith((".keras", ".json"))} == weights
    assert sum(size for name, size in sizes.items() if not name.endswith(".py")) <= 25e6
    expected = set()
    for room, package in ROOMS.items():
        for path in (ROOT / room).rglob("*.py"):
            expected.add("/".join([*package.split("."), *path.relative_to(ROOT / room).parts]))
    assert {name for name in files if name.endswith(".py")} == expected
    assert {name.split("/")[0] for name in files} == {"keraszoo"}


def test_imports_go_one_way():
    for path in modules():
        room = path.relative_to(ROOT).parts[0]
        for name in imports(path):
            depth = len(path.relative_to(ROOT).parts) - 1
            assert len(name) - len(name.lstrip(".")) <= depth, f"{path} imports {name} from outside its room"
            if room == "keraszoo":
                assert not name.startswith(("keraszoo", "training", "export")), f"{path} imports {name}"
            else:
                other = {"training": "export", "export": "training"}[room]
                assert not name.startswith((f"keraszoo.{other}", f"keraszoo.{room}", other)), f"{path} imports {name}"


def name_of(path):
    """The module that a file is."""
    room, *parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join([ROOMS[room], *(part for part in parts if part != "__init__")])


def imported_at_once(tree):
    """The import statements that run when a module is imported: not those inside of functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from imported_at_once(node)


def needs(path, known):
    """The modules, of those `known`, that must be there before this one, packages around them included."""
    own = name_of(path)
    package = own if path.name == "__init__.py" else own.rpartition(".")[0]
    named = set()
    for node in imported_at_once(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        else:
            source = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            members = {alias.name for alias in node.names}
            submodules = {member for member in members if f"{source}.{member}" in known}
            named |= {f"{source}.{member}" for member in submodules} | ({source} if members - submodules else set())
    around = {name.rsplit(".", depth)[0] for name in named & known for depth in range(1, name.count(".") + 1)}
    return {name for name in named | around if name in known and not f"{own}.".startswith(f"{name}.")}


def test_no_imports_in_circles():
    paths = {name_of(path): path for path in modules()}
    graph = {name: needs(path, set(paths)) for name, path in paths.items()}
    assert graph["keraszoo.models.vae.vae"] >= {"keraszoo.core.model", "keraszoo.losses", "keraszoo.models.vae.priors"}
    assert graph["keraszoo.training.session"] >= {"keraszoo.runs.run", "keraszoo.training.build"}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"imports in a circle: {' <- '.join(error.args[1])}")


def test_folders_can_be_overlooked():
    """No folder has more than sixteen modules, its own `__init__.py` not counted."""
    folders = {path.parent for path in modules()}
    sizes = {folder: sum(path.name != "__init__.py" for path in folder.glob("*.py")) for folder in folders}
    assert {str(folder): size for folder, size in sizes.items() if size > 16} == {}


def test_tests_of_a_file_share_a_process(request):
    """pytest-xdist groups by a mark that it writes into the names of the tests; some versions lose it in silence."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@test_packaging")


def test_errors_are_exceptions():
    for path in modules():
        assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Assert)], path


def test_every_third_party_import_is_declared():
    known = metadata.packages_distributions()
    declared = {line.split(";")[0].split("[")[0].split(" ")[0] for line in metadata.requires("keraszoo")}
    declared = {
        "".join(c if c.isalnum() else "-" for c in name.rstrip("<>=!~0123456789.,")).lower() for name in declared
    }
    for path in modules():
        for name in imports(path):
            top = name.split(".")[0]
            if name.startswith(".") or top in sys.stdlib_module_names or top in ("keraszoo", "__future__"):
                continue
            distributions = {distribution.lower().replace("_", "-") for distribution in known[top]}
            assert distributions & declared, (
                f"{path} imports {top} of {distributions}, which setup.cfg does not declare"
            )


def test_unsupported_versions_are_one_clear_line(monkeypatch):
    check_versions()
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "2.20.0" if name == "tensorflow" else version(name))
    with pytest.raises(InputError, match="needs tensorflow<2.22,>=2.21. Received: 2.20.0"):
        check_versions()
    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(InputError, match="KERAS_BACKEND=jax"):
        check_versions()


def test_importing_the_package_costs_nothing():
    program = "import sys, keraszoo, keraszoo.training, keraszoo.export; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_changelog_has_a_section_of_this_version():
    assert f"\n## {keraszoo.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_dependency_has_a_lowest_version():
    """Of what `keraszoo`, its tests and its manual need; with which peers speed is compared is no matter here."""
    lines = [line for line in metadata.requires("keraszoo") if 'extra == "bench"' not in line]
    needed = [each for each in map(Requirement, lines) if each.name != "keraszoo"]
    without = {each.name for each in needed if not {part.operator for part in each.specifier} & {">=", "==", "~="}}
    assert without == {"umap-learn"}

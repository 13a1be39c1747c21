"""The package that is installed is the package that is here, and its rooms keep their doors."""

import ast
import configparser
import pathlib
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata

import pytest

from keraszoo.core.errors import InputError
from keraszoo.versions import check_versions

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
    for name in (*ROOMS, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ".",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        "wheels",
        "-q",
    ]
    subprocess.run(pip, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "wheels").iterdir()
    files = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = set()
    for room, package in ROOMS.items():
        for path in (ROOT / room).rglob("*.py"):
            expected.add("/".join([*package.split("."), *path.relative_to(ROOT / room).parts]))
    assert {name for name in files if name.endswith(".py")} == expected
    assert {name.split("/")[0] for name in files} == {"keraszoo"}


def test_rooms_keep_their_doors():
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

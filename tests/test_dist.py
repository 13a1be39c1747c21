"""What `make dist` has built: the files that a release publishes. Each test is skipped where there are none."""

import pathlib
import subprocess
import tarfile
import zipfile

import pytest
import sources

ROOT = pathlib.Path(__file__).parent.parent
#: tracked by git, but of no use without it
LEFT_OUT = (".gitignore", ".ci/")

pytestmark = pytest.mark.slow


def built(pattern):
    found = sorted((ROOT / "dist").glob(pattern))
    if not found:
        pytest.skip("make dist builds wheel and sdist")
    assert len(found) == 1, found
    return found[0]


def contents(wheel):
    """`{name: bytes}`; RECORD, the list of the others, without its order."""
    with zipfile.ZipFile(wheel) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    return {name: sorted(value.split()) if name.endswith("/RECORD") else value for name, value in found.items()}


def test_sdist_holds_what_git_tracks():
    with tarfile.open(built("*.tar.gz")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames() if not archive.getmember(name).isdir()}
    git = ["git", "ls-files"]
    tracked = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
    expected = {name for name in tracked if not name.startswith(LEFT_OUT)}
    made = {name for name in names if name == "PKG-INFO" or name.startswith("keraszoo.egg-info/")}
    assert names - made == expected


def test_wheel_of_the_sdist_is_that_of_the_sources(tmp_path):
    of_sdist = contents(built("*.whl"))
    wheel = sources.wheel(tmp_path, "--no-build-isolation")
    assert wheel.name == built("*.whl").name
    assert contents(wheel) == of_sdist


def test_wheel_holds_the_package_and_its_licence():
    names = contents(built("*.whl"))
    kinds = {pathlib.PurePath(name).suffix for name in names if ".dist-info/" not in name}
    assert kinds == {".py", ".pyi", ".typed", ".keras", ".json", ".html", ".js", ".css"}
    assert [name for name in names if name.endswith("/licenses/LICENSE")] and "keraszoo/py.typed" in names

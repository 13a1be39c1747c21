"""The sources as a wheel."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
BUILT_OF = ("keraszoo", "training", "export", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")


def wheel(folder, *options):
    """The wheel's path; it is made of a copy in `folder`, as what an earlier build left would get into it.

    Args:
        folder: an empty one.
        options: of `pip wheel`.
    """
    (folder / "sources").mkdir()
    for name in BUILT_OF:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / "sources" / name)
    pip = [sys.executable, "-m", "pip", "wheel", "./sources", "--no-deps", "--quiet", "--wheel-dir", "wheels"]
    subprocess.run([*pip, *options], cwd=folder, check=True, capture_output=True)
    (made,) = (folder / "wheels").iterdir()
    return made

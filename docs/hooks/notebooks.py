"""The notebooks of docs/notebooks are scripts, which are executed here and become pages with their outputs.

What an execution gave is kept in build/notebooks, for as long as neither the script nor the library changes.
"""

import hashlib
import logging
import pathlib
import shutil

import jupytext
import nbformat
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import MarkdownExporter

ROOT = pathlib.Path(__file__).parents[2]
KEPT = ROOT / "build" / "notebooks"
ROOMS = ("keraszoo", "training", "export")
log = logging.getLogger("mkdocs.hooks.notebooks")


def on_files(files, config):
    for script in sorted((ROOT / "docs" / "notebooks").glob("*.py")):
        folder = executed(script)
        for path in sorted(folder.iterdir()):
            content = path.read_bytes() if path.suffix == ".png" else path.read_text()
            files.append(File.generated(config, f"notebooks/{path.name}", content=content))
    return files


def executed(script):
    """The folder with page, pictures and notebook of a script, which is executed if that was not done before."""
    folder = KEPT / f"{script.stem}-{checksum(script)}"
    if folder.exists():
        return folder
    log.info(f"Executing {script.name}")
    notebook = jupytext.read(script)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    draft = KEPT / f"{script.stem}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        NotebookClient(
            notebook, timeout=1200, coalesce_streams=True, resources={"metadata": {"path": str(draft)}}
        ).execute()
    except CellExecutionError as error:
        raise PluginError(f"{script.name}: {error}") from error
    for cell in notebook.cells:
        if cell.cell_type == "code":  # TensorFlow tells there what it has found of the machine
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    shutil.rmtree(draft)
    draft.mkdir()
    page, resources = MarkdownExporter().from_notebook_node(
        notebook, {"unique_key": script.stem, "output_files_dir": ""}
    )
    (draft / f"{script.stem}.md").write_text(page)
    for name, picture in resources["outputs"].items():
        (draft / name).write_bytes(picture)
    nbformat.write(notebook, draft / f"{script.stem}.ipynb")
    for outdated in KEPT.glob(f"{script.stem}-*"):
        shutil.rmtree(outdated)
    return draft.rename(folder)


def checksum(script):
    """Of the script and of everything that it may import from here."""
    digest = hashlib.sha256(script.read_bytes())
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

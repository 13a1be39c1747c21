"""The API pages: a page for each package, with an entry for each of its public names, made of their docstrings.

mkdocstrings reads sources, not an installed package, so that it is shown the rooms where an installation has them.
"""

import ast
import importlib.util
import pathlib

from mkdocs.structure.files import File

from keraszoo.models import MODELS

ROOT = pathlib.Path(__file__).parents[2]
SEEN = ROOT / "build" / "api" / "keraszoo"
FAMILIES = {
    "autoencoders": "Autoencoders",
    "restoration": "Restoration",
    "vae": "VAEs",
    "gan": "GANs",
    "flows": "Normalizing flows",
    "density": "Densities",
    "classifiers": "Classifiers",
    "self_supervised": "Self-supervision",
    "segmentation": "Segmentation",
}
#: classes that are not models themselves, but have the arguments of several
BASES = (
    "restoration.restoration.RestorationAutoencoder",
    "flows.vector_flow.VectorFlow",
    "density.density.Density",
    "self_supervised.self_supervised.SelfSupervised",
)
CORE = (
    "model.ZooModel",
    "model.takes",
    "inputs.examples.Input",
    "inputs.examples.Codes",
    "inputs.targets.Labels",
    "inputs.targets.Mask",
    "inputs.targets.Context",
    "updates.Gradient",
    "updates.ClosedForm",
    "updates.call_unchanged",
    "schedules.Schedule",
    "replicas.global_mean",
    "replicas.global_sums",
    "errors.InputError",
    "errors.closest",
)
#: what packages call their tables of names that they import when these are used
LAZY = ("_FUNCTIONS", "_HOMES")
#: the packages that say what they have in `__all__` or, where it is imported when it is used, in a table
PACKAGES = (
    "training",
    "export",
    "data",
    "recipes",
    "analysis",
    "metrics",
    "losses",
    "bijectors",
    "distributions",
    "layers",
    "networks",
)


def on_startup(**_):
    """Links the rooms together as setup.cfg does for an installation, before mkdocstrings looks there."""
    SEEN.mkdir(parents=True, exist_ok=True)
    rooms = [*(ROOT / "keraszoo").iterdir(), ROOT / "training", ROOT / "export"]
    for link in SEEN.iterdir():
        link.unlink()
    for room in rooms:
        (SEEN / room.name).symlink_to(room)


def on_files(files, config):
    for name, content in pages():
        files.append(File.generated(config, f"api/{name}.md", content=content))
    return files


def pages():
    for family, title in FAMILIES.items():
        names = [f"models.{home}.{name}" for name, home in MODELS.items() if home.partition(".")[0] == family]
        bases = [f"models.{base}" for base in BASES if base.partition(".")[0] == family]
        yield f"models_{family}", page(title, docstring(f"models/{family}"), [*bases, *names])
    yield "core", page("core", docstring("core"), [f"core.{name}" for name in CORE])
    for package in PACKAGES:
        yield package, page(package, docstring(package), public_names(package))


def page(title, text, names):
    return "\n\n".join([f"# {title}", text, *(f"::: keraszoo.{name}" for name in names)])


def assigned(package):
    """`{name: literal}` of what a package's `__init__.py` assigns; of a module nothing."""
    init = SEEN.joinpath(*package.split("."), "__init__.py")
    nodes = ast.parse(init.read_text()).body if init.exists() else ()
    return {node.targets[0].id: node.value for node in nodes if isinstance(node, ast.Assign)}


def docstring(package):
    """Its first paragraph."""
    source = SEEN.joinpath(*package.split("/"), "__init__.py").read_text()
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0]


def homes(package):
    """Where the names are that a package imports when they are used: `{name: ".module"}`."""
    return next((ast.literal_eval(value) for name, value in assigned(package).items() if name in LAZY), {})


def home(package, name):
    module = homes(package).get(name)
    if module is None:
        return f"{package}.{name}"
    return home(importlib.util.resolve_name(module, f"keraszoo.{package}").removeprefix("keraszoo."), name)


def public_names(package):
    names = sorted(homes(package)) or ast.literal_eval(assigned(package)["__all__"])
    return [home(package, name) for name in names]

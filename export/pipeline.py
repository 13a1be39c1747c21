"""Export, from a trained model to a published version: write, warm up, describe, examine, publish."""

import os
import pathlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keraszoo.core.errors import InputError
from keraszoo.models.abilities import Serves
from keraszoo.runs.run import Run
from keraszoo.runs.samplers import run_sampler

from . import graph, saved_model
from .contents import batching, client_page, golden, manifest, warmup
from .outside import examination
from .outside.cost import cost as measure
from .published import interface, versions
from .published.server_config import write_server_config


def export(
    model_or_run: Any,
    to: str | os.PathLike,
    name: str | None = None,
    *,
    new_interface: bool = False,
    profile: bool = False,
    sampler: str | None = None,
    components: int | None = None,
    data_dir: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> pathlib.Path:
    """Publishes a model as the next version of `to/name`, once the doctor has found it healthy.

    Args:
        model_or_run: a ZooModel, a `keraszoo.analysis.CodeSampler`, a `Run`, or the path of a run directory.
        to: the base directory, which may hold several models; its models.config is brought up to date.
        name: of the model; by default the run's family, or the model's class in snake case.
        new_interface: whether clients of the newest version may be unable to call this one, see
            `keraszoo.export.published.interface`.
        profile: whether to measure what an answer costs; it comes to stand in the manifest.
        sampler: of a run; None, or "gaussian", "mixture" or "flow": what the signature `sample` draws codes from, see
            `keraszoo.runs.samplers`.
        components, data_dir, say: of the sampler, as for `keraszoo.training.sample`.

    Returns:
        The path of the version, `to/name/N`.

    Raises:
        InputError: when the run is missing or unfinished, the model cannot be served, the doctor finds a fault, the
            target cannot be written, or it holds versions of something else. Nothing is published then.

    Example:
        >>> export("runs/vae", to="served")                                                      # doctest: +SKIP
        PosixPath('served/vae/1')
    """
    model, default_name, source = _model(model_or_run, sampler, components, data_dir, say)
    named, name = name is not None, default_name if name is None else name

    def fill(directory):
        parameters, values = saved_model.write(model, directory)
        examples, signatures = golden.load(directory / golden.FILE), _interface(directory, values)
        if not new_interface:
            interface.check_unchanged(Path(to) / name, signatures, source, named=named)
        client_page.write(directory, name=name, parameters=parameters, signatures=signatures, examples=examples)
        manifest.write(
            directory,
            name=name,
            source=source,
            parameters=parameters,
            signatures=signatures,
            batching=batching.write(directory, signatures),
            warm_up=warmup.write(directory, name, examples, default=next(iter(examples))),
            cost=measure(directory) if profile else None,
        )
        faults = [check for check in examination.examine(directory) if not check.ok]
        if faults:
            found = "; ".join(f"{fault.name}: {fault.detail}" for fault in faults)
            raise InputError(f"{name} was not published, as the doctor found a fault. {found}.")

    version = versions.publish(fill, to, name)
    write_server_config(to)
    return version


def _model(model_or_run, sampler, components, data_dir, say):
    """The model to export, the name that it takes by default, and what it is, for the manifest."""
    if isinstance(model_or_run, (str, os.PathLike)):
        model_or_run = Run.open(model_or_run)
    if isinstance(model_or_run, Run):
        run, model = model_or_run, model_or_run.model()
        source = {"model": type(model).__name__, "recipe": run.recipe.name}
        if sampler is not None:
            model = run_sampler(run, sampler, components, data_dir=data_dir, say=say)
        return model, run.family, source
    if sampler is not None:
        raise InputError(f"A sampler is fitted to a run. Received: {type(model_or_run).__name__}, sampler={sampler!r}.")
    if isinstance(model_or_run, Serves):
        class_name = type(model_or_run).__name__
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()
        return model_or_run, name, {"model": class_name, "recipe": None}
    raise InputError(
        "export takes a ZooModel, a Run or the path of a run directory. "
        f"Received: an object of type {type(model_or_run).__name__}."
    )


def _interface(directory, values):
    """`{signature: {"inputs": {name: {"dtype", "shape", and what of its values is known}}, "outputs": ...}}`.

    In the order of `values`, the default first.
    """
    described = graph.signatures(graph.read(directory))
    return {
        signature: {
            side: {
                name: {"dtype": info["dtype"], "shape": info["shape"], **(known[name] if side == "inputs" else {})}
                for name, info in infos.items()
            }
            for side, infos in described[signature].items()
        }
        for signature, known in values.items()
    }

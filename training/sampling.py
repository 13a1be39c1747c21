"""Drawing samples from a finished run: the whole of `keraszoo sample`."""

import math
import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from keraszoo.core.errors import InputError
from keraszoo.models.abilities import HasCodeVectors, Samples
from keraszoo.runs.drafts import write_whole
from keraszoo.runs.run import Run
from keraszoo.runs.samplers import run_sampler
from keraszoo.system.failures import reason

from .evaluators.pictures import grid, save_png, tile

FORMATS = (".png", ".npy")
MOST_BYTES = 2**32  # of the samples of one call


def sample(
    run: str | os.PathLike | Run,
    count: int = 64,
    seed: int = 0,
    out: str | os.PathLike | None = None,
    *,
    sampler: str | None = None,
    components: int | None = None,
    data_dir: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
    **options: Any,
) -> Any:
    """Samples of a run's model, from its own prior or from a density of its codes that is fitted afterwards.

    Args:
        run: a `Run` or the path of one.
        count: how many, >= 1.
        seed: integer; the same seed gives the same samples.
        out: file to write: `.png` (a grid; images only) or `.npy` (the array). None writes nothing.
        sampler: None, the model's own prior; or "gaussian", "mixture" or "flow", see `keraszoo.analysis.fit_sampler`:
            fitted to the codes of the training examples once, and kept beside the run, see `keraszoo.runs.samplers`.
        components: of the sampler "mixture"; None: as many as the BIC says.
        data_dir: where tensorflow-datasets keeps its data, from which a sampler is fitted.
        say: receives a line when one is.
        **options: further arguments of the model's `sample`, such as `temperature`.

    Returns:
        numpy array [count, ...] float32.

    Raises:
        InputError: missing run, a model that cannot sample, or has no codes to fit a sampler to, a file that cannot be
            written.
    """
    if count < 1:
        raise InputError(f"count must be >= 1. Received: {count}.")
    if not 0 <= seed < 2**32:
        raise InputError(f"seed must be an integer from 0 to {2**32 - 1}. Received: {seed}.")
    if not 0 <= options.get("temperature", 1.0) < math.inf:
        raise InputError(f"temperature must be >= 0 and finite. Received: {options['temperature']}.")
    out = None if out is None else pathlib.Path(out)
    if out is not None and out.suffix not in FORMATS:
        raise InputError(f"Samples are written as {' or '.join(FORMATS)}. Received: {out}.")
    run = run if isinstance(run, Run) else Run.open(run)
    model = sampling_model(run, sampler, components, data_dir=data_dir, say=say)
    size = 4 * math.prod(model.inputs.shape)
    if count * size > MOST_BYTES:
        raise InputError(f"That many samples need {count * size / 2**30:.0f} GiB. Received: {count}, of at most "
                         f"{MOST_BYTES // size}.")  # fmt: skip
    samples = model.sample(count, seed=seed, **options).numpy()
    if out is not None:
        _write(out, samples)
    return samples


def sampling_model(run, sampler=None, components=None, *, data_dir=None, say=print):
    """What samples: a run's model, or the sampler that is fitted to its codes.

    Raises:
        InputError: as `sample`.
    """
    if sampler is not None:
        return run_sampler(run, sampler, components, data_dir=data_dir, say=say)
    if components is not None:
        raise InputError(f"Only the sampler 'mixture' has components. Received: components={components!r}, no sampler.")
    model = run.model()
    check_sampler(model)
    return model


def check_sampler(model):
    """Raises InputError when a model cannot sample."""
    if not isinstance(model, Samples) and not (isinstance(model, type) and issubclass(model, Samples)):
        fitted = isinstance(model, HasCodeVectors) or isinstance(model, type) and issubclass(model, HasCodeVectors)
        nearest = " Nearest: a density of its codes, fitted afterwards (--sampler mixture)." * fitted
        raise InputError(f"{type(model).__name__} has no distribution to sample from; a VAE has.{nearest}")


def _write(out, samples):
    try:
        if out.suffix == ".npy":
            write_whole(out, lambda path: np.save(path, samples))
            return
        if samples.ndim != 4:
            raise InputError(f"Only images become a .png; take .npy. Received: samples of shape {samples.shape}.")
        write_whole(out, lambda path: save_png(path, tile(grid(samples))))
    except OSError as error:
        raise InputError(f"The samples cannot be written. Received: {out}: {reason(error)}.") from error

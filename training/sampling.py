"""Drawing samples from a finished run: the whole of `keraszoo sample`."""

import math
import pathlib

import numpy as np

from keraszoo.core.errors import InputError
from keraszoo.models.abilities import Samples
from keraszoo.runs.drafts import write_whole
from keraszoo.runs.run import Run
from keraszoo.system.failures import reason

from .evaluators.pictures import grid, save_png, tile

FORMATS = (".png", ".npy")
MOST_BYTES = 2**32  # of the samples of one call


def sample(run, count=64, seed=0, out=None, **options):
    """Samples of a run's model.

    Args:
        run: a `Run` or the path of one.
        count: how many, >= 1.
        seed: integer; the same seed gives the same samples.
        out: file to write: `.png` (a grid; images only) or `.npy` (the array). None writes nothing.
        **options: further arguments of the model's `sample`, such as `temperature`.

    Returns:
        numpy array [count, ...] float32.

    Raises:
        InputError: missing run, a model that cannot sample, a file that cannot be written.
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
    model = run.model()
    check_sampler(model)
    size = 4 * math.prod(model.inputs.shape)
    if count * size > MOST_BYTES:
        raise InputError(f"That many samples need {count * size / 2**30:.0f} GiB. Received: {count}, of at most "
                         f"{MOST_BYTES // size}.")  # fmt: skip
    samples = model.sample(count, seed=seed, **options).numpy()
    if out is not None:
        _write(out, samples)
    return samples


def check_sampler(model):
    """Raises InputError when a model cannot sample."""
    if not isinstance(model, Samples) and not (isinstance(model, type) and issubclass(model, Samples)):
        raise InputError(f"{type(model).__name__} has no distribution to sample from; a VAE has.")


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

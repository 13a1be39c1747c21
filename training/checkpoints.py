"""The full state of a training in one file: weights, optimizers, seeds, position and history.

A checkpoint is an `.npz` archive. Its members carry checksums (a zip has a CRC-32 per member), so a damaged file is
noticed when it is read, and it replaces nothing until it is complete.
"""

import json
import zipfile

import keras
import numpy as np

from keraszoo.errors import InputError
from keraszoo.layers import separate_replicas

KEEP = 2


def state_variables(model):
    """Every variable that decides how training goes on: weights, seeds, optimizers."""
    variables = [*model.variables]
    for optimizer in model.optimizers:
        variables += optimizer.variables
    return list({id(variable): variable for variable in variables}.values())


def save_checkpoint(run, model, epoch, history):
    """Writes `checkpoints/epoch-00003.npz` after that many epochs and removes all but the newest `KEEP`."""
    variables = state_variables(model)
    arrays = {f"v{i}": keras.ops.convert_to_numpy(variable) for i, variable in enumerate(variables)}
    progress = {"epoch": epoch, "history": history, "variables": [variable.path for variable in variables]}

    def write(path):
        with open(path, "wb") as file:
            np.savez(file, progress=np.array(json.dumps(progress)), **arrays)

    run.write(f"checkpoints/epoch-{epoch:05d}.npz", write)
    for old in _checkpoints(run)[:-KEEP]:
        old.unlink()


def restore_checkpoint(run, model, say=print):
    """Puts the newest readable checkpoint into `model`; returns (epoch, history), (0, []) when there is none.

    A damaged checkpoint is reported through `say` and the one before it is taken.

    Raises:
        InputError: when the checkpoint belongs to another model.
    """
    for path in reversed(_checkpoints(run)):
        try:
            with np.load(path, allow_pickle=False) as archive:
                progress = json.loads(str(archive["progress"]))
                arrays = [archive[f"v{i}"] for i in range(len(progress["variables"]))]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            say(f"{path.name} is damaged ({error}); trying the checkpoint before it.")
            continue
        variables = state_variables(model)
        shapes = [tuple(variable.shape) for variable in variables]
        if shapes != [array.shape for array in arrays]:
            raise InputError(f"{path} is of another model: its variables have other shapes.")
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
        separate_replicas(model)
        return progress["epoch"], progress["history"]
    return 0, []


def _checkpoints(run):
    return sorted(run.checkpoints.glob("epoch-*.npz"))

"""Checkpoints: the full state of a training in one file, from which it continues bit for bit.

A checkpoint is an `.npz` archive followed by its SHA-256: a zip's own checksums do not cover its directory. So damage
is noticed when the file is read; and the file replaces nothing until it is complete and on the disk.
"""

import concurrent.futures
import dataclasses
import hashlib
import io
import json
import shlex

import keras
import numpy as np

from keraszoo.core.errors import InputError, Preempted
from keraszoo.system.archives import check_size
from keraszoo.system.failures import reason
from keraszoo.system.types import checked_types

from .progress import check_finite

FORMAT = 2

#: what Keras' callbacks (EarlyStopping, ReduceLROnPlateau, ModelCheckpoint) remember from epoch to epoch
REMEMBERED = ("wait", "best", "best_epoch", "best_weights", "stopped_epoch", "cooldown_counter")


@dataclasses.dataclass
class Position:
    """Where a training stands, besides the model's own state.

    Attributes:
        epoch: epochs that are finished, validation included.
        step: steps done in the epoch under way.
        history: `{metric: value}` of each finished epoch.
        stopped: whether a callback ended the training early.
        memories: what each callback remembers, `{attribute: value}`.
    """

    epoch: int = 0
    step: int = 0
    history: list = dataclasses.field(default_factory=list)
    stopped: bool = False
    memories: list = dataclasses.field(default_factory=list)


def save_checkpoint(run, step, position, arrays, names, settings, keep):
    """Writes `checkpoints/step-00000044.npz` and removes all but the newest `keep` of the steps up to this one.

    Args:
        step: training steps since the start of the run.
        position: a `Position`.
        arrays, names: of a `ModelState`.
        settings: what must be the same when the training is resumed, `{name: text}` or `{name: {part: text}}`.
        keep: how many checkpoints to leave.
    """
    arrays = dict(arrays)
    about = {
        "format": FORMAT,
        "run": run.identity,
        "position": dataclasses.asdict(position),
        "variables": names,
        "settings": settings,
    }
    for i, memory in enumerate(about["position"]["memories"]):
        for j, weights in enumerate(memory.pop("best_weights", None) or []):
            arrays[f"best{i}_{j}"] = weights
    about = np.array(json.dumps(about, default=float))

    def write(path):
        with open(path, "w+b") as file:
            np.savez(file, about=about, **arrays)
            file.seek(0)
            file.write(hashlib.file_digest(file, "sha256").digest())

    new = run.checkpoints / f"step-{step:08d}.npz"
    run.write(f"checkpoints/{new.name}", write)
    files = _files(run)
    place = files.index(new)
    for old in files[: max(0, place + 1 - keep)] + files[place + 1 :]:  # later steps are damaged: they were passed over
        old.unlink(missing_ok=True)


def restore_checkpoint(run, state, settings, say=print):
    """Puts the newest readable checkpoint into a `ModelState`.

    A damaged checkpoint is reported through `say` and the one before it is taken.

    Returns:
        (`Position`, arrays), the start and None when there is no checkpoint yet.

    Raises:
        InputError: when every checkpoint is damaged, or it belongs to other settings or another model.
    """
    files = _files(run)
    for path in reversed(files):
        try:
            position, arrays, names, saved_settings, identity = _read(path)
        except (OSError, DamagedError) as error:
            say(f"{path.name} is damaged ({error}); trying the checkpoint before it.")
            continue
        if identity != run.identity:
            raise InputError(f"{path} belongs to another run. Received: {identity}, not {run.identity}.")
        _compare(saved_settings, settings)
        state.set(arrays, names)
        before, now = len(arrays["metric0"]), state.model.distribute_strategy.num_replicas_in_sync
        if before != now:
            say(f"Replicas when it was saved: {before}, now: {now}. The training goes on as well, not bit for bit.")
        return position, arrays
    if files:
        raise InputError(
            f"Every checkpoint in {run.checkpoints} is damaged, so there is nothing to resume. "
            "Start again in another directory, with another --run."
        )
    return Position(), None


class Checkpoints(keras.callbacks.Callback):
    """Saves checkpoints while a model is trained, and restores what a callback must restore. The last callback.

    The state is copied between two steps; a thread of its own writes it, so training does not wait for the disk. A
    checkpoint that cannot be written is reported and does no harm.

    Args:
        run: the Run.
        state: the `ModelState`.
        position, arrays: what `restore_checkpoint` returned. The position's history grows.
        settings, keep: see `save_checkpoint`.
        every: number of steps, or None for every epoch. The last epoch is always saved.
        epochs: number of epochs of the whole training.
        callbacks: those whose memory is saved.
        stop: a `StopRequest`.
        say: receives each line of text.
    """

    def __init__(self, run, state, position, arrays, settings, *, every, keep, epochs, callbacks, stop, say):
        super().__init__()
        self.run, self.state, self.position, self.arrays = run, state, position, arrays
        self.settings, self.every, self.keep, self.epochs = settings, every, keep, epochs
        self.callbacks, self.stop, self.say = callbacks, stop, say
        self.writer = concurrent.futures.ThreadPoolExecutor(1)
        self.writing = None

    def on_train_begin(self, logs=None):
        for callback, memory in zip(self.callbacks, self.position.memories, strict=False):
            for name, value in memory.items():
                if hasattr(callback, name):
                    setattr(callback, name, value)

    def on_epoch_begin(self, epoch, logs=None):
        if self.arrays is not None:  # Keras has just set the metrics to 0
            if self.position.step:
                self.state.set_metrics(self.arrays)
            self.arrays = None

    def on_pause(self):
        """To be called between steps: saves when it is time to, or when the process is to stop."""
        self.position.step = self.model.step_in_epoch
        due = self.every and self.model.step % self.every == 0
        signal = self.stop.agreed()
        if signal or due and not self._ends_epoch():
            self._save()
        if signal:
            self._leave(signal)

    def on_epoch_end(self, epoch, logs=None):
        self.position.epoch, self.position.step = epoch + 1, 0
        self.position.history.append({name: float(value) for name, value in logs.items()})
        self.position.stopped = self.model.stop_training
        last = epoch + 1 == self.epochs or self.model.stop_training
        signal = self.stop.agreed()
        if last or signal or not self.every or self.model.step % self.every == 0:
            self._save()
        if signal:
            self._leave(signal)

    def on_train_end(self, logs=None):
        self._wait()
        self.writer.shutdown()

    def _ends_epoch(self):
        """Whether the epoch's validation comes next; the checkpoint is written after it."""
        return self.model.step_in_epoch == self.params["steps"]

    def _leave(self, signal):
        self._wait()
        self.stop.left_together()
        self.say(f"stopped by {signal}; continue with: keraszoo train --run {shlex.quote(str(self.run.path))} --resume")
        raise Preempted

    def _save(self):
        check_finite(float(self.model.get_metrics_result()["loss"]), self.position.epoch)
        self.position.memories = [
            {name: getattr(callback, name) for name in REMEMBERED if hasattr(callback, name)}
            for callback in self.callbacks
        ]
        position = dataclasses.replace(self.position, history=list(self.position.history))
        arrays, names = self.state.get(), self.state.names
        self._wait()
        self.writing = self.writer.submit(
            save_checkpoint, self.run, self.model.step, position, arrays, names, self.settings, self.keep
        )

    def _wait(self):
        """Until the checkpoint that is being written is on the disk."""
        if self.writing is not None:
            try:
                self.writing.result()
            except OSError as error:
                self.say(f"A checkpoint could not be written ({reason(error)}); the ones before it are kept.")
            self.writing = None


def _read(path):
    """(position, arrays, names, settings, identity of its run) of a checkpoint.

    Raises:
        DamagedError: it is not what was written.
        InputError: it is of a format that this version does not know.
    """
    content = memoryview(path.read_bytes())
    content, digest = content[:-32], content[-32:]
    if hashlib.sha256(content).digest() != digest:
        raise DamagedError("its checksum is wrong")
    try:
        check_size(io.BytesIO(content), path)
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = json.loads(str(arrays.pop("about")))
        known = about.get("format")
        if known == FORMAT:
            position = checked_types(Position(**about["position"]))
            for i, memory in enumerate(position.memories):
                weights = [arrays[f"best{i}_{j}"] for j in range(len(arrays)) if f"best{i}_{j}" in arrays]
                memory["best_weights"] = weights or None
            return position, arrays, list(map(str, about["variables"])), dict(about["settings"]), about["run"]
    except InputError:
        raise
    except Exception as error:  # a checksum does not make a checkpoint
        raise DamagedError(f"{type(error).__name__}: {error}") from error
    raise InputError(
        f"{path} has a format that this version of KerasZoo does not know. Received: {known!r}, not {FORMAT}."
    )


class DamagedError(Exception):
    """A checkpoint that is not what was written."""


def _compare(saved, now):
    """Raises InputError naming the first setting that is not what it was."""
    for name, value in now.items():
        old = saved.get(name)
        if old == value:
            continue
        if isinstance(value, dict) and isinstance(old, dict):
            part = next(part for part in {**old, **value} if old.get(part) != value.get(part))
            name, old, value = f"{name} {part!r}", old.get(part), value.get(part)
        raise InputError(
            f"A run is resumed with what it was started with. Another: {name}, then {old}. Received: {value}."
        )


def _files(run):
    return sorted(run.checkpoints.glob("step-*.npz"))

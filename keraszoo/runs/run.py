"""Run: the directory that training fills and that evaluation, sampling and export read."""

import contextlib
import json
import os
import pathlib
import platform
import shutil
import sys
import zipfile
from importlib import metadata

from ..core.errors import InputError
from ..recipes import Recipe
from .drafts import is_draft, lock, remove_dead, write_whole


class Run:
    """One training: its recipe, checkpoints, logs, pictures, metrics and, when it has finished, its model.

        recipe.json        what was trained, with every option that was set
        environment.json   versions, machine, command
        checkpoints/       full training states, for resuming
        logs/              TensorBoard
        samples/           the same pictures as PNG files
        metrics.json       {split: {metric: value}} of the finished model, "samples" where they were measured, and
                           "history", one entry an epoch
        model.keras        the finished model

    Attributes:
        path: `pathlib.Path` of the directory.
        recipe: its `Recipe`.
    """

    def __init__(self, path, recipe):
        self.path = pathlib.Path(path)
        self.recipe = recipe

    @classmethod
    def create(cls, path, recipe):
        """Makes the directory. An existing one must be empty.

        Raises:
            InputError: when it is not empty or cannot be written.
        """
        with cls.begin(path, recipe) as run:
            return run

    @classmethod
    @contextlib.contextmanager
    def begin(cls, path, recipe):
        """A new run, locked while this is entered: of several processes that begin one, one has it."""
        if not os.fspath(path):
            raise InputError("The run directory must have a name. Received: ''.")
        run = cls(path, recipe)
        try:
            made = next((parent for parent in [*run.path.parents][::-1] if not parent.exists()), run.path)
            existed = run.path.exists()
            run.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"The run directory cannot be made. Received: {path}: {error.strerror}.") from error
        with run.lock():
            try:
                if not all(map(is_draft, run.path.iterdir())):
                    raise InputError(
                        f"The run directory must be new or empty. Received: {path} with files in it. "
                        "Continue it with --resume, or choose another --run."
                    )
                run.write("recipe.json", recipe.to_json())  # first: with it, what was interrupted here can be resumed
                run.tidy()
            except OSError as error:
                if not existed:
                    shutil.rmtree(made, ignore_errors=True)
                raise InputError(f"The run directory cannot be written. Received: {path}: {error.strerror}.") from error
            yield run

    @classmethod
    def open(cls, path):
        """The run in an existing directory.

        Raises:
            InputError: when there is none.
        """
        path = pathlib.Path(path)
        try:
            recipe = Recipe.from_json((path / "recipe.json").read_text())
        except OSError as error:
            what = "no such directory" if not path.exists() else "it has no recipe.json"
            raise InputError(
                f"There is no run at {path}: {what}. `keraszoo train RECIPE --run {path}` makes one."
            ) from error
        return cls(path, recipe)

    @property
    def checkpoints(self):
        return self.path / "checkpoints"

    @property
    def logs(self):
        return self.path / "logs"

    @property
    def samples(self):
        return self.path / "samples"

    @property
    def model_path(self):
        return self.path / "model.keras"

    @property
    def family(self):
        return self.recipe.family

    def tidy(self):
        """Completes the directory, whatever its making or a training was interrupted at; finished files stay."""
        remove_dead(self.path)
        for folder in (self.checkpoints, self.logs, self.samples):
            folder.mkdir(exist_ok=True)
            remove_dead(folder)
        if not (self.path / "environment.json").exists():
            self.write("environment.json", json.dumps(_environment(), indent=2))

    @contextlib.contextmanager
    def lock(self):
        """While it is entered no other process can enter it; the system unlocks it when the process ends.

        Where the file system knows no locks, it does nothing.

        Raises:
            InputError: when another process has it.
        """
        try:
            handle = lock(self.path)
        except BlockingIOError as error:
            raise InputError(
                f"A run is trained by one process at a time. Received: {self.path}, which another one trains."
            ) from error
        try:
            yield
        finally:
            if handle is not None:
                os.close(handle)

    def write(self, name, content):
        """Writes a file of the run whole or not at all; `content` is text, or a function that writes a given path."""
        write_whole(self.path / name, content if callable(content) else content + "\n")

    def metrics(self):
        """`{split: {metric: value}, "history": [{metric: value}]}`; empty before training has finished."""
        path = self.path / "metrics.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def write_metrics(self, **splits):
        """Adds or replaces the metrics of the named splits."""
        self.write("metrics.json", json.dumps({**self.metrics(), **splits}, indent=2))

    def save_model(self, model):
        self.write("model.keras", model.save)

    def data(self, data_dir=None):
        """What it was trained on: a `PreparedData`.

        Args:
            data_dir: where tensorflow-datasets keeps its data; by default TFDS_DATA_DIR or ~/tensorflow_datasets.

        Raises:
            InputError: data that are not there.
        """
        from .prepared import PreparedData

        return PreparedData.open(self.recipe, data_dir)

    def batches(self, split=None, batch_size=None, *, data_dir=None):
        """The examples of a split, with their targets where its model takes them: a `tf.data.Dataset`.

        Args:
            split: its name; by default the recipe's test split.
            batch_size: by default the recipe's.
            data_dir: as in `data`.
        """
        labels = self.model().targets is not None
        recipe = self.recipe
        return self.data(data_dir).batches(split or recipe.data.test, batch_size or recipe.batch_size, labels=labels)

    def model(self):
        """The finished model.

        Raises:
            InputError: when training has not finished, or the file is damaged.
        """
        if not self.model_path.exists():
            raise InputError(
                f"The run at {self.path} has no trained model: its training did not finish. "
                f"Continue it with `keraszoo train --run {self.path} --resume`."
            )
        import keras

        from .. import models

        getattr(models, self.recipe.model, None)  # registers the class, which may be one that is imported when used
        try:
            return keras.saving.load_model(self.model_path)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{self.model_path} cannot be read: {reason}") from error


def _environment():
    packages = ("keraszoo", "tensorflow", "keras", "tensorflow-probability", "tensorflow-datasets", "numpy")
    return {
        "command": sys.argv,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "packages": {name: metadata.version(name) for name in packages},
    }

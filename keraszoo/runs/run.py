"""Run: the directory that training fills and that evaluation, sampling and export read."""

import contextlib
import json
import os
import pathlib
import platform
import shlex
import shutil
import uuid
import zipfile
from importlib import metadata

from ..core.errors import InputError
from ..recipes import Recipe
from ..system.archives import check_size
from ..system.failures import reason
from ..system.locks import lock
from .drafts import is_draft, remove_dead, write_whole
from .sealed import seal, unseal


class Run:
    """One training: its recipe, checkpoints, logs, pictures, metrics and, when it has finished, its model.

        recipe.json        what was trained, with every option that was set
        environment.json   versions and machine
        checkpoints/       full training states, for resuming
        logs/              TensorBoard
        samples/           the same pictures as PNG files
        metrics.json       {split: {metric: value}} of the finished model, "samples" where they were measured, and
                           "history", one entry an epoch
        model.keras        the finished model
        samplers/          what was fitted to its codes afterwards, see `keraszoo.runs.samplers`

    Attributes:
        path: `pathlib.Path` of the directory.
        recipe: its `Recipe`.
        identity: a word that its recipe, checkpoints, model and metrics share, so that none of another run is taken for
            one of this; None where recipe.json has none.
    """

    def __init__(self, path, recipe, identity=None):
        self.path = pathlib.Path(path)
        self.recipe, self.identity = recipe, identity

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
        _check_name(path)
        run = cls(path, recipe, uuid.uuid4().hex)
        try:
            made = next((parent for parent in [*run.path.parents][::-1] if not parent.exists()), run.path)
            existed = run.path.exists()
            run.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"The run directory cannot be made. Received: {path}: {reason(error)}.") from error
        with run.lock():
            try:
                cls.check_new(path)
                run.write_recipe(recipe)  # first: with it, what was interrupted here can be resumed
                run.tidy()
            except OSError as error:
                if not existed:
                    shutil.rmtree(made, ignore_errors=True)
                raise InputError(f"The run directory cannot be written. Received: {path}: {reason(error)}.") from error
            yield run

    @classmethod
    def check_new(cls, path):
        """Raises InputError for a directory that is neither new nor empty."""
        _check_name(path)
        path = pathlib.Path(path)
        try:
            used = path.is_dir() and not all(map(is_draft, path.iterdir()))
        except OSError as error:
            raise InputError(f"The run directory cannot be read. Received: {path}: {reason(error)}.") from error
        if used:
            there = "Continue it with --resume, or choose" if (path / "recipe.json").exists() else "Choose"
            raise InputError(
                f"The run directory must be new or empty. Received: {path} with files in it. {there} another --run."
            )

    @classmethod
    def open(cls, path):
        """The run in an existing directory.

        Raises:
            InputError: when there is none, or its recipe or metrics are damaged.
        """
        _check_name(path)
        path = pathlib.Path(path)
        try:
            values, identity = unseal(path / "recipe.json")
        except OSError as error:
            if path.exists():
                what = "it has no recipe.json" if path.is_dir() else "it is a file, not the run's directory"
            else:
                what = f"no such directory. `keraszoo train RECIPE --run {shlex.quote(str(path))}` makes one"
            raise InputError(f"There is no run at {path}: {what}.") from error
        try:
            run = cls(path, Recipe.from_values(values), identity)
        except InputError as error:
            raise InputError(f"{path} has a recipe.json that is damaged, or another version's. {error}") from error
        run.metrics()  # so that a damaged file is told before the work starts
        return run

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

    def write_recipe(self, recipe):
        """Writes recipe.json, with the run's identity."""
        self.write("recipe.json", seal(json.loads(recipe.to_json()), self.identity))

    def metrics(self):
        """`{split: {metric: value}, "history": [{metric: value}]}`; empty before training has finished.

        Raises:
            InputError: the file is damaged, or another run's.
        """
        path = self.path / "metrics.json"
        if not path.exists():
            return {}
        values, identity = unseal(path)
        self._check_identity(path, identity)
        return values

    def write_metrics(self, **splits):
        """Adds or replaces the metrics of the named splits."""
        self.write("metrics.json", seal({**self.metrics(), **splits}, self.identity))

    def save_model(self, model):
        """Writes model.keras, with the run's identity as the archive's comment."""

        def save(path):
            model.save(path)
            with zipfile.ZipFile(path, "a") as archive:
                archive.comment = (self.identity or "").encode()

        self.write("model.keras", save)

    def _check_identity(self, path, identity):
        """Raises InputError where a part of a run is another run's."""
        if identity != self.identity:
            raise InputError(
                f"{path} belongs to another run than recipe.json beside it. Received: {identity}, not {self.identity}."
            )

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
                f"Continue it with `keraszoo train --run {shlex.quote(str(self.path))} --resume`."
            )
        self._check_identity(self.model_path, archive_comment(self.model_path) or None)
        return load_model(self.model_path)


def load_model(path):
    """The model in a `.keras` file.

    Raises:
        InputError: it cannot be read, in one line.
    """
    import keras

    from .. import models  # noqa: F401  (lets Keras find the classes)

    def load():
        check_size(path)
        return keras.saving.load_model(path)

    return _readable(path, load)


def archive_comment(path):
    """The comment of a `.keras` file: who it belongs to; InputError as `load_model`."""

    def read():
        with zipfile.ZipFile(path) as archive:
            return archive.comment.decode(errors="replace")

    return _readable(path, read)


def _readable(path, read):
    try:
        return read()
    except InputError:
        raise
    except Exception as error:  # whatever Keras and zipfile meet in a file that they did not write
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} cannot be read: {type(error).__name__}: {reason}") from error


def _check_name(path):
    """Raises InputError for a path that no directory can have; "" would be the current one."""
    text = os.fspath(path)
    if not text or "\0" in text:
        raise InputError(f"The run directory must have a name. Received: {text!r}.")


def _environment():
    packages = ("keraszoo", "tensorflow", "keras", "tensorflow-probability", "tensorflow-datasets", "numpy")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "packages": {name: metadata.version(name) for name in packages},
    }

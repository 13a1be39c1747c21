"""The models in a directory and their versions: which are loaded, which answers a request, and when they change.

A version is used under a lease. One that is no longer wanted gives way when all versions that are wanted have been
tried and one of them answers, and is closed when its last lease ends: no request finds nothing, and none is broken off.
"""

import contextlib
import dataclasses
import enum
import os
import threading
import time
from pathlib import Path

from keraszoo.core.errors import InputError

from ..published import lifecycle, versions
from ..wire.status import Code, Refused, invalid
from .selection import Policy
from .servable import Servable


class State(enum.Enum):
    """The states of a version, by TensorFlow Serving's names."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclasses.dataclass
class _Version:
    state: State = State.START
    refused: Refused | None = None
    servable: Servable | None = None
    leases: int = 0
    seen_as: tuple = ()  # the files of a version that could not be loaded: it is tried again when they change


class Models:
    """All models below a directory.

    Args:
        root: directory with a folder for each model, and in it one for each version.
        policy: which versions are served, beside those that have labels on disk, unless `configure` says otherwise.
        allow_unverified: whether SavedModels without a manifest are served.
        say: function that takes a line about what happens.
        load: function `(name, number, directory, allow_unverified) -> Servable`.
    """

    def __init__(self, root, policy=None, *, allow_unverified=False, say=print, load=Servable):
        self.root = Path(root).absolute()
        self._policy = policy or Policy(latest=1)
        self._allow_unverified, self._say, self._load_version = allow_unverified, say, load
        self._models = {}  # name: {number: _Version}
        self._labels = {}  # name: {label: number}, as they were set
        self._labels_on_disk = {}  # the same, as `keraszoo versions` has written them beside the versions
        self._complaints = {}  # name: what was last said about its labels
        self._policies = None  # name: Policy, once `configure` has been called; nothing else is served then
        self._lock = threading.Lock()  # of what the three hold
        self._polling = threading.Lock()  # one poll at a time
        self._closed = threading.Event()

    # ------------------------------------------------------------------ requests

    @contextlib.contextmanager
    def lease(self, name, number=None, label=None):
        """A loaded version, which stays loaded inside: the newest, that of a number, or that of a label.

        Raises:
            Refused: when there is none.
        """
        if not name:
            raise invalid("ModelSpec has no name specified.")
        with self._lock:
            version = self._find(name, number, label)
            version.leases += 1
        try:
            yield version.servable
        finally:
            with self._lock:
                version.leases -= 1
            self._close_if_over(name, version)

    def _find(self, name, number, label):
        if label:
            try:
                number = self._labels_of(name)[label]
            except KeyError:
                raise invalid(f"Unrecognized servable version label: {label}") from None
        available = {
            each: version
            for each, version in self._models.get(name, {}).items()
            if version.state is State.AVAILABLE and number in (None, each)
        }
        if not available:
            request = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise Refused(Code.NOT_FOUND, f"Servable not found for request: {request}")
        return available[max(available)]

    def status(self, name, number=None):
        """`[(number, State, Refused or None)]` of a model's versions, the newest first.

        Raises:
            Refused: when there is no such version or model.
        """
        with self._lock:
            known = self._models.get(name, {})
            if number is not None and number not in known:
                raise Refused(Code.NOT_FOUND, f"Could not find version {number} of model {name}")
            if not known:
                raise Refused(Code.NOT_FOUND, f"Could not find any versions of model {name}")
            chosen = sorted(known, reverse=True) if number is None else [number]
            return [(each, known[each].state, known[each].refused) for each in chosen]

    def available(self):
        """`{name: [numbers]}` of what answers."""
        with self._lock:
            found = {
                name: sorted(number for number, version in known.items() if version.state is State.AVAILABLE)
                for name, known in self._models.items()
            }
        return {name: numbers for name, numbers in sorted(found.items()) if numbers}

    def answers(self, name):
        """Whether a model of that name has a version that answers."""
        with self._lock:
            return any(version.state is State.AVAILABLE for version in self._models.get(name, {}).values())

    def labels(self):
        """`{name: {label: number}}`."""
        with self._lock:
            names = self._labels.keys() | self._labels_on_disk.keys()
            return {name: known for name in sorted(names) if (known := self._labels_of(name))}

    # ------------------------------------------------------------------ what is served

    def set_labels(self, labels):
        """Gives versions that answer their labels, `{name: {label: number}}`; other labels end.

        Raises:
            Refused: when a version does not answer. The labels stay as they were then.
        """
        available = self.available()
        for name, known in labels.items():
            for number in known.values():
                if number not in available.get(name, []):
                    raise Refused(
                        Code.FAILED_PRECONDITION,
                        f"Request to assign label to version {number} of model {name}, which is not currently "
                        "available for inference",
                    )
        with self._lock:
            self._labels = {name: dict(known) for name, known in labels.items()}

    def configure(self, policies, labels):
        """Serves these models and no others from now on.

        Args:
            policies: `{name: Policy}`.
            labels: `{name: {label: number}}`.

        Raises:
            Refused: when a model has no version that can be served, or a labelled version does not answer.
        """
        for name in policies:
            try:
                there = self._numbers(name)
            except OSError:
                there = []
            if not there:
                raise Refused(Code.NOT_FOUND, f"Could not find any versions of model {name}")
        with self._lock:
            self._policies = dict(policies)
        self.poll()
        missing = policies.keys() - self.available().keys()
        if missing:
            raise Refused(Code.FAILED_PRECONDITION, f"No version of {', '.join(sorted(missing))} could be loaded")
        self.set_labels(labels)

    def poll(self):
        """Looks at the directory once: loads what is new and wanted, then gives up what is not wanted any more.

        What cannot be read at the moment stays as it is.
        """
        with self._polling, contextlib.suppress(OSError):
            there = self._names()
            for name in sorted(there | self._models.keys()):
                with contextlib.suppress(OSError):
                    self._bring_up_to_date(name, self._numbers(name) if name in there else [])

    def _bring_up_to_date(self, name, present):
        wanted = self._wanted(name, present)
        for number in wanted:
            if self._closed.is_set():
                return
            self._try(name, number)
        self._retire(name, wanted)

    def watch(self, seconds=1.0):
        """Polls every so many seconds, in a thread of its own, until `close`."""

        def watch():
            while not self._closed.wait(seconds):
                try:
                    self.poll()
                except Exception as error:  # what happens to the disk must not end the watch
                    self._say(f"Cannot look at the models: {type(error).__name__}: {error}")

        threading.Thread(target=watch, name="models", daemon=True).start()

    def close(self):
        """Unloads everything, as soon as no request uses it."""
        self._closed.set()
        with self._polling:
            for name in list(self._models):
                self._retire(name, [], always=True)

    def _names(self):
        """The folders that there are.

        Raises:
            OSError: when that cannot be told, such as while a network's file system is away.
        """
        with os.scandir(self.root) as entries:
            return {entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()}

    def _numbers(self, name):
        """The versions of a model that there are; raises OSError as `_names` does."""
        home = self.root / name
        return [number for number in versions.numbers(home) if (home / str(number)).is_dir()]

    def _wanted(self, name, present):
        """The versions to be served: those of the policy, and those that have labels on disk."""
        if self._policies is not None:
            return self._policies[name].wanted(present) if name in self._policies else []
        try:
            labels = lifecycle.labels(self.root / name) if present else {}
        except InputError as error:
            labels = self._labels_on_disk.get(name, {})
            if self._complaints.get(name) != str(error):  # once, and not at every poll
                self._say(f"{name}: {error}")
            self._complaints[name] = str(error)
        with self._lock:
            self._labels_on_disk[name] = labels
        return sorted({*self._policy.wanted(present), *labels.values()} & set(present))

    def _labels_of(self, name):
        """`{label: number}` of a model; those that were set count more than those on disk."""
        on_disk = self._labels_on_disk.get(name, {}) if self._policies is None else {}
        return {**on_disk, **self._labels.get(name, {})}

    def _try(self, name, number):
        """Loads a version, unless it is loaded or its files have failed before."""
        directory = self.root / name / str(number)
        with self._lock:
            version = self._models.setdefault(name, {}).setdefault(number, _Version())
            if version.state is State.AVAILABLE or (version.refused and version.seen_as == _files(directory)):
                return
            version = self._models[name][number] = _Version(State.LOADING, leases=0)
        seen_as, start = _files(directory), time.perf_counter()
        try:
            servable = self._load_version(name, number, directory, self._allow_unverified)
        except Exception as error:  # one version's fault must not keep the others from being loaded
            refused = error if isinstance(error, Refused) else Refused(Code.INTERNAL, type(error).__name__)
            self._say(f"{name}/{number}: not loaded: {refused.message}")
            with self._lock:
                version.state, version.refused, version.seen_as = State.END, refused, seen_as
            return
        with self._lock:
            version.servable, version.state = servable, State.AVAILABLE
        seconds = time.perf_counter() - start
        self._say(f"{name}/{number}: loaded in {seconds:.1f} s, {servable.warm_ups} warm-up requests")

    def _retire(self, name, wanted, always=False):
        """Ends the versions that are not wanted, if a wanted one answers or they are not to be served at all."""
        with self._lock:
            known = self._models.get(name, {})
            answering = {number for number, version in known.items() if version.state is State.AVAILABLE}
            if not always and wanted and not answering & set(wanted):
                return  # rather an old version than none
            ending = [known[number] for number in answering - set(wanted)]
            for version in ending:
                version.state = State.UNLOADING
        for version in ending:
            self._close_if_over(name, version)

    def _close_if_over(self, name, version):
        with self._lock:
            if version.state is not State.UNLOADING or version.leases:
                return
            version.state = State.END
            servable, version.servable = version.servable, None
        servable.close()
        self._say(f"{name}/{servable.number}: unloaded")


def _files(directory):
    """What tells a version's files from other ones of the same names."""
    found = []
    for path in sorted(Path(directory).rglob("*")):
        with contextlib.suppress(OSError):
            stat = path.stat()
            found.append((str(path), stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def check_root(root):
    """The directory `root` as a Path, if it can hold models.

    Raises:
        InputError: when it is missing, or is a model itself.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"A directory of models is needed, as keraszoo export --to writes it. Received: {root}.")
    if (root / "saved_model.pb").exists():
        raise InputError(f"DIR holds a folder for each model. Received: {root}, a version; try {root.parent.parent}.")
    if versions.numbers(root):
        raise InputError(f"DIR holds a folder for each model. Received: {root}, a model; try {root.parent}.")
    return root

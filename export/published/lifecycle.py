"""The life of a model's versions after they were published: labels, going back, and removal.

Labels lie in base/name/labels.json, which a server ignores, and reach it by models.config; see `server_config`.
"""

import json
import re
import shutil
from pathlib import Path

from keraszoo.core.errors import InputError
from keraszoo.runs.drafts import draft_in, write_whole
from keraszoo.system.failures import reason

from ..contents import manifest
from . import versions

LABELS = "labels.json"


def labels(home):
    """The labels of a model's versions, `{label: number}`.

    Args:
        home: the directory of the model, base/name.

    Raises:
        InputError: a labels.json that cannot be read.
    """
    path = Path(home) / LABELS
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is damaged: {' '.join(str(error).split())[:120]}.") from None
    if not isinstance(found, dict) or not all(isinstance(number, int) for number in found.values()):
        raise InputError(f"{path} is damaged: it must hold numbers of versions by label.")
    return found


def label(home, name, number):
    """Gives a version a label, which may have been another's; with None as number the label is taken away.

    Raises:
        InputError: no such version or label, or no name of a label.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", name):
        raise InputError(f"A label is a word of letters, digits, '_', '.' and '-'. Received: {name!r}.")
    found = labels(home)
    if number is None:
        if name not in found:
            raise InputError(f"{home} has no label {name!r}. It has: {', '.join(found) or 'none'}.")
        del found[name]
    else:
        versions.find(home, number)
        found[name] = number
    _write(Path(home) / LABELS, json.dumps(found, indent=2) + "\n")


def roll_back(home, number):
    """Publishes an earlier version again, as the newest, which is what servers follow; returns its path.

    Raises:
        InputError: no such version, one that is damaged, or the newest itself.
    """
    old = versions.find(home, number)
    if number == versions.numbers(home)[-1]:
        raise InputError(f"Version {number} of {home} is the newest already.")
    damage = manifest.damage(old, manifest.read(old)["files"])
    if damage:
        raise InputError(f"{old} is damaged: {'; '.join(damage)}.")

    def fill(directory):
        shutil.copytree(old, directory, dirs_exist_ok=True)

    return versions.publish(fill, Path(home).parent, Path(home).name)


def keep(home, count):
    """Removes all but the `count` newest versions and those that have labels; returns the numbers that were removed.

    A version disappears by one rename before its files are removed, so that no server sees half of it.

    Raises:
        InputError: a count below 1, or files that cannot be removed.
    """
    if count < 1:
        raise InputError(f"At least one version is kept. Received: {count}.")
    labelled = set(labels(home).values())
    gone = [number for number in versions.numbers(home)[:-count] if number not in labelled]
    try:
        with draft_in(home) as draft:
            for number in gone:
                (Path(home) / str(number)).rename(draft / str(number))
    except OSError as error:
        raise InputError(f"Cannot remove versions from {home}: {reason(error)}.") from error
    return gone


def _write(path, text):
    try:
        write_whole(path, text)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {reason(error)}.") from error

"""The JSON files of a run: with the identity of the run, and a checksum by which a change is noticed."""

import hashlib
import json

from ..core.errors import InputError


def seal(values, identity):
    """The text of a JSON file that holds `values`, a dictionary, of the run of that identity."""
    return json.dumps({"run": identity, "sha256": _digest(values, identity), **values}, indent=2)


def unseal(path):
    """What `seal` was given: (values, identity). Files without an identity, written by hand, have None.

    Raises:
        InputError: the file is damaged or was changed.
        OSError: it cannot be read.
    """
    try:
        values = json.loads(path.read_bytes().decode())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: {' '.join(str(error).split())[:120]}.") from error
    if not isinstance(values, dict):
        raise InputError(f"{path} is damaged: it must hold a JSON object. Received: {str(values)[:80]}.")
    identity, digest = values.pop("run", None), values.pop("sha256", None)
    if (identity, digest) != (None, None) and (not isinstance(identity, str) or digest != _digest(values, identity)):
        raise InputError(f"{path} is damaged, or was changed by hand: its checksum is another.")
    return values, identity


def _digest(values, identity):
    text = json.dumps([identity, values], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

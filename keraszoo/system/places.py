"""Where KerasZoo keeps what it prepares once."""

import os
from pathlib import Path


def cache() -> Path:
    """KERASZOO_CACHE, else XDG_CACHE_HOME/keraszoo, else ~/.cache/keraszoo."""
    own = os.environ.get("KERASZOO_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "keraszoo"

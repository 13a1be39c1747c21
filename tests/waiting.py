"""Waiting for another process, which says nothing when it is ready."""

import time


def eventually(look, done=bool, seconds=30.0):
    """What `look()` returns once that is `done`, or last."""
    end = time.monotonic() + seconds
    while not done(found := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return found

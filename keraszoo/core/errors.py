"""The exceptions: what a user can mend, and a training that was asked to stop."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """A mistake in what the user passed: one line that gives the reason, the rule and the value received.

    The command line prints it and exits with code 2; in Python it is an ordinary `ValueError`.
    """

    exit_code = 2
    #: Keras wraps what a layer's `call` raises in lines about its arguments, except where it finds this attribute
    _keras_call_info_injected = True


class AddressTaken(InputError):
    """Another process listens where this one should; the command line exits with code 98, as errno EADDRINUSE."""

    exit_code = 98


class Preempted(SystemExit):
    """A training that was asked to stop, by SIGTERM or Ctrl-C, and can be resumed.

    Its `code` is 75, EX_TEMPFAIL: a process that does not catch it ends with that exit code.
    """

    exit_code = 75

    def __init__(self):
        super().__init__(self.exit_code)


def closest(name: str, known: Iterable[str]) -> str:
    """A sentence naming the entries of `known` (strings) that look most like `name`, or all of them when none does."""
    known = sorted(known)
    matches = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if matches:
        return f"Closest: {', '.join(matches)}."
    return f"Known: {', '.join(known)}."

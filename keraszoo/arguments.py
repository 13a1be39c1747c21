"""The argument parser of every verb: a mistake is one line and exit code 2."""

import argparse
import os
import re
import sys

from .core.errors import InputError, closest


def completing(after):
    """Whether a shell asks what could follow; the words that are answered come after so many of its line."""
    asked = "_ARGCOMPLETE" in os.environ
    if asked:
        os.environ["_ARGCOMPLETE"] = str(after)
    return asked


class Parser(argparse.ArgumentParser):
    """`argparse` for `keraszoo VERB`, without the usage text before each error."""

    def __init__(self, verb, description):
        super().__init__(prog=f"keraszoo {verb}".strip(), description=description, allow_abbrev=False)

    def parse_args(self, args=None, namespace=None):
        """argparse's, with values such as `-1000:1000`; where a shell asks what could follow, the answer."""
        if "_ARGCOMPLETE" in os.environ:
            import argcomplete

            argcomplete.autocomplete(self)
        return super().parse_args(_joined(sys.argv[1:] if args is None else args), namespace)

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}. See `{self.prog} --help`.\n")


def run_subverb(argv, subverbs, usage, kind="sub-verb"):
    """Runs `{name: (function of argv, one line of help)}` by the first word; the exit code.

    Args:
        argv: the words after the verb.
        usage: what `--help` prints, before the table of sub-verbs.
        kind: what they are called where one is unknown.
    """
    if completing(after=2) and (not argv or argv[0] not in subverbs):
        one_of(subverbs)
    completing(after=3)
    if not argv or argv[0] in ("-h", "--help"):
        print(usage, *(f"  {name:<12} {line}" for name, (_, line) in subverbs.items()), sep="\n")
        return 0
    if argv[0] not in subverbs:
        raise InputError(f"Unknown {kind}. Received: {argv[0]!r}. {closest(argv[0], subverbs)}")
    function, _ = subverbs[argv[0]]
    return function(argv[1:])


def _joined(args):
    """The arguments, `--scale -1000:1000` as `--scale=-1000:1000`: argparse takes what begins so for an option."""
    joined = []
    for word in args:
        if re.match(r"-[\d.]+:", word) and joined and joined[-1].startswith("--") and "=" not in joined[-1]:
            word = f"{joined.pop()}={word}"
        joined.append(word)
    return joined


def one_of(words):
    """Tells a shell which of these words could follow, and ends the process."""
    parser = Parser("", "")
    parser.add_argument("word", choices=words)
    parser.parse_args([])

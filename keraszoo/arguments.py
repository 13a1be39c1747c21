"""The argument parser of every verb: a mistake is one line and exit code 2."""

import argparse
import os


class Parser(argparse.ArgumentParser):
    """`argparse` for `keraszoo VERB`, without the usage text before each error."""

    def __init__(self, verb, description):
        super().__init__(prog=f"keraszoo {verb}".strip(), description=description, allow_abbrev=False)

    def parse_args(self, args=None, namespace=None):
        """argparse's; where a shell asks what could follow, the answer."""
        if "_ARGCOMPLETE" in os.environ:
            import argcomplete

            argcomplete.autocomplete(self)
        return super().parse_args(args, namespace)

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}. See `{self.prog} --help`.\n")

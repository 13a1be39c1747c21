"""The argument parser of every verb: a mistake is one line and exit code 2."""

import argparse


class Parser(argparse.ArgumentParser):
    """`argparse` for `keraszoo VERB`, without the usage text before each error."""

    def __init__(self, verb, description):
        super().__init__(prog=f"keraszoo {verb}".strip(), description=description, allow_abbrev=False)

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}. See `{self.prog} --help`.\n")

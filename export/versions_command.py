"""The command `keraszoo versions`."""

import json
import sys
from pathlib import Path

from keraszoo.arguments import Parser
from keraszoo.core.errors import InputError


def versions_command(argv):
    """`keraszoo versions DIR [--label NAME=N] [--unlabel NAME] [--roll-back N] [--keep K] [--json]`.

    Args:
        argv: the arguments after `versions`.

    Returns:
        The exit code.

    Raises:
        InputError: no such model, version or label.
    """
    parser = Parser("versions", "Show the versions of served models, label them, go back to one, remove old ones.")
    parser.add_argument("path", metavar="DIR", help="a served model (base/name), or the base directory of several")
    parser.add_argument("--label", metavar="NAME=N", action="append", default=[], help="give version N a label")
    parser.add_argument("--unlabel", metavar="NAME", action="append", default=[], help="take a label away")
    parser.add_argument("--roll-back", metavar="N", type=int, help="publish version N again, as the newest")
    parser.add_argument("--keep", metavar="K", type=int, help="remove all but the K newest and the labelled versions")
    parser.add_argument("--json", action="store_true", help="print what there is as JSON")
    arguments = parser.parse_args(argv)

    from .published import lifecycle, versions
    from .published.server_config import write_server_config

    homes = _models(Path(arguments.path))
    asked = arguments.label or arguments.unlabel or arguments.roll_back is not None or arguments.keep is not None
    if asked:
        if [Path(arguments.path)] != homes:
            raise InputError(
                f"One model's versions can be changed. Received: {arguments.path}, which holds several models."
            )
        (home,) = homes
        labels = [_label(text) for text in arguments.label]
        for name in arguments.unlabel:
            lifecycle.label(home, name, None)
        for name, number in labels:
            lifecycle.label(home, name, number)
        if arguments.roll_back is not None:
            print(f"{lifecycle.roll_back(home, arguments.roll_back)} is version {arguments.roll_back} again")
        if arguments.keep is not None:
            gone = lifecycle.keep(home, arguments.keep)
            print(f"Removed: {', '.join(map(str, gone)) or 'none'}")
        write_server_config(home.parent)
    found = {home.name: [_described(home, number) for number in reversed(versions.numbers(home))] for home in homes}
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        _print(found)
    return 0


def _models(path):
    """The directories of the models that are meant: a model's own, or those in a base directory."""
    from .published import versions

    if not path.is_dir():
        raise InputError(f"A directory of served models is needed. Received: {path}, which is not a directory.")
    if versions.numbers(path):
        return [path]
    found = versions.models(path)
    if not found:
        raise InputError(f"There is no version in {path}: a version is a directory with a number as its name.")
    return found


def _label(text):
    name, _, number = text.partition("=")
    if not number.isdecimal():
        raise InputError(f"A label is given as NAME=N, N the number of a version. Received: --label {text}.")
    return name, int(number)


def _described(home, number):
    """A version, as it is shown."""
    from .contents import manifest
    from .published import lifecycle

    directory = home / str(number)
    shown = {"version": number, "labels": [name for name, of in lifecycle.labels(home).items() if of == number]}
    size = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
    try:
        described = manifest.read(directory)
    except InputError as error:
        return {**shown, "bytes": size, "problem": str(error)}
    keys = ("created", "source", "parameters", "integrity")
    return {**shown, "bytes": size, **{key: described[key] for key in keys}}


def _print(found):
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    for name, versions in found.items():
        table = Table("version", "labels", "created", "size", "of", box=None, title=name, title_justify="left")
        for each in versions:
            of = each.get("problem") or each["source"]["recipe"] or each["source"]["model"]
            created, size = each.get("created", "")[:16].replace("T", " "), f"{each['bytes'] / 1e6:.2f} MB"
            table.add_row(str(each["version"]), " ".join(each["labels"]), created, size, of)
        console.print(table)

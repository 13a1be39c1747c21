"""What the tests of runs ask of a command and of a folder."""

from keraszoo.__main__ import main

FAST = {"epochs": 1, "arguments": {"hidden": (16,)}, "say": lambda line: None}


def refused(capsys, *arguments):
    """The one line with which a command is refused."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def files(folder):
    """`{path: bytes}` of all files below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

"""What a model takes: declarations of examples, targets and requests, and the one gate for everything given to it.

A declaration checks what is known before any number is: structure, rank, sizes, dtype (`tensor`), inside graphs too.
The numbers themselves are looked at where that is cheap: in arrays, in eager calls and in the first batch of a `fit`,
`evaluate` or `predict`. `summary` reduces them to a few, inside a graph, `accepts` judges these there, and `check`
raises. What a server is sent is judged row by row, by `taken`.
"""

from .declaration import Declaration
from .examples import BoundedInput, Codes, Input
from .requests import Seed, Temperature, Undeclared
from .targets import Context, Labels, Mask

__all__ = [
    "BoundedInput",
    "Codes",
    "Context",
    "Declaration",
    "Input",
    "Labels",
    "Mask",
    "Seed",
    "Temperature",
    "Undeclared",
]

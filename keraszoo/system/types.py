"""Values of dataclasses against the types that they declare: where files enter."""

import dataclasses
import math
import numbers
import types
import typing


def checked_types(instance):
    """A dataclass's instance, if each of its values is of its field's declared type.

    Known are classes and their unions; an int passes for a float, numbers must be finite, and no boolean is a number.

    Raises:
        ValueError: the first that is not, in one line.

    Example:
        >>> @dataclasses.dataclass
        ... class Point:
        ...     x: float
        >>> checked_types(Point(1)).x
        1
        >>> checked_types(Point("1"))
        Traceback (most recent call last):
        ValueError: x must be float. Received: '1'
    """
    hints = typing.get_type_hints(type(instance))
    for field in dataclasses.fields(instance):
        value, declared = getattr(instance, field.name), hints[field.name]
        if not any(_is(value, kind) for kind in _kinds(declared)):
            names = " or ".join(getattr(kind, "__name__", str(kind)) for kind in _kinds(declared))
            raise ValueError(f"{field.name} must be {names.replace('NoneType', 'null')}. Received: {str(value)[:80]!r}")
    return instance


def _kinds(declared):
    return typing.get_args(declared) if isinstance(declared, types.UnionType) else (declared,)


def _is(value, kind):
    if kind in (int, float):
        number = numbers.Integral if kind is int else numbers.Real
        return isinstance(value, number) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, kind)

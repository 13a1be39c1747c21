"""What has rows but is no array, lists and pandas' tables, as arrays: where users' data enter."""

import numbers
import sys

import numpy as np

from ..core.errors import InputError


def as_array(value, who, what):
    """A DataFrame, a Series or nested lists of plain values as an array; anything else as it is.

    They have no type that was chosen, so whole numbers become float32 where `what` is "x" or "contexts".

    Args:
        who: the model's name, for the message.
        what: "x", "y", "contexts" or "weights": what they are to the model.

    Raises:
        InputError: text, gaps, or rows of differing length.

    Example:
        >>> as_array([[1, 2], [3, 4]], "A flow", "x")
        array([[1., 2.],
               [3., 4.]], dtype=float32)
    """
    pandas = sys.modules.get("pandas")  # who has a DataFrame has imported it
    if pandas is not None and isinstance(value, pandas.DataFrame):
        columns = [_column(value.iloc[:, place], who, what) for place in range(value.shape[1])]
        array = np.stack(columns, axis=1) if columns else np.empty(value.shape)
    elif pandas is not None and isinstance(value, (pandas.Series, pandas.Index)):
        array = _column(pandas.Series(value), who, what)
    elif _of_plain_values(value):
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise InputError(f"{who} takes rows of equal length as {what}. Received: a list of others.") from error
        if array.dtype.kind not in "biuf":
            raise _text(np.ravel(array)[0], "", who, what)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "UST" and value.size:
        raise _text(value.flat[0], "", who, what)
    else:
        return value
    return array.astype("float32") if what in ("x", "contexts") and array.dtype.kind in "biu" else array


def _column(series, who, what):
    """The values of a Series, numbers without gaps."""
    place = "" if series.name is None else f" in column {series.name!r}"
    gaps = series.isna().to_numpy()
    if gaps.any():
        raise InputError(
            f"{who} takes numbers. Received: {np.count_nonzero(gaps)} gaps among the values of {what}{place}, the "
            f"first in row {int(np.argmax(gaps))}. Drop those rows, or fill the gaps."
        )
    values = series.to_numpy()
    if values.dtype.kind == "O" and all(isinstance(each, (numbers.Real, np.bool_)) for each in values):
        values = np.asarray(values.tolist())  # pandas' own kinds of numbers
    if values.dtype.kind not in "biuf":
        raise _text(values[0] if len(values) else "nothing", place, who, what)
    return values


def _of_plain_values(value):
    """Whether it is a list of numbers or words, however deep."""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (numbers.Number, str, bytes))


def _text(example, place, who, what):
    remedy = "Nearest: numpy.unique(y, return_inverse=True)[1]." if what == "y" else "Code it as numbers."
    return InputError(f"{who} takes numbers as {what}. Received: {str(example)!r}{place}. {remedy}")

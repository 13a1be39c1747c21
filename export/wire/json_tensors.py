"""Tensors in the JSON of a prediction: `instances`, one after another, or `inputs`, each whole; and the answers.

What is regular is converted by NumPy. Where something is amiss the same values are walked through one by one, in
TensorFlow Serving's order, to say what it would say of the first that does not fit.
"""

import base64
import binascii
import itertools
import json

import numpy as np
import orjson

from .json_text import encoded, quoted, type_name
from .status import Code, Refused, invalid

_INT32 = (-(2**31), 2**31 - 1)
_WHOLE = {  # dtype: the least and the greatest value that its JSON may have; small ones wrap around
    "int8": _INT32,
    "int16": _INT32,
    "uint8": _INT32,
    "int32": _INT32,
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
#: what TensorFlow calls dtypes where NumPy has another word
_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
_MOST_DIMENSIONS = 64  # of an array of NumPy
ROWS, COLUMNS = "predictions", "outputs"


# ---------------------------------------------------------------------- requests


def tensors(document, inputs):
    """The tensors of a request.

    Args:
        document: the request, a dictionary.
        inputs: `{wire name: {"dtype": name, ...}}` of the signature, at least one.

    Returns:
        `({wire name: array}, ROWS or COLUMNS)`, the second being the form of the answer.

    Raises:
        Refused: with TensorFlow Serving's words.
    """
    if "instances" in document and "inputs" in document:
        raise _wrong(document, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ")
    if "instances" in document:
        instances = document["instances"]
        if not isinstance(instances, list):
            raise _wrong(document, "Expecting 'instances' to be an list/array")
        if not instances:
            raise _wrong(document, "No values in 'instances' array")
        return _from_rows(instances, inputs), ROWS
    if "inputs" in document:
        return _from_columns(document["inputs"], inputs), COLUMNS
    raise invalid("Missing 'inputs' or 'instances' key")


def _from_columns(value, inputs):
    if isinstance(value, dict) and not is_base64(value):
        for name in inputs:
            if name not in value:
                raise invalid(f"Missing named input: {name} in 'inputs' object.")
        return {name: tensor(value[name], info["dtype"]) for name, info in inputs.items()}
    if len(inputs) > 1:
        raise invalid(
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
            "tensorinfo_map"
        )
    [(name, info)] = inputs.items()
    return {name: tensor(value, info["dtype"])}


def _from_rows(rows, inputs):
    if not isinstance(rows[0], dict) and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    if not _is_object(rows[0]):
        name, info = next(
            iter(inputs.items())
        )  # of several where the rows are base64; that some are missing shows later
        array = None if any(map(_is_object, rows)) else _regular(rows, info["dtype"])
        return {name: _walked_rows(rows, name, info["dtype"]) if array is None else array}
    if all(_is_object(row) and row.keys() == inputs.keys() for row in rows):
        columns = {name: _regular([row[name] for row in rows], info["dtype"]) for name, info in inputs.items()}
        if all(array is not None for array in columns.values()):
            return columns
    return _walked_objects(rows, inputs)


def _walked_rows(rows, name, dtype):
    """The rows of a single input, each by itself, for the sake of the error."""
    shapes, arrays = {}, []
    for number, row in enumerate(rows):
        if _is_object(row):
            raise invalid(f"Expecting value/list but got object at item {number} of input list")
        try:
            arrays.append(_same_shape(_walked(row, dtype), name, shapes))
        except Refused as refused:
            raise invalid(f"Failed to process element: {number} of 'instances' list. Error: {refused}") from None
    return np.stack(arrays)


def _walked_objects(rows, inputs):
    """Rows of named inputs, each by itself, for the sake of the error."""
    shapes, columns = {}, {name: [] for name in inputs}
    for number, row in enumerate(rows):
        if not _is_object(row):
            raise invalid(f"Expecting object but got list at item {number} of input list")
        for name, value in row.items():
            try:
                if name not in inputs:
                    raise invalid(f"JSON object: does not have named input: {name}")
                columns[name].append(_same_shape(_walked(value, inputs[name]["dtype"]), name, shapes))
            except Refused as refused:
                raise invalid(
                    f"Failed to process element: {number} key: {name} of 'instances' list. Error: {refused}"
                ) from None
        if row.keys() != inputs.keys():
            raise invalid(
                f"Failed to process element: {number} of 'instances' list. JSON object: {quoted(row)} "
                f"keys must be equal to: {','.join(sorted(inputs))}"
            )
    return {name: np.stack(arrays) for name, arrays in columns.items()}


def _same_shape(array, name, shapes):
    """`array`, if its shape is that of the rows before it."""
    shape = shapes.setdefault(name, array.shape)
    if array.size != np.prod(shape, dtype=np.int64):
        raise invalid(f"Expecting tensor size: {np.prod(shape, dtype=np.int64)} but got: {array.size}")
    if array.shape != shape:
        raise invalid(f"Expecting shape {_listed(shape)} but got: {_listed(array.shape)}")
    return array


def tensor(value, dtype):
    """A value of JSON as an array.

    Raises:
        Refused: where it is uneven, or an element is not of the dtype.
    """
    array = _regular(value, dtype)
    return _walked(value, dtype) if array is None else array


def _regular(value, dtype):
    """`value` as an array, or None where something in it is not as it should be."""
    shape = _shape(value)
    level = [value]
    for size in shape:
        if set(map(type, level)) != {list} or set(map(len, level)) - {size}:
            return None
        level = list(itertools.chain.from_iterable(level))
    types = set(map(type, level))
    if dtype in ("float32", "float64") and types <= {int, float}:
        with np.errstate(over="ignore"):
            return np.array(level, np.float64).astype(dtype).reshape(shape)
    if dtype in _WHOLE and types <= {int}:
        least, greatest = _WHOLE[dtype]
        if level and (min(level) < least or max(level) > greatest):
            return None
        return np.array(level, "uint64" if dtype == "uint64" else "int64").astype(dtype).reshape(shape)
    if dtype == "bool" and types <= {bool}:
        return np.array(level, np.bool_).reshape(shape)
    if dtype == "string" and types <= {str, dict} and not level:
        return np.empty(shape, object)
    if dtype == "string" and types in ({str}, {dict}):
        decode = encoded if types == {str} else from_base64
        array = np.empty(len(level), object)
        array[:] = [decode(element) for element in level]
        return array.reshape(shape)
    return None


def _walked(value, dtype):
    """`value` as an array, element by element.

    Raises:
        Refused: at the first element that does not fit.
    """
    shape, elements = _shape(value), []
    _walk(value, 0, shape, dtype, elements)
    array = np.empty(len(elements), object)
    array[:] = elements
    if dtype == "string":
        return array.reshape(shape)
    with np.errstate(over="ignore"):
        wide = "float64" if dtype in ("float32", "float64") else "uint64" if dtype == "uint64" else "int64"
        return (array if dtype == "bool" else array.astype(wide)).astype(dtype).reshape(shape)


def _walk(value, level, shape, dtype, elements):
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid(
                f"JSON Value: {quoted(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {len(shape)}"
            )
        elements.append(_element(value, dtype))
        return
    if level >= len(shape):
        raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for element in value:
        _walk(element, level + 1, shape, dtype, elements)


def _element(value, dtype):
    kind = type(value)
    if dtype == "string" and kind in (str, dict):
        return encoded(value) if kind is str else from_base64(value)
    if kind is not dict:
        if dtype in ("float32", "float64"):
            fits = kind in (int, float)
        elif dtype in _WHOLE:
            fits = kind is int and _WHOLE[dtype][0] <= value <= _WHOLE[dtype][1]
        elif dtype in ("bool", "string"):
            fits = kind is bool and dtype == "bool"
        else:
            raise Refused(
                Code.UNIMPLEMENTED, f"Conversion of JSON Value: {quoted(value)} to type: {_NAMES.get(dtype, dtype)}"
            )
        if fits:
            return value
    raise invalid(
        f"JSON Value: {quoted(value)} Type: {type_name(value)} is not of expected type: {_NAMES.get(dtype, dtype)}"
    )


def _shape(value):
    """The sizes along the first elements, which are the tensor's if it has any shape at all."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    if len(shape) >= _MOST_DIMENSIONS:
        raise invalid(f"a tensor of {len(shape)} dimensions; at most {_MOST_DIMENSIONS - 1} can be read")
    return tuple(shape)


def is_base64(value):
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def _is_object(value):
    return isinstance(value, dict) and not is_base64(value)


def from_base64(value):
    if not is_base64(value):
        raise invalid(f"JSON Value: {quoted(value)} not formatted correctly for base64 data")
    text = "".join(value["b64"].split()).rstrip("=.")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("Unable to base64 decode") from None


def _listed(shape):
    return f"[{','.join(map(str, shape))}]"


def _wrong(document, words):
    return invalid(f"JSON Value: {quoted(document)} {words}")


# ---------------------------------------------------------------------- answers


def answer(outputs, form):
    """The body (bytes) that answers with `{name: array}`, in the form `ROWS` or `COLUMNS`.

    Numbers have the fewest digits that tell them from their neighbours in their own precision.

    Raises:
        Refused: where the form or the dtypes do not allow it.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    values = {}
    if form == ROWS:
        _check_batch(outputs)
    for name in sorted(outputs):
        array = outputs[name]
        if array.dtype != object and array.dtype.name not in (*_WHOLE, "float32", "float64", "bool"):
            written = _NAMES.get(array.dtype.name, array.dtype.name)
            raise invalid(f"Failed to write JSON value for tensor type: {written}")
        values[name] = writable(array, name.endswith("_bytes"))
    if len(values) == 1:
        [value] = values.values()
    elif form == COLUMNS:
        value = values
    else:
        rows = len(next(iter(values.values())))
        value = [{name: column[row] for name, column in values.items()} for row in range(rows)]
    return orjson.dumps({form: value}, option=orjson.OPT_SERIALIZE_NUMPY)


def _check_batch(outputs):
    """Raises Refused unless all outputs have the same number of rows."""
    rows = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if rows is not None and rows != len(array):
            raise invalid(f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {rows}")
        rows = len(array)


def writable(array, as_bytes):
    """What orjson writes as TensorFlow Serving would: an array, or lists where it needs help."""
    if array.dtype == object:
        write = _base64_object if as_bytes else json_string
        strings = np.empty(array.size, object)
        strings[:] = [write(string) for string in array.ravel()]
        return strings.reshape(array.shape).tolist()
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        numbers = np.empty(array.size, object)
        numbers[:] = [json_number(number) for number in array.ravel()]
        return numbers.reshape(array.shape).tolist()
    return np.ascontiguousarray(array) if array.ndim else array[()]


def json_number(number):
    """A number of NumPy's as orjson writes it, or the token that stands for it."""
    if np.isfinite(number):
        return number
    return orjson.Fragment(b"NaN" if np.isnan(number) else b"Infinity" if number > 0 else b"-Infinity")


def _base64_object(string):
    return {"b64": base64.b64encode(string).decode()}


def json_string(string):
    """A string of JSON with the bytes of `string`, be they UTF-8 or not."""
    try:
        return string.decode()
    except UnicodeDecodeError:
        return orjson.Fragment(json.dumps(string.decode("latin-1"), ensure_ascii=False).encode("latin-1"))

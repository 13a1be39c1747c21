"""Tensors as gRPC carries them: `TensorProto` and NumPy's arrays."""

import math

import numpy as np
from tensorflow.core.framework import tensor_pb2, types_pb2

from .status import invalid

_NUMPY = {
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_INT32": "int32",
    "DT_UINT8": "uint8",
    "DT_INT16": "int16",
    "DT_INT8": "int8",
    "DT_COMPLEX64": "complex64",
    "DT_INT64": "int64",
    "DT_BOOL": "bool",
    "DT_UINT16": "uint16",
    "DT_COMPLEX128": "complex128",
    "DT_HALF": "float16",
    "DT_UINT32": "uint32",
    "DT_UINT64": "uint64",
    "DT_STRING": "object",
}
_DTYPES = {types_pb2.DataType.Value(name): np.dtype(dtype) for name, dtype in _NUMPY.items()}
_NUMBERS = {dtype: number for number, dtype in _DTYPES.items()}
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int32": "int_val",
    "uint8": "int_val",
    "int16": "int_val",
    "int8": "int_val",
    "uint16": "int_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "float16": "half_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "object": "string_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
}
_MOST_BYTES = 2**63  # of an array
# Packed floats are the bytes of the array behind a tag and their number: protobuf copies them, Python would count them.
_PACKED = {"float32": tensor_pb2.TensorProto.FLOAT_VAL_FIELD_NUMBER, "float64": 6}


def to_array(name, proto):
    """The array that a `TensorProto` holds; strings are an array of bytes.

    Args:
        name: of the tensor, for the error.

    Raises:
        Refused: where type, shape and content do not fit together.
    """
    broken = invalid(f"tensor parsing error: {name}")
    dtype = _DTYPES.get(proto.dtype)
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if dtype is None or proto.tensor_shape.unknown_rank or min(shape, default=0) < 0 or len(shape) > 63:
        raise broken
    size = 1
    for each in shape:
        size *= each
    if 0 in shape and math.prod(filter(None, shape)) >= _MOST_BYTES // dtype.itemsize:
        raise broken  # no array has such sizes, even beside a 0
    if proto.tensor_content and dtype.kind != "O":
        if len(proto.tensor_content) != size * dtype.itemsize:
            raise broken
        return np.frombuffer(proto.tensor_content, dtype).reshape(shape)
    values = getattr(proto, _FIELDS[dtype.name])
    if dtype.kind == "O":
        array = np.empty(len(values), object)
        array[:] = values
    elif dtype.kind == "c":
        array = np.array(values[: len(values) // 2 * 2], dtype.type(0).real.dtype).view(dtype)
    elif dtype == np.float16:
        array = np.array(values, np.uint16).view(np.float16)
    else:
        wide = np.int32 if _FIELDS[dtype.name] == "int_val" else dtype  # small integers wrap around, as in TensorFlow
        array = np.array(values, wide).astype(dtype)
    return _filled(array, size, dtype, broken).reshape(shape)


def _filled(array, size, dtype, broken):
    """As many values as the shape says: what is missing repeats the last one, or is zero where there is none."""
    if len(array) > size:
        raise broken
    if len(array) == size:
        return array
    if not len(array):
        array = np.array([b"" if dtype.kind == "O" else 0], dtype)
    rest = np.full(1, array[-1], dtype)
    return np.concatenate([array, np.repeat(rest, size - len(array))])


def declared_size(proto):
    """The number of elements that a `TensorProto` claims to have, before any of it is made."""
    size = 1
    for dim in proto.tensor_shape.dim:
        size *= max(dim.size, 0)
    return size


def to_proto(array, proto=None):
    """An array as a `TensorProto`, in the field of its dtype, as TensorFlow Serving fills it."""
    proto = tensor_pb2.TensorProto() if proto is None else proto
    array = np.asarray(array)
    name = array.dtype.name
    if name in _PACKED and array.size:
        content = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False).tobytes()
        proto.MergeFromString(_varint(_PACKED[name] << 3 | 2) + _varint(len(content)) + content)
    elif name == "float16":
        proto.half_val.extend(array.view(np.uint16).ravel().tolist())
    elif array.dtype.kind == "c":
        getattr(proto, _FIELDS[name]).extend(array.ravel().view(array.real.dtype).tolist())
    elif array.size:
        getattr(proto, _FIELDS[name]).extend(array.ravel().tolist())
    proto.dtype = _NUMBERS[array.dtype]
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    proto.tensor_shape.SetInParent()
    return proto


def _varint(number):
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)

"""TensorFlow's C functions, running one SavedModel as TensorFlow Serving runs it.

Nothing here imports TensorFlow's Python; the library under it is called, so what this sees is what a server sees.
"""

import contextlib
import ctypes
import functools
import importlib.util
import types
from pathlib import Path

import ml_dtypes
import numpy as np
import numpy.random  # noqa: F401 - numpy imports it late, and after TensorFlow's libraries that was seen to crash

_STRING = 7
_DTYPES = {
    1: np.float32,
    2: np.float64,
    3: np.int32,
    4: np.uint8,
    5: np.int16,
    6: np.int8,
    8: np.complex64,
    9: np.int64,
    10: np.bool_,
    14: ml_dtypes.bfloat16,
    17: np.uint16,
    18: np.complex128,
    19: np.float16,
    22: np.uint32,
    23: np.uint64,
}
_NUMBERS = {np.dtype(dtype): number for number, dtype in _DTYPES.items()}
_STRING_BYTES = 24  # sizeof(TF_TString)
_DISABLE_XLA = "_ZN10tensorflow21DisableXlaCompilationEv"


class ServerError(Exception):
    """The status with which TensorFlow refused a call.

    Attributes:
        code: the number of the status, as gRPC counts them.
    """

    def __init__(self, message, code=2):
        super().__init__(message)
        self.code = code


class _Output(ctypes.Structure):
    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


# name: (result, arguments)
_pointer, _text, _size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
_pointers, _outputs, _long = ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(_Output), ctypes.c_int64
_FUNCTIONS = {
    "TF_Version": (_text, []),
    "TF_NewStatus": (_pointer, []),
    "TF_GetCode": (ctypes.c_int, [_pointer]),
    "TF_Message": (_text, [_pointer]),
    "TF_DeleteStatus": (None, [_pointer]),
    "TF_NewGraph": (_pointer, []),
    "TF_DeleteGraph": (None, [_pointer]),
    "TF_NewSessionOptions": (_pointer, []),
    "TF_DeleteSessionOptions": (None, [_pointer]),
    "TF_LoadSessionFromSavedModel": (
        _pointer,
        [_pointer, _pointer, _text, ctypes.POINTER(_text), ctypes.c_int, _pointer, _pointer, _pointer],
    ),
    "TF_CloseSession": (None, [_pointer, _pointer]),
    "TF_DeleteSession": (None, [_pointer, _pointer]),
    "TF_GraphOperationByName": (_pointer, [_pointer, _text]),
    "TF_SessionRun": (
        None,
        [_pointer, _pointer, _outputs, _pointers, ctypes.c_int, _outputs, _pointers, ctypes.c_int]
        + [_pointers, ctypes.c_int, _pointer, _pointer],
    ),
    "TF_AllocateTensor": (_pointer, [ctypes.c_int, ctypes.POINTER(_long), ctypes.c_int, _size]),
    "TF_DeleteTensor": (None, [_pointer]),
    "TF_TensorType": (ctypes.c_int, [_pointer]),
    "TF_NumDims": (ctypes.c_int, [_pointer]),
    "TF_Dim": (_long, [_pointer, ctypes.c_int]),
    "TF_TensorData": (_pointer, [_pointer]),
    "TF_TensorByteSize": (_size, [_pointer]),
    "TF_StringInit": (None, [_pointer]),
    "TF_StringCopy": (None, [_pointer, _text, _size]),
    "TF_StringDealloc": (None, [_pointer]),
    "TF_StringGetDataPointer": (_pointer, [_pointer]),
    "TF_StringGetSize": (_size, [_pointer]),
}


#: those that may take long, during which other threads go on: all others are over before a thread could be changed
_LONG = {"TF_LoadSessionFromSavedModel", "TF_CloseSession", "TF_DeleteSession", "TF_SessionRun", "TF_DeleteGraph"}


@functools.cache
def _library():
    """The functions of the library under TensorFlow's Python, found without importing it."""
    package = Path(importlib.util.find_spec("tensorflow").origin).parent
    path = str(package / "libtensorflow_cc.so.2")
    libraries = {True: ctypes.CDLL(path), False: ctypes.PyDLL(path)}
    functions = types.SimpleNamespace(library=libraries[True])
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(libraries[name in _LONG], name)
        function.restype, function.argtypes = result, arguments
        setattr(functions, name, function)
    return functions


class _Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("length", ctypes.c_size_t), ("deallocate", ctypes.c_void_p)]


# RunOptions of inter_op_thread_pool: -1, which is the thread that calls
_IN_THIS_THREAD = b"\x18" + b"\xff" * 9 + b"\x01"


def disable_xla() -> bool:
    """Switches XLA off in this process, for good, as TensorFlow Serving does; False where this release cannot."""
    library = _library().library
    can = hasattr(library, _DISABLE_XLA)
    if can:
        getattr(library, _DISABLE_XLA)()
    return can


class Session:
    """One SavedModel, loaded.

    Args:
        signatures: `{name: {"inputs": {wire name: {"tensor": name in the graph, ...}}, "outputs": ...}}`.
        one_after_another: whether the operations of a run take turns in the thread that calls, for a process that has
            several runs at once. What they compute is the same, and they still use threads of their own.
    """

    def __init__(self, signatures, one_after_another=False):
        self._c = _library()
        self.version = self._c.TF_Version().decode()
        self._signatures, self._known = signatures, {}  # name of a tensor: its place
        self._options = _Buffer(_IN_THIS_THREAD, len(_IN_THIS_THREAD), None) if one_after_another else None
        self._graph = self._c.TF_NewGraph()
        self._session = None

    def load(self, directory):
        """Loads the SavedModel in `directory`.

        Raises:
            ServerError: when TensorFlow cannot load it.
        """
        tags = (_text * 1)(b"serve")
        options = self._c.TF_NewSessionOptions()
        try:
            with self._status() as status:
                self._session = self._c.TF_LoadSessionFromSavedModel(
                    options, None, directory.encode(), tags, 1, self._graph, None, status
                )
        finally:
            self._c.TF_DeleteSessionOptions(options)

    def close(self):
        """Gives back what the session holds; nothing may run in it any more."""
        if self._session:
            for close in (self._c.TF_CloseSession, self._c.TF_DeleteSession):
                with self._status() as status:
                    close(self._session, status)
        self._c.TF_DeleteGraph(self._graph)
        self._session = self._graph = None

    def run(self, signature, inputs, outputs=None):
        """The outputs of `signature`, `{name: array}`, for the inputs, `{name: array}`.

        Args:
            outputs: names of those that are wanted; all by default.

        Raises:
            ServerError: when TensorFlow answers with an error.
        """
        sides = self._signatures[signature]
        wanted = list(sides["outputs"]) if outputs is None else list(outputs)
        fetched = (_pointer * len(wanted))()
        fed = (_pointer * len(inputs))(*(self._to_tensor(array) for array in inputs.values()))
        try:
            with self._status() as status:
                self._c.TF_SessionRun(
                    *(self._session, self._options and ctypes.byref(self._options)),
                    *(self._places(sides["inputs"][name] for name in inputs), fed, len(fed)),
                    *(self._places(sides["outputs"][name] for name in wanted), fetched, len(fetched)),
                    *(None, 0, None, status),
                )
            return {name: self._to_array(tensor) for name, tensor in zip(wanted, fetched, strict=True)}
        finally:
            for tensor in filter(None, fetched):
                self._c.TF_DeleteTensor(tensor)
            for tensor, array in zip(fed, inputs.values(), strict=True):  # last, as an output may share their memory
                self._delete_fed(tensor, array)

    @contextlib.contextmanager
    def _status(self):
        """A TF_Status that is raised as ServerError on the way out, unless it is OK."""
        status = self._c.TF_NewStatus()
        try:
            yield status
            if code := self._c.TF_GetCode(status):
                raise ServerError(self._c.TF_Message(status).decode(errors="replace"), code)
        finally:
            self._c.TF_DeleteStatus(status)

    def _places(self, infos):
        places = [self._known.get(info["tensor"]) or self._find(info["tensor"]) for info in infos]
        return (_Output * len(places))(*places)

    def _find(self, tensor):
        operation, index = tensor.rsplit(":", 1)
        pointer = self._c.TF_GraphOperationByName(self._graph, operation.encode())
        if not pointer:
            raise ServerError(f"the graph has no operation {operation!r}")
        return self._known.setdefault(tensor, _Output(pointer, int(index)))

    def _to_tensor(self, array):
        array = np.asarray(array, order="C")  # np.ascontiguousarray would turn scalars into vectors
        strings = array.dtype == object
        number = _STRING if strings else _NUMBERS[array.dtype]
        size = array.size * _STRING_BYTES if strings else array.nbytes
        tensor = self._c.TF_AllocateTensor(number, (_long * array.ndim)(*array.shape), array.ndim, size)
        data = self._c.TF_TensorData(tensor)
        if not strings:
            ctypes.memmove(data, array.ctypes.data, size)
            return tensor
        for index, string in enumerate(array.ravel()):
            place = data + index * _STRING_BYTES
            self._c.TF_StringInit(place)
            self._c.TF_StringCopy(place, string, len(string))
        return tensor

    def _delete_fed(self, tensor, array):
        if self._c.TF_TensorType(tensor) == _STRING:  # TensorFlow frees the places of strings, not what they point to
            data = self._c.TF_TensorData(tensor)
            for index in range(array.size):
                self._c.TF_StringDealloc(data + index * _STRING_BYTES)
        self._c.TF_DeleteTensor(tensor)

    def _to_array(self, tensor):
        shape = [self._c.TF_Dim(tensor, axis) for axis in range(self._c.TF_NumDims(tensor))]
        number, data = self._c.TF_TensorType(tensor), self._c.TF_TensorData(tensor)
        if number != _STRING:
            content = ctypes.string_at(data, self._c.TF_TensorByteSize(tensor))
            return np.frombuffer(content, _DTYPES[number]).reshape(shape)
        strings = np.empty(shape, object)
        flat = strings.reshape(-1)
        for index in range(strings.size):
            place = data + index * _STRING_BYTES
            text = self._c.TF_StringGetDataPointer(place)
            flat[index] = ctypes.string_at(text, self._c.TF_StringGetSize(place))
        return strings

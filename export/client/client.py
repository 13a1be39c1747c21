"""The client: what a model takes and answers, and how often it is asked."""

import random
import re
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from keraszoo.core.errors import InputError, closest

from .errors import Unavailable

_DTYPES = {"float": "float32", "double": "float64", "half": "float16"}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds between two attempts; each pause is twice the last


class Client:
    """One model of a server that speaks TensorFlow Serving's REST or gRPC.

    Args:
        address: `http://HOST:PORT`, `https://HOST:PORT` or `grpc://HOST:PORT`; HTTP where none is named.
        model: its name.
        version: number of the version; the newest by default.
        label: of the version, in place of a number.
        timeout: seconds that one attempt may take.
        retries: how often a server that is busy or away is asked again.

    Raises:
        InputError: when the address is none.

    Example:
        >>> client = Client("grpc://127.0.0.1:8500", "vae")                                      # doctest: +SKIP
        >>> client.predict({"seed": [1, 2], "temperature": [1.0, 1.0]}, "sample")["image"].shape  # doctest: +SKIP
        (2, 8, 8, 1)
    """

    def __init__(
        self,
        address: str,
        model: str,
        *,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 30.0,
        retries: int = 5,
    ) -> None:
        match = re.fullmatch(r"(?:(https?|grpc)://)?([^/]+:\d+)/?", address)
        if not match:
            raise InputError(
                "A server's address is http://HOST:PORT or grpc://HOST:PORT, such as http://127.0.0.1:8501. "
                f"Received: {address!r}."
            )
        if version is not None and label is not None:
            raise InputError("A version has a number or a label; both were given.")
        scheme, place = match.groups()
        try:
            if scheme == "grpc":
                from .over_grpc import Channel
            else:
                from .over_rest import Channel  # type: ignore[assignment]
        except ModuleNotFoundError as error:
            raise InputError(f"The client needs the package {error.name}: pip install 'keraszoo[serving]'.") from None
        self._channel = Channel(place, model, version, label, timeout, encrypted=scheme == "https")
        self.model, self._retries = model, retries
        self._signatures: dict[str, Any] | None = None

    def predict(self, inputs: Mapping[str, Any], signature: str = "serving_default") -> dict[str, np.ndarray]:
        """The answer of a signature.

        Args:
            inputs: `{name: array}`, or the array alone where there is one input. Arrays are converted to the dtype of
                the signature where nothing but precision is lost; bytes and texts are strings.
            signature: its name.

        Returns:
            `{name: array}`. Strings are arrays of bytes, dtype object.

        Raises:
            InputError: when the signature does not take such inputs.
            ServingError: when the server refuses or does not answer.
        """
        known = self.signatures()
        if signature not in known:
            raise InputError(f"{self.model} has no signature {signature!r}. {closest(signature, known)}")
        sides = known[signature]
        arrays = _arrays(inputs, sides["inputs"], signature)
        return self._again_and_again(lambda: self._channel.predict(signature, arrays, sides))

    def signatures(self) -> dict[str, Any]:
        """`{signature: {"inputs": {name: {"dtype", "shape"}}, "outputs": ...}}`; None in shapes is any size.

        Asked once: a client that outlives a version of another interface is made anew.
        """
        if self._signatures is None:
            told = self._again_and_again(self._channel.metadata)
            self._signatures = {
                name: {side: _infos(definition.get(side, {})) for side in ("inputs", "outputs")}
                for name, definition in sorted(told.items())
                if name != "__saved_model_init_op"
            }
        return self._signatures

    def versions(self) -> dict[int, str]:
        """`{number: state}` of the model's versions, such as `{2: "AVAILABLE", 1: "END"}`."""
        return self._again_and_again(self._channel.versions)

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _again_and_again(self, ask):
        """What `ask()` returns; asks again while the server is busy or away, ever more seldom."""
        pause = _FIRST_PAUSE
        for attempt in range(self._retries + 1):
            try:
                return ask()
            except Unavailable as refused:
                if attempt == self._retries:
                    raise
                # Clients that were refused together must not come back together.
                time.sleep(max(refused.after, pause * random.uniform(0.5, 1.5)))
                pause = min(2 * pause, _LONGEST_PAUSE)
        raise InputError(f"retries is at least 0. Received: {self._retries}.")


def _infos(tensors):
    return {name: _info(tensor) for name, tensor in sorted(tensors.items())}


def _info(tensor):
    name = tensor["dtype"].removeprefix("DT_").lower()
    shape = tensor.get("tensor_shape", {})
    sizes = [int(dim["size"]) for dim in shape.get("dim", [])]
    return {
        "dtype": _DTYPES.get(name, name),
        "shape": None if shape.get("unknown_rank") else [None if size < 0 else size for size in sizes],
    }


def _arrays(inputs, infos, signature):
    """The inputs as arrays of the signature's dtypes."""
    if not isinstance(inputs, dict):
        if len(infos) != 1:
            raise InputError(f"{signature} takes {', '.join(infos)}, each by its name.")
        inputs = dict.fromkeys(infos, inputs)
    if inputs.keys() != infos.keys():
        raise InputError(f"{signature} takes {', '.join(infos)}. Received: {', '.join(inputs) or 'nothing'}.")
    return {name: _array(name, value, infos[name]) for name, value in inputs.items()}


def _array(name, value, info):
    if info["dtype"] == "string":
        array = np.array(value, dtype=object)
        strings = np.empty(array.size, object)
        strings[:] = [each.encode() if isinstance(each, str) else each for each in array.ravel()]
        if not all(isinstance(each, bytes) for each in strings):
            raise InputError(f"{name} takes bytes or texts.")
        array = strings.reshape(array.shape)
    else:
        try:
            given = np.asarray(value)
        except ValueError:
            raise InputError(f"{name} must be an array: its rows have different shapes.") from None
        array = given.astype(info["dtype"], copy=False) if given.dtype.kind in "fiub" else None
        whole = info["dtype"] not in ("float32", "float64", "float16")
        if array is None or (whole and not np.array_equal(array, given)):
            raise InputError(f"{name} takes {info['dtype']}. Received: {given.dtype} that is not.")
    shape = info["shape"]
    if shape is not None and (
        len(shape) != array.ndim or any(size not in (None, got) for size, got in zip(shape, array.shape, strict=True))
    ):
        expected = ", ".join("any" if size is None else str(size) for size in shape)
        raise InputError(f"{name} has the shape [{expected}]. Received: {list(array.shape)}.")
    return array

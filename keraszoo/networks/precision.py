"""A network's products in bfloat16, for once."""

import contextlib
import functools
import pathlib
from collections.abc import Iterator

import keras
import tensorflow as tf

UNITS = ("avx512_bf16", "amx_bf16")


@functools.cache
def multiplies_bfloat16() -> bool:
    """Whether this machine computes on a processor that multiplies bfloat16 in hardware; elsewhere it is slower."""
    try:
        flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    except OSError:  # not Linux
        return False
    return any(unit in flags for unit in UNITS) and not tf.config.list_physical_devices("GPU")


def can_compute_in_bfloat16(network: keras.Layer) -> bool:
    """Whether it is in float32, of layers and activations of Keras and the zoo: what others demand nobody knows."""

    def known(thing):
        return getattr(thing, "__module__", "").split(".")[0] in ("keras", "keraszoo")

    return all(
        layer.dtype_policy.name == "float32"
        and known(type(layer))
        and not isinstance(layer, keras.layers.Lambda)
        and (getattr(layer, "activation", None) is None or known(layer.activation))
        for layer in network._flatten_layers()
    )


@contextlib.contextmanager
def in_bfloat16(network: keras.Layer) -> Iterator[None]:
    """What is traced inside computes products of the network in bfloat16, their sums in float32; weights stay."""
    layers = network._flatten_layers()
    before = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = "mixed_bfloat16"
        yield
    finally:
        for layer, policy in zip(layers, before, strict=True):
            layer.dtype_policy = policy

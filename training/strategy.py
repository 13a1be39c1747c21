"""Which devices a training runs on, as a `tf.distribute.Strategy`."""

import functools

import tensorflow as tf

from keraszoo.errors import InputError, closest

STRATEGIES = ("auto", "none", "one_device", "mirrored")


def choose_strategy(name="auto", replicas=None):
    """The strategy of that name.

    Args:
        name: "auto" (every GPU of this machine when there are several, else none), "none" (TensorFlow's default
            placement), "one_device" (the first GPU, or the CPU) or "mirrored" (every GPU; without a GPU, `replicas`
            parts of the CPU).
        replicas: how many replicas "mirrored" has on a machine without GPUs; must be given before TensorFlow runs
            its first operation.

    Raises:
        InputError: unknown name; replicas that this machine or this process cannot give.
    """
    if name not in STRATEGIES:
        raise InputError(f"Unknown strategy. Received: {name!r}. {closest(str(name), STRATEGIES)}")
    if replicas is not None and (name != "mirrored" or replicas < 1):
        raise InputError(f"--replicas is a number >= 1 for --strategy mirrored. Received: {replicas} with {name!r}.")
    gpus = tf.config.list_physical_devices("GPU")
    if name == "auto":
        name = "mirrored" if len(gpus) > 1 else "none"
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "one_device":
        return tf.distribute.OneDeviceStrategy("GPU:0" if gpus else "CPU:0")
    if gpus:
        if replicas is not None and replicas > len(gpus):
            raise InputError(f"There are {len(gpus)} GPUs. Received: --replicas {replicas}.")
        return _mirrored("GPU", replicas or len(gpus))
    return _mirrored("CPU", _split_cpu(replicas))


@functools.cache
def _mirrored(kind, count):
    """One strategy per set of devices: a second one in the same process would reuse the first one's collectives."""
    return tf.distribute.MirroredStrategy([f"{kind}:{i}" for i in range(count)])


def _split_cpu(replicas):
    """Makes sure that the CPU counts as that many devices (by default, as many as it already does)."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    existing = len(tf.config.get_logical_device_configuration(cpu) or [None])
    if replicas is None or replicas <= existing:
        return replicas or existing
    try:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
    except RuntimeError as error:
        raise InputError(
            f"The CPU can be split only before TensorFlow's first operation. Received: {replicas} replicas in a "
            "process that has already run some."
        ) from error
    return replicas

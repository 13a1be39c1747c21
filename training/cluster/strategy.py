"""Which devices a training runs on, as a `tf.distribute.Strategy`."""

import functools
import signal
import threading

import tensorflow as tf

from keraszoo.core.errors import AddressTaken, InputError, closest
from keraszoo.core.replicas import rank_of

from .environment import cluster_from_environment

STRATEGIES = ("auto", "none", "one_device", "mirrored", "multi_worker")
_REFUSED = {
    "tpu": "TPUs are untested and therefore refused",
    "parameter_server": "Keras 3 cannot train with parameter servers",
}


def choose_strategy(name: str = "auto", replicas: int | None = None) -> tf.distribute.Strategy:
    """The strategy of that name.

    Args:
        name: "auto" (every GPU of this machine when there are several, else none), "none" (TensorFlow's default
            placement), "one_device" (the first GPU, or the CPU), "mirrored" (every GPU; without a GPU, `replicas`
            parts of the CPU) or "multi_worker" (every GPU, or the CPU, of every process of the cluster that TF_CONFIG
            or Slurm describes; must come before TensorFlow's first operation).
        replicas: how many replicas "mirrored" has on a machine without GPUs; must be given before TensorFlow runs
            its first operation.

    Raises:
        InputError: unknown name; replicas that this machine or this process cannot give; no cluster, or one that
            cannot be.
        AddressTaken: another process listens at this worker's address.
    """
    if name in _REFUSED:
        raise InputError(f"{_REFUSED[name]}. Received: {name!r}. Known: {', '.join(STRATEGIES)}.")
    if name not in STRATEGIES:
        raise InputError(f"Unknown strategy. Received: {name!r}. {closest(str(name), STRATEGIES)}")
    if replicas is not None and (name != "mirrored" or replicas < 1):
        raise InputError(f"--replicas is a number >= 1 for --strategy mirrored. Received: {replicas} with {name!r}.")
    gpus = tf.config.list_physical_devices("GPU")
    if name == "auto":
        name = "mirrored" if len(gpus) > 1 else "none"
    if name == "multi_worker":
        return _multi_worker()
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "one_device":
        return tf.distribute.OneDeviceStrategy("GPU:0" if gpus else "CPU:0")
    if gpus:
        if replicas is not None and replicas > len(gpus):
            raise InputError(f"There are {len(gpus)} GPUs. Received: --replicas {replicas}.")
        return _mirrored("GPU", replicas or len(gpus))
    return _mirrored("CPU", _split_cpu(replicas))


def share_batches(strategy, source, make):
    """A dataset for `fit` and `evaluate` in which each replica reads its share.

    Args:
        strategy: a `tf.distribute.Strategy`.
        source: the `keraszoo.data.Source` that is read.
        make: function of a share (index, count), see `keraszoo.data.pipeline.batches`.

    Returns:
        `make((0, 1))`, which the strategy splits, on one worker and for data in memory, where a share costs no more to
        read than the whole. Else a distributed dataset of the shares of this worker's replicas.
    """
    _, workers = rank_of(strategy)
    if workers == 1 or source.in_memory:
        return make((0, 1))
    count = strategy.num_replicas_in_sync
    here = count // workers

    def of_worker(context):
        first = context.input_pipeline_id * here
        shares = [make((first + i, count)) for i in range(here)]
        if here == 1:
            return shares[0]
        return tf.data.Dataset.choose_from_datasets(shares, tf.data.Dataset.range(here).repeat())

    return strategy.distribute_datasets_from_function(of_worker)


@functools.cache
def _multi_worker():
    """One strategy per process: it starts the server that the other workers talk to."""
    cluster = cluster_from_environment()
    gpus = tf.config.list_physical_devices("GPU")
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({job: list(addresses) for job, addresses in cluster.addresses.items()}),
        task_type=cluster.task,
        task_id=cluster.index,
        num_accelerators={"GPU": len(gpus)},
        rpc_layer="grpc",
    )
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except RuntimeError as error:
        raise InputError(
            "--strategy multi_worker must be chosen before TensorFlow's first operation. Received: a process that "
            "has already run some."
        ) from error
    except (tf.errors.UnknownError, tf.errors.UnavailableError, tf.errors.InternalError) as error:
        raise AddressTaken(
            f"Another process listens at this worker's address, or it is not of this machine. "
            f"Received: {cluster.address} ({str(error).splitlines()[0]})."
        ) from error
    if threading.current_thread() is threading.main_thread():
        # TensorFlow catches SIGTERM from here on, and does nothing with it: workers could not be stopped.
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    return strategy


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

"""The tf.data service, as a training sees it: a place from which batches are read."""

import dataclasses
import socket

import tensorflow as tf

from ...core.errors import InputError
from ...system.failures import reason
from ..sources.tfds import RecordSplit


@dataclasses.dataclass(frozen=True)
class Service:
    """A tf.data service: machines that read, decode, shuffle and batch for those that train.

    Args:
        address: host:port of its dispatcher; `keraszoo data-service` starts one.
        job: name of the reading. All replicas that read under one name share one stream: each batch goes to one of
            them.

    Raises:
        InputError: an address that is none, or at which nobody answers.
    """

    address: str
    job: str

    def __post_init__(self):
        check_answer(self.address)

    def read(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """`dataset` as the workers of the service compute it; its files are dealt out to them."""
        service = f"grpc://{self.address}"
        name = tf.data.experimental.service.register_dataset(service, dataset, dataset_id=self.job)
        return tf.data.experimental.service.from_dataset_id(
            tf.data.experimental.service.ShardingPolicy.DYNAMIC,
            service,
            name,
            element_spec=dataset.element_spec,
            job_name=self.job,
        )


def check_answer(address):
    """Raises InputError unless `address` is host:port and somebody answers there."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError(f"The address of a tf.data service is written host:port. Received: {address!r}.")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise InputError(
            f"No tf.data service answers at {address}: {reason(error)}. `keraszoo data-service` starts one."
        ) from error


def check_source(source, split):
    """Raises InputError unless a service can read that split: elsewhere, Python functions and arrays are not there."""
    if not isinstance(source.split(split), RecordSplit):
        raise InputError(
            "The tf.data service reads datasets of tfds from their files. "
            f"Received: {source.name}, split {split!r}, which is held in memory or in image files."
        )

"""Everything that decides how a training goes on, as arrays: weights, optimizers, seeds and running metrics."""

import keras
import numpy as np
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.core.replicas import separate_replicas


class ModelState:
    """Reads and writes the state of a compiled model, under any strategy.

    Weights and optimizers are the same on every replica. Seeds follow from the first replica's, see
    `separate_replicas`. The running metrics are each replica's own sums, and kept apart: added up and divided again,
    they would be rounded.
    """

    def __init__(self, model):
        self.model = model
        self._gather = tf.function(self._gather_metrics, autograph=False)

    @property
    def variables(self):
        """Weights, schedules and seeds of the model and its layers, sums of an epoch, the optimizers' variables."""
        variables = [*self.model.variables, *(self.model.epoch_sums.variables if self.model.epoch_sums else ())]
        for optimizer in self.model.optimizers:
            variables += optimizer.variables
        return list({id(variable): variable for variable in variables}.values())

    @property
    def names(self):
        """A line for each of `variables`: path, shape and dtype."""
        return [f"{v.path} {list(v.shape)} {keras.backend.standardize_dtype(v.dtype)}" for v in self.variables]

    def get(self):
        """`{name: array}`, copied; every worker must call it."""
        arrays = {f"variable{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(self.variables)}
        return arrays | {f"metric{i}": values.numpy() for i, values in enumerate(self._gather())}

    def set(self, arrays, names):
        """Puts back what `get` returned; the metrics too, until Keras resets them.

        Args:
            names: those of the state's variables.

        Raises:
            InputError: when these are not the model's variables.
        """
        for ours, theirs in zip(self.names, names, strict=False):
            if ours.split(" ", 1)[1] != theirs.split(" ", 1)[1]:
                raise InputError(f"The checkpoint is of another model. Its variable {theirs} is {ours} here.")
        if len(self.names) != len(names):
            longer, where = (names, "checkpoint") if len(names) > len(self.names) else (self.names, "model")
            first = longer[min(len(names), len(self.names))]
            raise InputError(f"The checkpoint is of another model. Only the {where} has the variable {first}.")
        for i, variable in enumerate(self.variables):
            variable.assign(arrays[f"variable{i}"])
        separate_replicas(self.model)
        self.set_metrics(arrays)

    def set_metrics(self, arrays):
        """Puts back the running metrics; sums of another number of replicas go to the first one."""
        variables = self._metric_variables()
        replicas = self.model.distribute_strategy.num_replicas_in_sync
        saved = [arrays[f"metric{i}"] for i in range(len(variables))]
        if len(saved[0]) != replicas:
            saved = [np.stack([values.sum(axis=0)] + [np.zeros_like(values[0])] * (replicas - 1)) for values in saved]

        def restore():
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            for variable, values in zip(variables, saved, strict=True):
                variable.assign(tf.constant(values)[replica])

        self.model.distribute_strategy.run(tf.function(restore, autograph=False))

    def _metric_variables(self):
        return [variable.value for metric in self.model.metrics for variable in metric.variables]

    def _gather_metrics(self):
        """The metrics' variables, each [replicas, ...]: a sum in which every replica fills its own row."""
        strategy = self.model.distribute_strategy

        def rows():
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            values = [tf.convert_to_tensor(variable) for variable in self._metric_variables()]
            empty = [tf.zeros([strategy.num_replicas_in_sync, *value.shape], value.dtype) for value in values]
            return [
                tf.tensor_scatter_nd_update(zeros, [[replica]], [value])
                for zeros, value in zip(empty, values, strict=True)
            ]

        return strategy.reduce("SUM", strategy.run(rows), axis=None)

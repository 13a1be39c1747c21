"""The sums over an epoch's examples, for the updates in closed form that act at its end."""

import keras
import tensorflow as tf


class EpochSums:
    """Variables in which such updates add up, step by step.

    They are no weights of the model: each epoch starts them anew, so that only a checkpoint within an epoch needs them.

    Args:
        updates: `{name: ClosedForm}`, those of an epoch. Made inside the scope of the model's strategy.
    """

    def __init__(self, updates):
        self._parts = {
            name: {part: self._variable(f"{name}_{part}", shape, update.dtype) for part, shape in update.shapes.items()}
            for name, update in updates.items()
        }
        self._applied = None  # a graph, made when it is first needed

    @staticmethod
    def _variable(name, shape, dtype):
        return keras.Variable(
            tf.zeros(shape, dtype),
            dtype=dtype,
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
            name=name,
        )

    @property
    def variables(self):
        return [variable for parts in self._parts.values() for variable in parts.values()]

    def add(self, name, sums):
        """Adds a step's sums over all replicas to those of an update."""
        for part, value in sums.items():
            self._parts[name][part].assign_add(value)

    def reset(self):
        for variable in self.variables:
            variable.assign(tf.zeros(variable.shape, variable.dtype))

    def apply(self, updates, strategy):
        """Applies the updates to what was added since the last time, if there was anything, on every replica."""
        if not any(keras.ops.convert_to_numpy(variable).any() for variable in self.variables):
            return

        if self._applied is None:
            self._applied = tf.function(lambda: self._apply(updates), autograph=False)
        strategy.run(self._applied)

    def _apply(self, updates):
        for name, parts in self._parts.items():
            updates[name].apply({part: tf.convert_to_tensor(variable) for part, variable in parts.items()})
        self.reset()

"""What every declaration has."""

import math

import numpy as np
import tensorflow as tf

from ..errors import InputError


class Declaration:
    """What an array that a model takes is: see `Input`, `Codes`, `Labels`, `Mask` and `Context`.

    Attributes:
        bounds: (lowest, highest) value that it may hold.
    """

    bounds = (-math.inf, math.inf)
    #: what it is to whoever sends it to a server
    meaning = ""
    #: whether the lowest and the highest number of all tell if they are taken
    told_by_range = True

    def spec(self):
        """The `tf.TensorSpec` of a signature that takes it."""
        raise NotImplementedError

    def random(self, rows, random, like=None):
        """An array of `rows` that the model takes, for trying it out.

        Args:
            random: a numpy generator.
            like: shape of one example, where it decides the target's.
        """
        raise NotImplementedError

    def tensor(self, value, who):
        """The value as the model computes with it; InputError where its structure, shape or dtype is another's.

        Args:
            who: the model's name, for the message.
        """
        raise NotImplementedError

    def summary(self, tensor):
        """Lowest value, highest value and number of NaNs of what `tensor` returned: [3] float32."""
        values = tf.cast(tensor, tf.float32)
        missing = tf.math.is_nan(values)
        lowest = tf.reduce_min(tf.where(missing, np.inf, values))
        highest = tf.reduce_max(tf.where(missing, -np.inf, values))
        return tf.stack([lowest, highest, tf.reduce_sum(tf.cast(missing, tf.float32))])

    def accepts(self, summary):
        """Whether all of the numbers are such as the model takes, a boolean or a tensor of one."""
        least, most = self.bounds
        lowest, highest = summary[0], summary[1]
        inside = (lowest >= least) & (highest <= most) & (lowest > -math.inf) & (highest < math.inf)
        return inside & (summary[2] == 0)

    def check(self, summary, who, whole=False):
        """Raises InputError unless the numbers are such as the model takes.

        Args:
            summary: [3] numbers.
            whole: whether they are those of all examples, not of one batch.
        """
        lowest, highest, missing = (float(value) for value in summary)
        if self.accepts((np.float32(lowest), np.float32(highest), missing)):
            return
        if missing:
            raise InputError(
                f"{who} takes numbers. Received: {missing:.0f} NaN among the values of {self.role}. Drop those "
                "examples, or fill the gaps."
            )
        if math.inf in (-lowest, highest):
            raise InputError(f"{who} takes finite numbers. Received: {self.role} from {lowest:g} to {highest:g}.")
        raise self.outside(lowest, highest, who)

    def counting(self, values):
        """An array without what its numbers are not checked for."""
        return values

    def taken(self, tensor):
        """Of each row of what a server is sent, whether the model takes all of its numbers: [batch] bool."""
        least, most = self.bounds
        inside = tf.ones_like(tensor, tf.bool)
        if least > -math.inf:
            inside &= tensor >= tf.constant(least, tensor.dtype)
        if most < math.inf:
            inside &= tensor <= tf.constant(most, tensor.dtype)
        if tensor.dtype.is_floating:
            inside &= tf.math.is_finite(tensor)
        return tf.reduce_all(inside, axis=range(1, tensor.shape.rank))

    @property
    def neutral(self):
        """A number that may stand in the place of one that is not taken; an array of one for each feature."""
        return np.clip(0, *self.bounds)

    def values(self):
        """What its numbers may be, for whoever sends them: `{"least": ..., "most": ...}`, of what there is."""
        least, most = self.bounds
        return {name: end for name, end in (("least", least), ("most", most)) if math.isfinite(end)}

    def check_learnable(self, values, who):
        """Raises InputError where all values that `fit` is given are fine, but teach nothing."""

    #: what it is to the model, for messages
    role = "x"

    def outside(self, lowest, highest, who):
        """The InputError for numbers outside the bounds."""
        return InputError(f"{who} takes other values. Received: from {lowest:g} to {highest:g}.")

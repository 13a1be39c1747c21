"""What only requests to a server hold: seeds, temperatures, and inputs of which no more than the shape is known."""

import dataclasses

import numpy as np
import tensorflow as tf

from .declaration import Declaration


@dataclasses.dataclass(frozen=True)
class Seed(Declaration):
    """What a row's random numbers follow from: any integer of 64 bits, [batch]."""

    name: str = "seed"
    meaning = "what a row's random numbers follow from: the same seed, the same answer"

    def spec(self):
        return tf.TensorSpec([None], tf.int64, name=self.name)

    def random(self, rows, random, like=None):
        return np.arange(rows)


@dataclasses.dataclass(frozen=True)
class Temperature(Declaration):
    """What a row's noise is multiplied by, [batch]: 0 takes it away, 1 is as the model was trained."""

    name: str = "temperature"
    bounds = (0.0, np.inf)
    meaning = "what the noise is multiplied by; 1 is as the model was trained"

    def spec(self):
        return tf.TensorSpec([None], tf.float32, name=self.name)

    def random(self, rows, random, like=None):
        return np.ones(rows, "float32")


@dataclasses.dataclass(frozen=True)
class Undeclared(Declaration):
    """A tensor of which only a `tf.TensorSpec` is known: any value is answered as the graph answers it."""

    known: tf.TensorSpec

    @property
    def name(self):
        return self.known.name

    def spec(self):
        return self.known

    def random(self, rows, random, like=None):
        """Floats are uniform in [0, 1); integers count the rows from 0; unknown sizes are 32."""
        shape = [rows, *(32 if size is None else size for size in self.known.shape[1:])]
        if self.known.dtype.is_floating:
            return random.random(shape, self.known.dtype.as_numpy_dtype)
        row = np.arange(rows).reshape([rows, *[1] * (len(shape) - 1)])
        if self.known.dtype.name == "string":
            return np.broadcast_to(row.astype("S").astype(object), shape)
        if self.known.dtype.name == "bool":
            return np.broadcast_to(row % 2 == 1, shape)
        return np.broadcast_to(row, shape).astype(self.known.dtype.as_numpy_dtype)

    def taken(self, tensor):
        return tf.ones([tf.shape(tensor)[0]], tf.bool)

"""Examples as codes: what the other applications work on."""

import keras
import numpy as np
import tensorflow as tf

from ..core.errors import InputError
from ..core.types import Array
from ..models.abilities import Encodes, required

BATCH_SIZE = 256


def latent_codes(model: keras.Model, x: Array) -> np.ndarray:
    """The code of each example, as `decode` takes it; of a VAE, the mean of its posterior.

    Args:
        model: any with `encode(x)`, [batch, ...] -> codes [batch, ...].
        x: array [n, ...] as the model takes it, or a `tf.data.Dataset` of batches.

    Returns:
        numpy array [n, ...] float32.

    Raises:
        InputError: a model that does not encode, or no examples.

    Example:
        >>> from keraszoo.models import VAE
        >>> latent_codes(VAE((8, 8, 1), latent_dim=4), np.zeros([3, 8, 8, 1], "float32")).shape
        (3, 4)
    """
    required(model, Encodes)
    codes = [encode(model, batch) for batch in each_batch(x)]
    if not codes:
        raise InputError("At least one example is needed. Received: none.")
    return np.concatenate(codes)


def encode(model, batch):
    """The codes of one batch, as an array."""
    return np.asarray(model.encode(batch), "float32")


def each_batch(x):
    """The batches of a `tf.data.Dataset`, or of an array."""
    if isinstance(x, tf.data.Dataset):
        yield from x
    else:
        for start in range(0, len(x), BATCH_SIZE):
            yield tf.convert_to_tensor(x[start : start + BATCH_SIZE])

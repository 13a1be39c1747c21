"""Encoded images inside a served graph: PNG or JPEG bytes as what the model takes."""

import dataclasses

import numpy as np
import tensorflow as tf

from ...core.inputs import Declaration
from ...scaling import Scaling


@dataclasses.dataclass(frozen=True)
class EncodedImages(Declaration):
    """Images as PNG or JPEG files, [batch] strings, those of a request of one size.

    Attributes:
        channels: 1 or 3.
        scaling: what their values mean.
    """

    channels: int
    scaling: Scaling
    name: str = "image_bytes"
    meaning = "a PNG or JPEG file"

    def spec(self):
        return tf.TensorSpec([None], tf.string, name=self.name)

    def random(self, rows, random, like=(40, 24)):
        return np.array(encoded(random.random([rows, *like, self.channels]), self.scaling), object)

    def taken(self, tensor):
        return tf.ones(tf.shape(tensor), tf.bool)  # what cannot be decoded is an error


def decoded(image_bytes, channels, scaling):
    """PNG or JPEG images as the model sees them. All must have one size.

    Args:
        image_bytes: [batch] strings.
        channels: 1 or 3.
        scaling: a `keraszoo.scaling.Scaling` of "uint8" or "uint16". An image of the other depth is an error: its
            values would mean something else.

    Returns:
        [batch, height, width, channels] float32 from 0 to 1.
    """
    deep = scaling.dtype == "uint16"
    dtype, message = tf.as_dtype(scaling.dtype), f"the model takes images of {16 if deep else 8} bits a channel"

    def decode(encoded):
        with tf.control_dependencies([tf.debugging.assert_equal(is_deep(encoded), deep, message)]):
            return tf.io.decode_png(encoded, channels, dtype)

    return scaling(tf.map_fn(decode, image_bytes, fn_output_signature=tf.TensorSpec([None, None, channels], dtype)))


def encoded(values, scaling):
    """Images [batch, height, width, channels] of values from 0 to 1 as PNG, an array of bytes."""
    return [tf.io.encode_png(image).numpy() for image in scaling.stored(values)]


def is_deep(image_bytes):
    """Whether an encoded image is a PNG of 16 bits a channel, as the byte 24 of its header says: a boolean tensor."""
    start = tf.strings.join([tf.strings.substr(image_bytes, 0, 26), tf.constant(b"\0" * 26)])
    header, png = (tf.io.decode_raw(text, tf.uint8) for text in (start, tf.constant(b"\x89PNG\r\n\x1a\n")))
    return tf.reduce_all(header[:8] == png) & (header[24] == 16)

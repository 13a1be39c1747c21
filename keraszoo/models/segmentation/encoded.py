"""Encoded images inside a served graph: PNG or JPEG bytes as what the model takes."""

import dataclasses

import numpy as np
import tensorflow as tf

from ...core.inputs import Declaration
from ...scaling import Scaling

PNG = b"\x89PNG\r\n\x1a\n"  # how it begins


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


def decoded(image_bytes, channels, scaling, most):
    """PNG or JPEG images as the model sees them. All must have one size.

    Their sizes are read from their headers, and too many pixels are refused before any is decoded: a file of some
    kilobytes can hold a gigabyte of them.

    Args:
        image_bytes: [batch] strings.
        channels: 1 or 3.
        scaling: a `keraszoo.scaling.Scaling` of "uint8" or "uint16". An image of the other depth is an error: its
            values would mean something else.
        most: pixels that all images together may have.

    Returns:
        [batch, height, width, channels] float32 from 0 to 1.
    """
    deep = scaling.dtype == "uint16"
    dtype, message = tf.as_dtype(scaling.dtype), f"the model takes images of {16 if deep else 8} bits a channel"
    signature = tf.TensorSpec([2], tf.int64)
    sizes = tf.map_fn(encoded_size, image_bytes, fn_output_signature=signature)
    pixels = tf.reduce_sum(tf.reduce_prod(sizes, 1))
    said = f"the images of a request may have {most} pixels together, these have (height, width)"
    few = tf.debugging.Assert(pixels <= most, [said, sizes], summarize=8)

    def decode(encoded):
        with tf.control_dependencies([tf.debugging.assert_equal(is_deep(encoded), deep, message)]):
            return tf.io.decode_png(encoded, channels, dtype)

    with tf.control_dependencies([few]):
        image_bytes = tf.identity(image_bytes)
    return scaling(tf.map_fn(decode, image_bytes, fn_output_signature=tf.TensorSpec([None, None, channels], dtype)))


def encoded_size(image_bytes):
    """(height, width) of an encoded image as its header says, [2] int64; others than PNG and JPEG are an error.

    The width of a PNG is the number in its bytes 16 to 19, the height that in 20 to 23.
    """
    png = tf.strings.substr(tf.strings.join([image_bytes, tf.constant(b"\0" * 24)]), 0, 24)

    def of_png():
        numbers = tf.io.decode_raw(tf.strings.substr(png, 16, 8), tf.uint8)
        values = tf.cast(tf.reshape(numbers, [2, 4]), tf.int64) * tf.constant([2**24, 2**16, 2**8, 1], tf.int64)
        return tf.reverse(tf.reduce_sum(values, 1), [0])

    def of_jpeg():
        return tf.cast(tf.io.extract_jpeg_shape(image_bytes)[:2], tf.int64)

    return tf.cond(tf.strings.substr(png, 0, 8) == PNG, of_png, of_jpeg)


def encoded(values, scaling):
    """Images [batch, height, width, channels] of values from 0 to 1 as PNG, an array of bytes."""
    return [tf.io.encode_png(image).numpy() for image in scaling.stored(values)]


def is_deep(image_bytes):
    """Whether an encoded image is a PNG of 16 bits a channel, as the byte 24 of its header says: a boolean tensor."""
    start = tf.strings.join([tf.strings.substr(image_bytes, 0, 26), tf.constant(b"\0" * 26)])
    header, png = (tf.io.decode_raw(text, tf.uint8) for text in (start, tf.constant(PNG)))
    return tf.reduce_all(header[:8] == png) & (header[24] == 16)

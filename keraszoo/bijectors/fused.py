"""A TFP bijector that computes its value and its log-determinant together."""

import keras
import tensorflow as tf
from tensorflow_probability.python import bijectors as tfb
from tensorflow_probability.python.internal import cache_util

from ..core.types import Array


class FusedBijector(tfb.Bijector):
    """A `Transform` as a `tfb.Bijector` from z to x: one pass gives the value and the log-determinant.

    TFP's own bijectors compute the value again for its log-determinant. Here whichever is asked for first leaves both
    in TFP's cache of the tensor, so `tfb.Chain`, `tfb.Invert` and `tfd.TransformedDistribution` pay once.

    It lives as long as the call that made it: see `Transform.bijector`.

    Args:
        transform: a `Transform`.
        context: None, or [..., context_dim], whose leading dimensions and those of z or x are broadcast.
        training: passed on to the transform.
    """

    _cache = cache_util.BijectorCacheWithGreedyAttrs(forward_name="_fused_forward", inverse_name="_fused_inverse")

    def __init__(
        self,
        transform: keras.layers.Layer,
        context: Array | None = None,
        training: bool = False,
        name: str | None = None,
    ) -> None:
        parameters = dict(locals())
        self._transform, self._context, self._training = transform, context, training
        super().__init__(
            forward_min_event_ndims=len(transform.latent_shape),
            inverse_min_event_ndims=len(transform.event_shape),
            dtype=tf.as_dtype(transform.precision),
            parameters=parameters,
            name=name or transform.name,
        )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    def _rows(self, value, event_shape, method):
        """The method's results for `value` of shape [..., *event_shape], all leading dimensions as one batch."""
        leading = tf.shape(value)[: value.shape.rank - len(event_shape)]
        known, context = value.shape[: value.shape.rank - len(event_shape)], self._context
        if known.rank == 1 and (context is None or context.shape.rank == 2 and context.shape[:1] == known):
            return method(value, context, self._training)
        if context is not None:
            leading = tf.broadcast_dynamic_shape(leading, tf.shape(context)[:-1])
            value = tf.broadcast_to(value, tf.concat([leading, event_shape], 0))
            context = tf.broadcast_to(context, tf.concat([leading, [context.shape[-1]]], 0))
            context = tf.reshape(context, [-1, context.shape[-1]])
        result, log_det = method(tf.reshape(value, [-1, *event_shape]), context, self._training)
        result = tf.reshape(result, tf.concat([leading, tf.shape(result)[1:]], 0))
        log_det = tf.reshape(log_det, leading)
        return result, log_det

    def _fused_forward(self, z):
        x, log_det = self._rows(z, self._transform.latent_shape, self._transform.forward_and_log_det)
        return x, {"fldj": log_det, "ildj": -log_det}

    def _fused_inverse(self, x):
        z, log_det = self._rows(x, self._transform.event_shape, self._transform.inverse_and_log_det)
        return z, {"ildj": log_det, "fldj": -log_det}

    def _forward(self, z):
        return self._fused_forward(z)[0]

    def _inverse(self, x):
        return self._fused_inverse(x)[0]

    def _forward_log_det_jacobian(self, z):
        known = self._cache.forward_attributes(z)
        if "fldj" not in known:
            known.update(self._fused_forward(z)[1])
        return known["fldj"]

    def _inverse_log_det_jacobian(self, x):
        known = self._cache.inverse_attributes(x)
        if "ildj" not in known:
            known.update(self._fused_inverse(x)[1])
        return known["ildj"]

    def _forward_event_shape(self, shape):
        return _replaced(shape, self._transform.latent_shape, self._transform.event_shape)

    def _inverse_event_shape(self, shape):
        return _replaced(shape, self._transform.event_shape, self._transform.latent_shape)

    def _forward_event_shape_tensor(self, shape):
        return _replaced_tensor(shape, self._transform.latent_shape, self._transform.event_shape)

    def _inverse_event_shape_tensor(self, shape):
        return _replaced_tensor(shape, self._transform.event_shape, self._transform.latent_shape)


def _replaced(shape, old, new):
    if shape.rank is None:
        return tf.TensorShape(None)
    return shape[: shape.rank - len(old)].concatenate(new)


def _replaced_tensor(shape, old, new):
    return tf.concat([shape[: tf.size(shape) - len(old)], tf.constant(new, tf.int32)], 0)

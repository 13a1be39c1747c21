"""The guards in front of each signature.

A request whose shapes are wrong is answered with an error: some kernels would abort the whole server. Numbers that mean
nothing to the model are no error, as a server merges the requests of several clients into one batch, which would fail
for all of them. The row that holds them is answered with what no answer looks like, see `MEANINGLESS`.
"""

import math

import tensorflow as tf

from keraszoo.core.errors import InputError

#: by the output's dtype, what is answered to a row that the model does not take; dtypes that can cross JSON
MEANINGLESS = {tf.float32: math.nan, tf.int32: -1, tf.int64: -1, tf.bool: False, tf.string: ""}


def guarded(name, method, declarations, inputs):
    """What a signature answers: `{output name: tensor}`, each with the batch as its first dimension.

    Args:
        name: of the signature.
        method: takes a tensor for each declaration and returns `{output name: tensor}`.
        declarations: `keraszoo.core.inputs.Declaration`s.
        inputs: tensors as they came.

    Raises:
        InputError: outputs that cannot be served.
    """
    inputs = _of_one_length(name, declarations, inputs)
    taken = tf.reduce_all([declared.taken(tensor) for declared, tensor in zip(declarations, inputs, strict=True)], 0)
    inputs = [
        tf.where(_beside(taken, tensor), tensor, tf.cast(declared.neutral, tensor.dtype))
        if tensor.dtype in (tf.float32, tf.int32, tf.int64)
        else tensor
        for declared, tensor in zip(declarations, inputs, strict=True)
    ]
    outputs = method(*inputs)
    if not isinstance(outputs, dict) or not outputs:
        raise InputError(f"Signature {name!r} must return a dict of named outputs. Received: {outputs!r}.")
    outputs = {key: _served(name, key, output, taken.shape) for key, output in outputs.items()}
    return {
        key: tf.where(_beside(taken, output), output, tf.constant(MEANINGLESS[output.dtype], output.dtype))
        for key, output in outputs.items()
    }


def _of_one_length(name, declarations, inputs):
    """The inputs, once their shapes are those that were declared and they have one number of rows."""
    specs = [declared.spec() for declared in declarations]
    inputs = [tf.ensure_shape(tensor, spec.shape) for tensor, spec in zip(inputs, specs, strict=True)]
    rows = tf.shape(inputs[0])[0]
    same = [
        tf.debugging.assert_equal(tf.shape(tensor)[0], rows, f"inputs of {name} differ in their number of rows")
        for tensor in inputs[1:]
    ]
    with tf.control_dependencies(same):  # no kernel may see them before
        return [tf.identity(tensor) for tensor in inputs]


def _beside(rows, tensor):
    """[batch] with axes of size 1 behind, as many as the tensor has."""
    if tensor.shape.rank is None:
        return tf.reshape(rows, tf.concat([[-1], tf.ones([tf.rank(tensor) - 1], tf.int32)], 0))
    return tf.reshape(rows, [-1] + [1] * (tensor.shape.rank - 1))


def _served(signature, name, output, rows):
    """`output` in a dtype that a server can write as JSON, checked; `rows` is the shape of the batch."""
    output = tf.convert_to_tensor(output)
    if output.dtype in (tf.float16, tf.bfloat16):
        output = tf.cast(output, tf.float32)
    if output.dtype not in MEANINGLESS:
        raise InputError(
            f"Output {name!r} of signature {signature!r} cannot cross JSON: its dtype must be one of "
            f"{', '.join(dtype.name for dtype in MEANINGLESS)}. Received: {output.dtype.name}."
        )
    if output.shape.rank is not None and (not output.shape.rank or output.shape[0] not in (None, rows[0])):
        raise InputError(
            f"Output {name!r} of signature {signature!r} must have the batch as its first dimension. "
            f"Received: shape {output.shape}."
        )
    return output

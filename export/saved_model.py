"""Writes a model as a SavedModel that holds its graphs and each weight once, and nothing of Python."""

import re
from pathlib import Path

import numpy as np
import tensorflow as tf

from keraszoo.core.errors import InputError

from . import golden
from .float32 import in_float32

#: what a server can read from JSON and write to it
DTYPES = (tf.float32, tf.int32, tf.int64, tf.bool, tf.string)


def write(model, directory):
    """Writes the model's serving signatures, with golden examples of what they answer, into `directory`.

    The first signature is also the server's default. Models that compute in half precision are written in float32.

    Args:
        model: a ZooModel. Where random inputs will not do, as for encoded images, its method `serving_examples()`
            returns better ones: `{signature: {input name: array}}`.
        directory: path of an existing or new directory.

    Returns:
        The number of parameters in the artifact.

    Raises:
        InputError: when the model serves nothing, or a signature cannot be served (see `serving_signatures`).
    """
    model = in_float32(model)
    signatures = _signatures(model)
    functions = {name: _traced(name, method, specs) for name, (method, specs) in signatures.items()}
    # Saving the Keras model itself would store every weight twice, or need Python to find its variables.
    module = tf.Module()
    module.weights = _variables_of(functions.values())
    default = next(iter(functions))
    tf.saved_model.save(module, str(directory), signatures={"serving_default": functions[default], **functions})
    golden.save(Path(directory) / golden.FILE, _golden_examples(model, signatures, functions))
    return sum(variable.shape.num_elements() for variable in module.weights)


def _signatures(model):
    """`model.serving_signatures()`, checked."""
    try:
        signatures = model.serving_signatures()
    except NotImplementedError as error:
        raise InputError(str(error)) from None
    if not signatures:
        raise InputError(f"{type(model).__name__} has nothing to serve: serving_signatures() is empty.")
    for name, (_, specs) in signatures.items():
        if not re.fullmatch(r"[A-Za-z]\w*", name) or name == "serving_default":
            raise InputError(
                f"A signature's name must be an identifier other than serving_default. Received: {name!r}."
            )
        if not specs:
            raise InputError(f"Signature {name!r} has no inputs; a server can only call one that has at least one.")
        for spec in specs:
            _check_input(name, spec)
        names = [spec.name for spec in specs]
        if len(set(names)) < len(names):
            raise InputError(f"The inputs of signature {name!r} must have different names. Received: {names}.")
    return signatures


def _check_input(signature, spec):
    if not re.fullmatch(r"[A-Za-z]\w*", spec.name or ""):
        raise InputError(f"Each input of signature {signature!r} needs an identifier as name. Received: {spec}.")
    if spec.shape.rank is None or spec.shape.rank == 0 or spec.shape[0] is not None:
        raise InputError(
            f"Input {spec.name!r} of signature {signature!r} must have the batch, None, as its first dimension. "
            f"Received: shape {spec.shape}."
        )
    if spec.dtype not in DTYPES:
        raise InputError(
            f"Input {spec.name!r} of signature {signature!r} cannot cross JSON: its dtype must be one of "
            f"{', '.join(dtype.name for dtype in DTYPES)}. Received: {spec.dtype.name}."
        )


def _traced(name, method, specs):
    """The concrete function of a signature."""

    def serve(*inputs):
        return _answer(name, method, specs, inputs)

    return tf.function(serve, input_signature=specs, autograph=False).get_concrete_function()


def _answer(name, method, specs, inputs):
    """What the signature answers, behind the guards without which a malformed request can abort the whole server."""
    inputs = [tf.ensure_shape(tensor, spec.shape) for tensor, spec in zip(inputs, specs, strict=True)]
    rows = tf.shape(inputs[0])[0]
    same = [
        tf.debugging.assert_equal(tf.shape(tensor)[0], rows, f"inputs of {name} differ in their number of rows")
        for tensor in inputs[1:]
    ]
    with tf.control_dependencies(same):  # no kernel may see them before
        inputs = [tf.identity(tensor) for tensor in inputs]
    outputs = method(*inputs)
    if not isinstance(outputs, dict) or not outputs:
        raise InputError(f"Signature {name!r} must return a dict of named outputs. Received: {outputs!r}.")
    return {key: _served(name, key, output) for key, output in outputs.items()}


def _served(signature, name, output):
    """`output` in a dtype that a server can write as JSON, checked."""
    output = tf.convert_to_tensor(output)
    if output.dtype in (tf.float16, tf.bfloat16):
        output = tf.cast(output, tf.float32)
    if output.dtype not in DTYPES:
        raise InputError(
            f"Output {name!r} of signature {signature!r} cannot cross JSON: its dtype must be one of "
            f"{', '.join(dtype.name for dtype in DTYPES)}. Received: {output.dtype.name}."
        )
    if output.shape.rank == 0:
        raise InputError(
            f"Output {name!r} of signature {signature!r} must have the batch as its first dimension. "
            f"Received: shape {output.shape}."
        )
    return output


def _variables_of(functions):
    """The variables that the signatures use: a discriminator, say, need not be served."""
    return list({id(variable): variable for function in functions for variable in function.graph.variables}.values())


def _golden_examples(model, signatures, functions):
    """`{signature: (inputs, outputs)}`: the answers of the Keras model itself, computed on the CPU.

    They are those of the compiled methods, as compiling fuses operations and so changes the last bits; that the
    methods answer the same from Python is checked here.
    """
    own_inputs = model.serving_examples()
    examples = {}
    for name, (method, specs) in signatures.items():
        inputs = own_inputs.get(name) or golden.inputs_for(specs)
        try:
            with tf.device("/CPU:0"):
                tensors = [tf.constant(inputs[spec.name], spec.dtype) for spec in specs]
                inputs = {spec.name: tensor.numpy() for spec, tensor in zip(specs, tensors, strict=True)}
                outputs = {key: output.numpy() for key, output in functions[name](*tensors).items()}
                from_python = _answer(name, method, specs, tensors)
        except tf.errors.InvalidArgumentError as error:
            raise InputError(
                f"Signature {name!r} must answer its golden inputs; serving_examples() can give better ones. "
                f"Received: {error.message.splitlines()[0]}"
            ) from error
        for key, output in outputs.items():
            if output.dtype == np.float32 and not _close(output, from_python[key].numpy()):
                raise InputError(
                    f"Signature {name!r} must answer from Python what its graph answers, but {key!r} differs. "
                    "Randomness must come from tf.random.stateless_* and a seed among the inputs."
                )
        examples[name] = (inputs, outputs)
    return examples


def _close(a, b):
    """Whether two arrays agree but for rounding, which may push a few values across a threshold."""
    return a.shape == b.shape and np.mean(np.isclose(a, b, 1e-3, 1e-4, equal_nan=True)) > 0.99

"""Writes a model as a SavedModel that holds its graphs and each weight once, and nothing of Python."""

import re
from pathlib import Path

import numpy as np
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.core.inputs import Declaration, Undeclared

from .contents import golden
from .float32 import in_float32
from .guards import MEANINGLESS, guarded


def write(model, directory):
    """Writes the model's serving signatures, with golden examples of what they answer, into `directory`.

    The first signature is also the server's default. Models that compute in half precision are written in float32.

    Args:
        model: a ZooModel. Its golden inputs are random draws of its declarations (`Declaration.random`).
        directory: path of an existing or new directory.

    Returns:
        The number of parameters in the artifact, and what each signature's inputs may hold,
        `{signature: {input name: {"meaning": ..., "least": ..., "most": ...}}}`, of what is known.

    Raises:
        InputError: when the model serves nothing, or a signature cannot be served (see `serving_signatures`).
    """
    model = in_float32(model)
    signatures = _signatures(model)
    functions = {name: _traced(name, *signature) for name, signature in signatures.items()}
    # Saving the Keras model itself would store every weight twice, or need Python to find its variables.
    module = tf.Module()
    module.weights = _variables_of(functions.values())
    default = next(iter(functions))
    named = golden.with_aliases(functions) | {"serving_default": functions[default]}
    tf.saved_model.save(module, str(directory), signatures=named)
    golden.save(Path(directory) / golden.FILE, _golden_examples(signatures, functions))
    values = {
        name: {each.name: {"meaning": each.meaning, **each.values()} for each in declarations}
        for name, (_, declarations) in golden.with_aliases(signatures).items()
    }
    return sum(variable.shape.num_elements() for variable in module.weights), values


def _signatures(model):
    """`model.serving_signatures()`, checked."""
    try:
        signatures = model.serving_signatures()
    except NotImplementedError as error:
        raise InputError(str(error)) from None
    if not signatures:
        raise InputError(f"{type(model).__name__} has nothing to serve: serving_signatures() is empty.")
    signatures = {
        name: (method, [each if isinstance(each, Declaration) else Undeclared(each) for each in inputs])
        for name, (method, inputs) in signatures.items()
    }
    for name, (_, declarations) in signatures.items():
        specs = [declared.spec() for declared in declarations]
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
    if spec.dtype not in MEANINGLESS:
        raise InputError(
            f"Input {spec.name!r} of signature {signature!r} cannot cross JSON: its dtype must be one of "
            f"{', '.join(dtype.name for dtype in MEANINGLESS)}. Received: {spec.dtype.name}."
        )


def _traced(name, method, declarations):
    """The concrete function of a signature."""

    def serve(*inputs):
        return guarded(name, method, declarations, inputs)

    specs = [declared.spec() for declared in declarations]
    return tf.function(serve, input_signature=specs, autograph=False).get_concrete_function()


def _variables_of(functions):
    """The variables that the signatures use: a discriminator, say, need not be served."""
    return list({id(variable): variable for function in functions for variable in function.graph.variables}.values())


def _golden_examples(signatures, functions):
    """`{signature: (inputs, outputs)}`: the answers of the Keras model itself, computed on the CPU.

    They are those of the compiled methods, as compiling fuses operations and so changes the last bits; that the
    methods answer the same from Python is checked here.
    """
    examples = {}
    for name, (method, declarations) in signatures.items():
        inputs = golden.inputs_for(declarations)
        try:
            with tf.device("/CPU:0"):
                tensors = [tf.constant(inputs[each.name], each.spec().dtype) for each in declarations]
                inputs = {each.name: tensor.numpy() for each, tensor in zip(declarations, tensors, strict=True)}
                outputs = {key: output.numpy() for key, output in functions[name](*tensors).items()}
                from_python = guarded(name, method, declarations, tensors)
        except tf.errors.InvalidArgumentError as error:
            raise InputError(
                f"Signature {name!r} must answer its golden inputs; a declaration of your own gives better ones, see "
                f"`keraszoo.core.inputs.Declaration.random`. Received: {error.message.splitlines()[0]}"
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

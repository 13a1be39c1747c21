"""LiteRT (TensorFlow Lite) files of an exported version: one file with every signature that its kernels can run."""

import contextlib
import io
import re
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keraszoo.core.errors import InputError, closest
from keraszoo.runs.drafts import write_whole
from keraszoo.system.failures import reason as why

from . import graph
from .contents import golden

WEIGHTS = ("float32", "float16", "int8")
#: operations without a kernel of LiteRT's own: regular expression of their names, and why
_WITHOUT_KERNEL = {
    r"Stateless(Random|Truncated|Parameterized|Multinomial).*": "its random numbers have no kernel in LiteRT",
    r"Decode(Png|Jpeg|Image|Raw|PaddedRaw)|EncodePng|StringSplit.*|Substr": "images are not decoded by LiteRT",
}


class Lite(NamedTuple):
    """What became of a version.

    Attributes:
        path: of the file.
        bytes: its size.
        differences: `{signature: {output: difference}}` to the golden answers: of floats the largest absolute
            difference, of other numbers the share that differs.
        left_out: `{signature: why it is not in the file}`.
    """

    path: Path
    bytes: int
    differences: dict
    left_out: dict


def to_lite(directory, out, weights="float32"):
    """Writes a .tflite file and tells how far its answers are from those of the version.

    The kernels are LiteRT's own alone, so that its smallest runtime runs it. Computations are in float32.

    Args:
        directory: of a version.
        out: path of the file.
        weights: "float32"; "float16" halves the file; "int8" takes a quarter: large weights are integers with a scale
            for each channel, and are made floats again as they are used.

    Returns:
        A `Lite`.

    Raises:
        InputError: unknown weights, no signature that can be converted, a file that cannot be written.
    """
    if weights not in WEIGHTS:
        raise InputError(f"Unknown weights. Received: {weights!r}. {closest(str(weights), WEIGHTS)}")
    directory, out = Path(directory), Path(out)
    meta_graph, examples = graph.read(directory), golden.load(directory / golden.FILE)
    left_out = {name: reason for name in examples if (reason := _without_kernel(meta_graph, name))}
    names = [name for name in examples if name not in left_out]
    try:
        content = _converted(directory, names, weights) if names else None
    except InputError:  # of which signature, is told by each alone
        found = {name: _attempt(directory, name, weights) for name in names}
        left_out |= {name: reason for name, reason in found.items() if reason}
        names = [name for name in names if name not in left_out]
        content = _converted(directory, names, weights) if names else None
    if content is None:
        told = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise InputError(f"No signature of {directory} can be converted. {told}.")
    try:
        write_whole(out, content)
    except OSError as error:
        raise InputError(f"Cannot write {out}: {why(error)}.") from error
    return Lite(out, len(content), _differences(content, {name: examples[name] for name in names}), left_out)


def _without_kernel(meta_graph, signature):
    """Why a signature cannot be converted, as its operations say; None where they do not."""
    operations, _ = graph.reachable(meta_graph, meta_graph.signature_def[signature])
    found = (
        said for operation in operations for known, said in _WITHOUT_KERNEL.items() if re.fullmatch(known, operation)
    )
    return next(found, None)


def _attempt(directory, signature, weights):
    """Why a signature cannot be converted; None where it can."""
    try:
        _converted(directory, [signature], weights)
    except InputError as error:
        return str(error)
    return None


def _converted(directory, signatures, weights):
    """The bytes of a file of these signatures."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(directory), signature_keys=signatures)
    if weights != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return converter.convert()
    except Exception as error:  # the converter's own, of several kinds
        kernels = re.findall(r"\btf\.([A-Z]\w*)", str(error))
        what = (
            f"LiteRT has no kernel for {', '.join(sorted(set(kernels))[:3])}"
            if kernels
            else str(error).split("\n")[0][:120]
        )
        raise InputError(what) from error


def _differences(content, examples):
    """`{signature: {output: difference}}` of the file's answers to the golden ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that tf.lite.Interpreter will move to a package of its own
        interpreter = tf.lite.Interpreter(model_content=content)
    found = {}
    for name, (inputs, outputs) in examples.items():
        answer = interpreter.get_signature_runner(name)(**inputs)
        found[name] = {key: _difference(answer[key], want) for key, want in outputs.items()}
    return found


def _difference(got, want):
    if want.dtype == np.float32:
        return float(np.max(np.abs(got - want), initial=0.0))
    return float(np.mean(np.asarray(got) != np.asarray(want)))

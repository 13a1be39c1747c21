"""SavedModels that have every corner of the API: many dtypes, scalars, strings, no inputs, unequal batches."""

import tensorflow as tf

from keraszoo.export.contents import manifest

F32, F64, F16 = tf.float32, tf.float64, tf.float16
I32, I64 = tf.int32, tf.int64


def write_all(root):
    """Writes `half_plus_two` in two versions, `multi` and `examples` into a directory."""
    for number, offset in {123: 2.0, 124: 12.0}.items():
        save(root / "half_plus_two" / str(number), {"serving_default": (half_plus(offset), {"x": (None, F32)})})
    save(root / "multi" / "1", MULTI)
    save(root / "examples" / "1", EXAMPLES)


def save(path, signatures):
    """Writes functions with their inputs, `{signature: (function, {wire name: (shape, dtype)})}`."""
    module, concrete = tf.Module(), {}
    for name, (function, inputs) in signatures.items():
        specs = [tf.TensorSpec(shape, dtype, name=key) for key, (shape, dtype) in inputs.items()]
        concrete[name] = tf.function(function, input_signature=specs, autograph=False).get_concrete_function()
    tf.saved_model.save(module, str(path), signatures=concrete)


def describe(version, name):
    """Writes the manifest of a SavedModel that no model of ours made."""
    source, nothing = {"model": "", "recipe": None}, {"parameters": 0, "signatures": {}, "batching": "", "warm_up": ""}
    manifest.write(version, name=name, source=source, **nothing)


def half_plus(offset):
    def function(x):
        return {"y": 0.5 * x + offset}

    return function


def _sum(a, b):
    return {"sum": tf.ensure_shape(a, [None, 2]) + tf.cast(b, F32)[:, None], "twice": 2 * b}


def _strings(s):
    return {"echo_bytes": tf.identity(s), "length": tf.strings.length(s)}


def _text(s):
    return {"text": tf.identity(s)}


def _same(x):
    return {"y": tf.identity(x)}


def _image(image):
    return {"m": tf.reduce_mean(tf.ensure_shape(image, [None, 4, 4, 1]), [1, 2, 3])}


def _scalars(n, seed):
    return {"x": tf.random.stateless_normal([n, 3], seed)}


def _slow(x):
    """Takes about as many milliseconds as its greatest number says (it waits for rounds of a small product)."""

    def step(count, square):
        return count + 1, tf.tanh(square @ square)

    rounds = tf.cast(tf.reduce_max(x), I32)
    _, square = tf.while_loop(lambda count, _: count < rounds, step, [0, tf.ones([160, 160])])
    return {"y": x + 0 * square[0, 0]}


def _parsed(name):
    def parse(inputs):
        return tf.io.parse_example(inputs, {name: tf.io.FixedLenFeature([], F32)})[name]

    return parse


def _classify(inputs):
    x = _parsed("x")(inputs)
    classes = tf.broadcast_to(tf.constant([["small", "large"]]), [tf.shape(x)[0], 2])
    return {"classes": classes, "scores": tf.stack([1 - x, x], axis=1)}


EXAMPLES = {
    "serving_default": (lambda x: {"y": tf.identity(x)}, {"x": ([None], F32)}),
    "classify": (_classify, {"inputs": ([None], tf.string)}),
    "scores": (lambda inputs: {"scores": _parsed("x")(inputs)[:, None]}, {"inputs": ([None], tf.string)}),
    "regress": (lambda inputs: {"outputs": 2 * _parsed("x")(inputs)}, {"inputs": ([None], tf.string)}),
    "columns": (lambda inputs: {"outputs": 2 * _parsed("x")(inputs)[:, None]}, {"inputs": ([None], tf.string)}),
    "wide": (lambda inputs: {"outputs": tf.ones([tf.size(inputs), 2])}, {"inputs": ([None], tf.string)}),
    "whole": (lambda inputs: {"outputs": tf.size(inputs) + tf.zeros_like(tf.strings.length(inputs))},
              {"inputs": ([None], tf.string)}),
}  # fmt: skip

MULTI = {
    "serving_default": (_sum, {"a": ([None, 2], F32), "b": ([None], I32)}),
    "strings": (_strings, {"s": ([None], tf.string)}),
    "text": (_text, {"s": (None, tf.string)}),
    "ident": (_same, {"x": (None, F32)}),
    "dbl": (_same, {"x": (None, F64)}),
    "i8": (_same, {"x": (None, tf.int8)}),
    "u8": (_same, {"x": (None, tf.uint8)}),
    "i16": (_same, {"x": (None, tf.int16)}),
    "i32": (_same, {"x": (None, I32)}),
    "i64": (_same, {"x": (None, I64)}),
    "u32": (_same, {"x": (None, tf.uint32)}),
    "u64": (_same, {"x": (None, tf.uint64)}),
    "flag": (lambda x: {"y": tf.logical_not(x)}, {"x": (None, tf.bool)}),
    "scalar_out": (lambda x: {"mean": tf.reduce_mean(x)}, {"x": ([None], F32)}),
    "ragged_batch": (lambda x: {"first": x[:1], "all": tf.identity(x)}, {"x": ([None], F32)}),
    "half_out": (lambda x: {"y": tf.cast(x, F16)}, {"x": ([None], F32)}),
    "half_in": (lambda x: {"y": tf.cast(x, F32)}, {"x": ([None], F16)}),
    "image": (_image, {"x": ([None, 4, 4, 1], F32)}),
    "scalars": (_scalars, {"n": ([], I32), "seed": ([2], I32)}),
    "noinput": (lambda: {"y": tf.constant([1, 2])}, {}),
    "slow": (_slow, {"x": ([None], F32)}),
}

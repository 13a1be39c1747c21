"""Golden examples: inputs for each signature and the Keras model's answers, kept beside the exported graphs.

They are one .npz file with an entry `signature/inputs/name` or `signature/outputs/name` per tensor. Tensors of strings
take two entries, their bytes and their lengths, so that reading the file never runs pickled code. A signature of two
names has one example.

This module needs NumPy only: it is also read where no TensorFlow is imported.
"""

import numpy as np

#: where it lies in a version; servers leave assets.extra alone
FILE = "assets.extra/golden.npz"
ROWS = 3
#: other names under which signatures are served
ALIASES = {"generate": "sample"}


def inputs_for(declarations, rows=ROWS):
    """Inputs of `rows` examples that the declarations take, always the same ones: `{name: array}`."""
    generator = np.random.default_rng(0)
    return {declared.name: declared.random(rows, generator) for declared in declarations}


def save(path, examples):
    """Writes `{signature: ({name: array}, {name: array})}`, inputs and outputs, to `path`."""
    entries = {}
    for signature, tensors in examples.items():
        for side, arrays in zip(("inputs", "outputs"), tensors, strict=True):
            for name, array in arrays.items():
                entries.update(_entries(f"{signature}/{side}/{name}", np.asarray(array)))
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **entries)


def _entries(key, array):
    if array.dtype != object:
        return {key: array}
    strings = [bytes(string) for string in array.ravel()]
    lengths = np.array([len(string) for string in strings], np.int64).reshape(array.shape)
    return {f"{key}/bytes": np.frombuffer(b"".join(strings), np.uint8), f"{key}/lengths": lengths}


def load(path):
    """What `save` wrote, and the same under other names: `{signature: ({name: array}, {name: array})}`.

    Strings are arrays of bytes objects.
    """
    examples = {}
    with np.load(path, allow_pickle=False) as entries:
        for key in entries.files:
            signature, side, name, *part = key.split("/")
            if part == ["lengths"]:
                continue
            array = entries[key]
            if part == ["bytes"]:
                array = _strings(array.tobytes(), entries[f"{signature}/{side}/{name}/lengths"])
            inputs, outputs = examples.setdefault(signature, ({}, {}))
            (inputs if side == "inputs" else outputs)[name] = array
    return with_aliases(examples)


def with_aliases(of_signatures):
    """`{signature: anything}`, and the same under the signatures' other names."""
    return of_signatures | {alias: of_signatures[name] for alias, name in ALIASES.items() if name in of_signatures}


def _strings(joined, lengths):
    strings = np.empty(lengths.shape, object)
    ends = np.cumsum(lengths.ravel())
    strings.ravel()[:] = [joined[end - length : end] for end, length in zip(ends, lengths.ravel(), strict=True)]
    return strings

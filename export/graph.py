"""Reads an exported graph without running it: what it serves, and what in it no server should run."""

import collections
import re
from pathlib import Path

import tensorflow as tf

from keraszoo.core.errors import InputError

from .guards import MEANINGLESS

# regular expression of whole operation names: why they are refused
_REFUSED = {
    r"(Eager)?PyFunc(Stateless)?": "needs Python",
    r"Xla.*": "needs XLA, which the server switches off",
    r"(Read|Write|Matching)Files?|SaveV2|RestoreV2|MergeV2Checkpoints": "touches the server's files",
    r"Print(V2)?": "writes to the server's log on every request",
    r"Assign.*|Resource(Apply|Scatter).*|Rng.*": "changes the served model's state on every request",
    r"Random(?!IndexShuffle|GammaGrad).*|(Parameterized)?TruncatedNormal|Multinomial|NonDeterministicInts"
    r"|Stateful(?!PartitionedCall).*": (
        "draws other numbers on every request; use tf.random.stateless_* with a seed among the inputs"
    ),
}


def read(directory):
    """The graphs and signatures in a SavedModel directory, as a `MetaGraphDef`.

    Raises:
        InputError: when the directory holds no readable SavedModel for serving.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    path = Path(directory) / "saved_model.pb"
    try:
        saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise InputError(f"Cannot read {path}: {error}.") from None
    for graph in saved.meta_graphs:
        if "serve" in graph.meta_info_def.tags:
            return graph
    raise InputError(f"{path} holds no graph with the tag 'serve'.")


def signatures(graph):
    """What `graph` serves, the default first.

    Returns:
        `{signature: {"inputs": {wire name: info}, "outputs": {wire name: info}}}`, an info being
        `{"tensor": name in the graph, "dtype": name, "shape": [None, 28, 28, 1]}`, the shape None where even the
        rank is unknown.
    """
    return {
        name: {"inputs": _infos(signature.inputs), "outputs": _infos(signature.outputs)}
        for name, signature in sorted(
            graph.signature_def.items(), key=lambda item: (item[0] != "serving_default", item)
        )
        if name != "__saved_model_init_op"
    }


def _infos(tensors):
    return {
        name: {
            "tensor": info.name,
            "dtype": tf.as_dtype(info.dtype).name,
            "shape": None
            if info.tensor_shape.unknown_rank
            else [None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim],
        }
        for name, info in sorted(tensors.items())
    }


def refusals(graph):
    """Why a server should not run `graph`: a list of sentences, empty when nothing speaks against it."""
    described = signatures(graph)
    found = [] if "serving_default" in described else ["there is no signature serving_default"]
    where = collections.defaultdict(list)
    for name, sides in described.items():
        found += [f"{name} {reason}" for reason in _interface_refusals(sides)]
        for reason in _operation_refusals(graph, graph.signature_def[name]):
            where[reason].append(name)
    return found + [f"{reason} (in {', '.join(names)})" for reason, names in where.items()]


def _interface_refusals(sides):
    if not sides["inputs"]:
        yield "has no inputs, so that it cannot be called over REST"
    for side, infos in sides.items():
        for name, info in infos.items():
            where = f"has the {side[:-1]} {name!r}"
            if info["dtype"] not in [dtype.name for dtype in MEANINGLESS]:
                yield f"{where} of dtype {info['dtype']}, which cannot cross JSON"
            unknown_output = info["shape"] is None and side == "outputs"
            if not unknown_output and (not info["shape"] or info["shape"][0] is not None):
                yield f"{where} of shape {info['shape']}, whose first dimension is not the batch"


def _operation_refusals(graph, signature):
    """Sentences about what a request to `signature` would run."""
    operations, compiled = reachable(graph, signature)
    if compiled:
        yield "a function marked jit_compile=True fails, as the server switches XLA off"
    for operation in sorted(operations):
        for pattern, reason in _REFUSED.items():
            if re.fullmatch(pattern, operation):
                yield f"{operation} {reason}"


def reachable(graph, signature):
    """The names of all operations that a request can run, and whether XLA must compile any of them."""
    nodes = {node.name: node for node in graph.graph_def.node}
    functions = {function.signature.name: function for function in graph.graph_def.library.function}
    outer = {_node_name(info.name) for info in signature.outputs.values()}
    waiting = [nodes[name] for name in outer]
    operations, called, compiled = set(), set(), False
    while waiting:
        node = waiting.pop()
        operations.add(node.op)
        for name in (_functions_of(node) & functions.keys()) - called:
            called.add(name)
            compiled |= functions[name].attr["_XlaMustCompile"].b
            waiting.extend(functions[name].node_def)  # all of them: some run for their effect alone
        if nodes.get(node.name) is node:  # a node inside a function has its inputs there, where all are taken anyway
            inputs = {_node_name(name) for name in node.input} - outer
            outer |= inputs
            waiting.extend(nodes[name] for name in inputs)
    return operations, compiled


def _node_name(tensor_name):
    return tensor_name.removeprefix("^").split(":")[0]


def _functions_of(node):
    attributes = node.attr.values()
    named = [attribute.func.name for attribute in attributes if attribute.HasField("func")]
    listed = [function.name for attribute in attributes for function in attribute.list.func]
    return {node.op, *named, *listed}

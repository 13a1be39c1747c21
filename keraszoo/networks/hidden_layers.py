"""The layers of a network: by name, or by number among those that are not linear; and whether the last is linear."""

import numbers

import keras

from ..core.errors import InputError, closest

SHAPING = (keras.layers.Reshape, keras.layers.Flatten, keras.layers.Permute, keras.layers.Cropping2D)
NONLINEAR = (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.PReLU, keras.layers.ELU)


def activations(network):
    """Those layers of a functional or Sequential network whose outputs went through a nonlinear function, in order.

    Example:
        >>> layers = [keras.layers.Dense(4, "relu", name="hidden"), keras.layers.Dense(2, name="logits")]
        >>> [layer.name for layer in activations(keras.Sequential([keras.Input((3,)), *layers]))]
        ['hidden']
    """
    return [layer for layer in network.layers if is_nonlinear(layer)]


def is_nonlinear(layer):
    """Whether what a layer returns went through a nonlinear function."""
    return isinstance(layer, NONLINEAR) or _is_activated(layer)


def hidden_layers(network, layers, role):
    """The layers of a network that are asked for.

    Args:
        network: a functional or Sequential Keras model.
        layers: names, or numbers among `activations(network)`: 0 is the first, -1 the last.
        role: what the network is, for the message.

    Raises:
        InputError: no such network, or no such layer.
    """
    check_functional(network, role)
    known, activated = {layer.name: layer for layer in network.layers}, activations(network)
    found = []
    for layer in layers:
        if isinstance(layer, numbers.Integral) and not isinstance(layer, bool):
            if not -len(activated) <= layer < len(activated):
                raise InputError(
                    f"The {role} has {len(activated)} activations, which are counted from 0. Received: layer {layer}."
                )
            found.append(activated[layer])
        elif layer in known:
            found.append(known[layer])
        else:
            raise InputError(f"The {role} has no such layer. Received: {layer!r}. {closest(str(layer), known)}")
    return found


def with_outputs(network, layers):
    """A Keras model of the same weights that returns the outputs of those layers, a list."""
    return keras.Model(network.inputs[0], [output_in(network, layer) for layer in layers])


def output_in(network, layer):
    """The symbolic output of a layer inside that network; a layer may have outputs in other networks too."""
    return _node(network, layer).outputs[0]


def _node(network, layer):
    functional = getattr(network, "_functional", None) or network  # a Sequential has one inside
    nodes = (node for depth in functional._nodes_by_depth.values() for node in depth)
    return next(node for node in nodes if node.operation is layer)


def before_last(network, x, role):
    """What the last layer with weights takes, and those beside it: [batch, ...] -> [batch, size] float32, in inference.

    Args:
        network: a functional or Sequential Keras model.
        x: what it takes.
        role: what the network is, for the message.

    Raises:
        InputError: no such network, or one that ends in another model.

    Example:
        >>> layers = [keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
        >>> before_last(keras.Sequential([keras.Input((3,)), *layers]), keras.ops.ones([2, 3]), "critic").shape
        TensorShape([2, 4])
    """
    check_functional(network, role)
    last = [layer for layer in network.layers if layer.weights][-1]
    if isinstance(last, keras.Model):
        raise InputError(f"The {role} must end in a layer, so that what it takes is known. Received: a model.")
    found = keras.Model(network.inputs[0], _node(network, last).input_tensors[0])(x, training=False)
    return keras.ops.cast(keras.ops.reshape(found, [keras.ops.shape(found)[0], -1]), "float32")


def check_functional(network, role):
    """Raises InputError unless the network is one whose layers can be looked into, with one input."""
    inputs = getattr(network, "inputs", None) or ()
    if not isinstance(network, keras.Model) or len(inputs) != 1:
        raise InputError(
            f"The {role} must be a built functional or Sequential Keras model with one input, so that its hidden "
            f"layers are known. Received: {type(network).__name__}."
        )


def check_ends_linear(network, role):
    """Raises InputError for a network that ends in a sigmoid or the like, where the model takes numbers of any size.

    Of a class of the user's own it is not known in which layer it ends.
    """
    last = _last_layer(network)
    if last is not None and _is_activated(last):
        function = keras.activations.serialize(last.activation)
        raise InputError(
            f"The {role} must end without an activation: it gives numbers of any size, and the sigmoid of logits is "
            f"the model's. Received one whose last layer, {last.name!r}, has activation={function!r}. "
            "Nearest: activation=None."
        )


def _last_layer(network):
    """The layer that computes what a Keras layer or model returns, None where that is not known."""
    if not isinstance(network, keras.Model):
        return network
    if not getattr(network, "inputs", None):
        return None
    computing = [layer for layer in network.layers if not isinstance(layer, SHAPING)]
    return _last_layer(computing[-1]) if computing else None


def _is_activated(layer):
    function = getattr(layer, "activation", None)
    return function is not None and function is not keras.activations.linear

"""The float32 twin of a model: half precision speeds training up, but cannot cross JSON and is slow on CPUs."""

import keras

from keraszoo.core.errors import InputError

_HALF = {"float16", "bfloat16", "mixed_float16", "mixed_bfloat16"}


def in_float32(model):
    """The model itself when it computes in float32, else a float32 copy with the same weights.

    Args:
        model: a built Keras model whose `get_config` restores it.

    Returns:
        A model that answers the same up to rounding; `model` is left as it was.

    Raises:
        InputError: when the model's configuration does not restore its variables.
    """
    if not any(layer.dtype_policy.name in _HALF for layer in model._flatten_layers()):
        return model
    config = keras.saving.serialize_keras_object(model)
    config = _without_half({key: value for key, value in config.items() if key != "compile_config"})
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")  # layers whose configuration names no policy take the global one
    try:
        twin = keras.saving.deserialize_keras_object(
            config, custom_objects={config["registered_name"]: type(model)}, safe_mode=False
        )
    finally:
        keras.config.set_dtype_policy(policy)
    shapes, restored = ([tuple(variable.shape) for variable in m.variables] for m in (model, twin))
    if shapes != restored:
        raise InputError(
            f"Export in float32 rebuilds {type(model).__name__} from get_config(), which must restore every variable. "
            f"Received: {len(restored)} variables where the model has {len(shapes)}, or other shapes."
        )
    for source, target in zip(model.variables, twin.variables, strict=True):
        target.assign(keras.ops.cast(keras.ops.convert_to_tensor(source), target.dtype))
    return twin


def _without_half(config):
    """`config` with every half-precision dtype or policy, at any depth, replaced by float32."""
    if isinstance(config, dict):
        return {key: _without_half(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(_without_half(value) for value in config)
    return "float32" if isinstance(config, str) and config in _HALF else config

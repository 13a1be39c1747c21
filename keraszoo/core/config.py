"""Config by capture: a model's constructor arguments, as they were passed, restore it."""

import functools
import inspect
import numbers

import keras
import numpy as np

from .checks import check_kinds, check_names
from .errors import InputError


class Captured(keras.Model):
    """A Keras model whose `get_config` needs no writing.

    The arguments of the outermost constructor are captured, so that `from_config` calls it again. Networks that
    replaced those of the constructor, frozen layers and quantised ones are part of the config too: a model that was
    changed after it was made is restored as it is.

    A subclass that only sets defaults declares them in `defaults`, and needs no constructor.

    Attributes:
        defaults: {name of an argument: its default}, over those of the ancestors' constructors.
    """

    defaults = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = _capturing(cls.__init__)
        if preset(cls):
            cls.__signature__ = _signature_with(cls, preset(cls))

    def constructed(self):
        """What follows the outermost constructor."""
        names = constructor_arguments(type(self))
        networks = {name: getattr(self, name, None) for name in names if name not in ("name", "dtype")}
        networks = {name: part for name, part in networks.items() if isinstance(part, keras.layers.Layer)}
        self.__dict__["_networks"] = networks
        self.__dict__["_trainable_flags"] = _flags(self)
        self.built = True

    def recapture(self, **arguments):
        """Puts other values into the config than were passed: what was made of them, or found since."""
        self._captured.update(arguments)

    def __setattr__(self, name, value):
        """A network takes the place of the one that it replaces among the layers too: files are read in their order."""
        old = vars(self).get("_networks", {}).get(name) and vars(self).get(name)
        super().__setattr__(name, value)
        layers = self._layers if isinstance(old, keras.layers.Layer) and old is not value else []
        still_used = any(other is old for attribute, other in vars(self).items() if attribute != "_networks")
        if old in layers and not still_used:
            place = layers.index(old)
            self._tracker.untrack(old)
            if value in layers[place:]:
                layers.remove(value)
                layers.insert(place, value)

    def get_config(self):
        replaced = {
            name: getattr(self, name) for name, made in self._networks.items() if getattr(self, name) is not made
        }
        arguments = {**self._captured, **replaced, "name": self.name, "dtype": self.dtype_policy}
        parameters = inspect.signature(type(self).__init__).parameters
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            arguments = {name: value for name, value in arguments.items() if name in parameters}
        config = {name: _plain(value) for name, value in arguments.items()}
        flags = _flags(self)
        if flags != self._trainable_flags:
            config["frozen_layers"] = [place for place, trainable in enumerate(flags) if not trainable]
        quantized = {str(place): mode for place, mode in enumerate(_quantization(self)) if mode}
        if quantized:
            config["quantized_layers"] = quantized
        return config

    @classmethod
    def from_config(cls, config):
        """The model of `get_config()`; objects that were serialised in it are restored first."""
        arguments = {name: _restored(value) for name, value in config.items()}
        frozen, quantized = arguments.pop("frozen_layers", None), arguments.pop("quantized_layers", {})
        model = cls(**arguments)
        layers = model._flatten_layers()
        for place, mode in quantized.items():
            layers[int(place)].quantize(mode)
        if frozen is not None:
            for place, layer in enumerate(layers):
                if layer.trainable == (place in frozen):
                    layer.trainable = place not in frozen
        return model


def preset(model_class):
    """The defaults that a class and its ancestors declare, the class's own last."""
    merged = {}
    for ancestor in reversed(model_class.__mro__):
        merged |= vars(ancestor).get("defaults", {})
    return merged


def constructor_arguments(model_class):
    """`{name: default}` of the arguments that a model's constructor takes, its ancestors' included.

    "name" and "dtype" are among them; an argument that must be given has the default `inspect.Parameter.empty`.
    """
    defaults = {"name": None, "dtype": None}
    for ancestor in reversed(model_class.__mro__[: model_class.__mro__.index(Captured)]):
        if "__init__" in vars(ancestor):
            parameters = list(inspect.signature(ancestor.__init__).parameters.values())[1:]
            defaults |= {p.name: p.default for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    return {**defaults, **preset(model_class)}


def _capturing(init):
    """The constructor, which keeps the arguments of the outermost call and tells the model when it is made."""
    signature = inspect.signature(init)

    @functools.wraps(init)
    def constructor(self, *args, **kwargs):
        if "_captured" in vars(self):  # an ancestor's, called by that of a subclass
            return init(self, *args, **kwargs)
        kwargs = {**preset(type(self)), **kwargs}
        vars(self)["_captured"] = _by_name(type(self), signature.bind(self, *args, **kwargs))
        given, defaults = dict(self._captured), constructor_arguments(type(self))
        try:
            init(self, *args, **kwargs)
        except InputError:
            raise  # what the class says itself
        except (TypeError, ValueError, AttributeError):
            check_kinds(given, defaults)
            check_names(given, defaults)
            raise
        check_kinds(given, defaults)
        self.constructed()
        return None

    constructor.__signature__ = signature  # Keras looks at it without unwrapping
    return constructor


def _by_name(model_class, bound):
    """The arguments of a constructor's call, `{name: value}`; those behind *args by the names of an ancestor's."""
    arguments = {}
    for name, value in list(bound.arguments.items())[1:]:
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            arguments |= value
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            signatures = [inspect.signature(a.__init__) for a in model_class.__mro__ if "__init__" in vars(a)]
            given = [
                [p.name for p in s.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD][1:] for s in signatures
            ]
            names = next(names for names in given if len(names) >= len(value))
            arguments |= dict(zip(names, value, strict=False))
        else:
            arguments[name] = value
    return arguments


def _signature_with(model_class, defaults):
    """The constructor's signature with other defaults, for `help` and whoever asks."""
    signature = inspect.signature(model_class.__init__)
    own = list(signature.parameters.values())[1:]
    own = [p.replace(default=defaults[p.name]) if p.name in defaults else p for p in own]
    return signature.replace(parameters=own)


def _flags(model):
    return [layer.trainable for layer in model._flatten_layers()]


def _quantization(model):
    """The quantisation of each layer without sublayers, or None."""
    return [None if layer._layers else getattr(layer, "quantization_mode", None) for layer in model._flatten_layers()]


def _plain(value):
    """A value as JSON holds it; objects as Keras serialises them."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (str, bool, numbers.Number)):
        return value
    return keras.saving.serialize_keras_object(value)


def _restored(value):
    if isinstance(value, list):
        return [_restored(part) for part in value]
    if isinstance(value, dict):
        if {"module", "class_name"} <= set(value):
            return keras.saving.deserialize_keras_object(value)
        return {key: _restored(part) for key, part in value.items()}
    return value

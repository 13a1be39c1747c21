"""Keras' callbacks that change an optimizer, for models that have several."""

import warnings

import keras
import numpy as np

ABOUT_OPTIMIZERS = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.SwapEMAWeights,
)

OF_BATCHES = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
#: Keras' callbacks that count batches but act at the end of an epoch where this attribute says "epoch"
AT_EPOCHS_ENDS = (
    (keras.callbacks.ModelCheckpoint, "save_freq"),
    (keras.callbacks.BackupAndRestore, "save_freq"),
    (keras.callbacks.TensorBoard, "update_freq"),
)


class ForEveryOptimizer(keras.callbacks.Callback):
    """A callback that finds all optimizers of a model where it looks for one.

    Keras' own know models whose `optimizer` is made of several `optimizers`; so it is in what they see of the model.

    Args:
        callback: a `LearningRateScheduler`, `ReduceLROnPlateau` or `SwapEMAWeights`.
    """

    def __init__(self, callback):
        super().__init__()
        self.callback = callback

    def set_params(self, params):
        self.callback.set_params(params)

    def set_model(self, model):
        super().set_model(model)
        self.callback.set_model(_Seen(model))


def _hook(name):
    def hook(self, *args, **kwargs):
        return getattr(self.callback, name)(*args, **kwargs)

    return hook


for _name in dir(keras.callbacks.Callback):
    if _name.startswith("on_"):
        setattr(ForEveryOptimizer, _name, _hook(_name))


class _Seen:
    """A model whose `optimizer` has all of its optimizers."""

    def __init__(self, model):
        self._model, self.optimizer = model, _Together(model)

    def __getattr__(self, name):
        return getattr(self._model, name)


class _Together:
    def __init__(self, model):
        self._model = model

    @property
    def optimizers(self):
        scaled = keras.optimizers.LossScaleOptimizer
        return [each.inner_optimizer if isinstance(each, scaled) else each for each in self._model.optimizers]


class FinishEpoch(keras.callbacks.Callback):
    """Applies the updates of an epoch before other callbacks look at the model."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.finish_epoch()


class TellOfNaN(keras.callbacks.Callback):
    """Says once when a loss has become NaN, for what is learned from there on is nothing."""

    told = False

    def on_epoch_end(self, epoch, logs=None):
        if not self.told and np.isnan((logs or {}).get("loss", 0.0)):
            self.told = True
            warnings.warn(
                f"The loss of {type(self.model).__name__} became NaN in epoch {epoch + 1}, and its weights are lost. "
                "Nearest: data of another scale (standardize=True), a lower learning rate, or clipnorm=1.0.",
                stacklevel=2,
            )


def looks_at_batches(callbacks) -> bool:
    """Whether a callback does something after single training steps, as far as its methods tell."""
    callbacks = getattr(callbacks, "callbacks", callbacks)
    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    return any(_looks_at_batches(each) for each in callbacks if each is not None)


def _looks_at_batches(callback):
    for kind, attribute in AT_EPOCHS_ENDS:
        if type(callback) is kind:
            return getattr(callback, attribute) != "epoch"
    own = (
        getattr(getattr(callback, name), "__func__", None) is not getattr(keras.callbacks.Callback, name)
        for name in OF_BATCHES
    )
    return any(own)


def callbacks_of_a_fit(model, callbacks):
    """The callbacks of a `fit`, those about optimizers wrapped where there are several."""
    callbacks = [] if callbacks is None else callbacks
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    callbacks = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    if len(model.optimizers) > 1:
        callbacks = [ForEveryOptimizer(each) if isinstance(each, ABOUT_OPTIMIZERS) else each for each in callbacks]
    return [*([FinishEpoch()] if model.epoch_sums else []), *callbacks, TellOfNaN()]

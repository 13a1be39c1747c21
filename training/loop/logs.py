"""TensorBoard: every metric of every epoch, the recipe, and a profile of a few steps."""

import contextlib

import keras
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from keraszoo.core.errors import InputError
from keraszoo.system.failures import reason


class Logs(keras.callbacks.TensorBoard):
    """Keras' TensorBoard callback, for which a full disk is no reason to end a training.

    Args:
        run: the Run whose `logs/` it fills.
        profile: None, or which of the executions to profile, counted from 1.
        say: receives a line of text when something cannot be written; training goes on without it.
    """

    def __init__(self, run, profile=None, say=print):
        super().__init__(run.logs, write_graph=False, profile_batch=profile or 0)
        self.say = say

    def on_epoch_end(self, epoch, logs=None):
        with reported("TensorBoard's logs", self.say):
            super().on_epoch_end(epoch, logs)

    def on_test_end(self, logs=None):
        with reported("TensorBoard's logs", self.say):
            super().on_test_end(logs)

    def on_train_end(self, logs=None):
        with reported("TensorBoard's logs", self.say):
            super().on_train_end(logs)


@contextlib.contextmanager
def reported(what, say):
    """Turns a full or broken disk into a line of text."""
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        say(f"{what} could not be written ({reason(error)}).")


@contextlib.contextmanager
def writing(message):
    """Turns a full or broken disk into an InputError; the message has {} where the reason stands."""
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        raise InputError(message.format(reason(error))) from error


def describe(run, recipe):
    """The recipe as TensorBoard's text and hparams."""
    values = {f"model.{name}": value for name, value in recipe.arguments.items()}
    values |= {
        "model": recipe.model,
        "batch_size": recipe.batch_size,
        "epochs": recipe.epochs,
        "seed": recipe.seed,
    }
    for name, spec in recipe.optimizers.items():
        values |= {
            f"{name}.name": spec.name,
            f"{name}.learning_rate": spec.learning_rate,
            f"{name}.decay": str(spec.decay),
            f"{name}.warmup": spec.warmup,
        }
    with tf.summary.create_file_writer(str(run.logs)).as_default():
        tf.summary.text("recipe", f"```json\n{recipe.to_json()}\n```", step=0)
        hparams.hparams_config(
            hparams=[hparams.HParam(name) for name in values],
            metrics=[
                hparams.Metric("epoch_loss", group=group, display_name=f"{group} loss")
                for group in ("train", "validation")
            ],
        )
        hparams.hparams(
            {name: value if isinstance(value, (int, float, str)) else str(value) for name, value in values.items()}
        )

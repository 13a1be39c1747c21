"""A line an epoch: what one wants to see while a model trains, within 80 columns."""

import math
import sys
import time

import keras
import tqdm

from keraszoo.core.errors import InputError

WIDTH = 79


def check_finite(loss, epoch):
    """Raises InputError when the loss of the epoch, counted from 0, is no longer a number."""
    if not math.isfinite(loss):
        raise InputError(
            f"The loss became {loss} in epoch {epoch + 1}: try a smaller --learning-rate, and look for extreme values "
            "in the data."
        )


class Progress(keras.callbacks.Callback):
    """Prints the epoch's metrics, and on a terminal how far the training is and how long it will take.

    Args:
        epochs: total number, counted from the start of the run.
        steps: steps per epoch.
        stream: where to; standard output by default.

    Raises:
        InputError: when the loss is no longer a number.
    """

    def __init__(self, epochs, steps, stream=None):
        super().__init__()
        self.epochs, self.steps = epochs, steps
        self.stream = stream or sys.stdout
        self.columns = self.bar = None

    def on_train_begin(self, logs=None):
        # The measures of the validation tell most; of the rest, what fits.
        names = [*self.model.term_names, *self.model.metric_names]
        last = ["val_loss", *(f"val_{name}" for name in (*self.model.metric_names, *self.model.evaluation_names))]
        while names and 11 + sum(max(9, len(name)) + 2 for name in ("loss", *names, *last)) + 9 > WIDTH:
            names.pop()
        self.columns = {name: max(9, len(name)) for name in ("loss", *names, *last)}
        header = "".join(f"  {name:>{width}}" for name, width in self.columns.items())
        self._line(f"{'epoch':>11}{header}{'time':>9}")

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()
        if self.bar is None and self.stream.isatty():
            self.bar = tqdm.tqdm(
                total=self.epochs * self.steps,
                initial=epoch * self.steps + self.model.step_in_epoch,
                file=self.stream,
                leave=False,
                bar_format="{percentage:3.0f}% |{bar:30}| {remaining} left{postfix}",
                dynamic_ncols=True,
            )

    def on_train_batch_end(self, batch, logs=None):
        if self.bar is not None:
            self.bar.set_postfix_str(f"loss {float(logs['loss']):.4g}", refresh=False)
            self.bar.update(self.model.step - self.bar.n)

    def on_train_end(self, logs=None):
        if self.bar is not None:
            self.bar.close()

    def on_epoch_end(self, epoch, logs=None):
        check_finite(logs["loss"], epoch)
        values = "".join(
            f"  {logs[name]:>{width}.5g}" if name in logs else " " * (width + 2) for name, width in self.columns.items()
        )
        seconds = time.monotonic() - self.started
        self._line(f"{f'{epoch + 1}/{self.epochs}':>11}{values}{seconds:>7.1f} s")

    def _line(self, text):
        if self.bar is not None:
            self.bar.clear()
        self.stream.write(f"{text}\n")
        self.stream.flush()

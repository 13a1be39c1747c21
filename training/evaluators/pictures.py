"""The model's pictures after each epoch, in TensorBoard and as PNG files."""

import math

import keras
import numpy as np
import tensorflow as tf

from ..loop.logs import reported
from .evaluator import Evaluator

EXAMPLES = 64
SMALLEST_SIDE = 32  # pixels on paper: smaller images are enlarged by a whole factor


def shown(images):
    """Images [..., channels] of any number of channels -> [..., 1 or 3], as a picture can have.

    Of two the first is magenta and the second green; of more than three the first three are red, green and blue.
    """
    images = np.asarray(images)
    channels = images.shape[-1]
    return images if channels in (1, 3) else images[..., [0, 1, 0] if channels == 2 else [0, 1, 2]]


def tile(images):
    """[rows, columns, height, width, channels] in [0, 1] -> one uint8 image [H, W, 1 or 3] with thin grey lines.

    What is shown of other numbers of channels, `shown` says.
    """
    images = np.clip(np.asarray(shown(images), "float32"), 0.0, 1.0)
    factor = -(-SMALLEST_SIDE // min(images.shape[2:4]))
    images = images.repeat(factor, axis=2).repeat(factor, axis=3)
    images = np.pad(images, [(0, 0), (0, 0), (0, 1), (0, 1), (0, 0)], constant_values=0.5)
    rows, columns, height, width, channels = images.shape
    page = images.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)[:-1, :-1]
    return np.round(255 * page).astype("uint8")


def grid(images):
    """[n, height, width, channels] -> [rows, columns, height, width, channels], nearly square; the rest is black."""
    images = np.asarray(images, "float32")
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    page = np.zeros((rows * columns, *images.shape[1:]), "float32")
    page[: len(images)] = images
    return page.reshape(rows, columns, *images.shape[1:])


def save_png(path, page):
    """Writes a uint8 image [height, width, channels]."""
    keras.utils.save_img(path, page, scale=False, file_format="png")


class Pictures(Evaluator):
    """Draws `model.pictures(examples, seed)` when an epoch ends.

    Args:
        run: the Run whose `samples/` and `logs/` receive them.
        examples: [n, ...] examples, the same each time.
        seed: integer, the same each time.
        say: receives a line of text when a file cannot be written; training goes on without it.
    """

    def __init__(self, run, examples, seed=0, say=print):
        super().__init__()
        self.run, self.examples, self.seed, self.say = run, examples, seed, say
        self.writer = tf.summary.create_file_writer(str(run.logs / "pictures"))

    @classmethod
    def of(cls, session):
        x = session.data.examples(session.recipe.data.test, EXAMPLES)
        return cls(session.run, x, seed=session.recipe.seed, say=session.say)

    def on_epoch_end(self, epoch, logs=None):
        for name, images in self.model.pictures(self.examples, seed=self.seed).items():
            page = tile(images)
            file = f"samples/epoch-{epoch + 1:03d}-{name}.png"
            with reported(file, self.say):
                self.run.write(file, lambda path, page=page: save_png(path, page))
            with reported(f"{name} for TensorBoard", self.say), self.writer.as_default():
                tf.summary.image(name, page[None], step=epoch)

    def on_train_end(self, logs=None):
        with reported("pictures for TensorBoard", self.say):
            self.writer.close()

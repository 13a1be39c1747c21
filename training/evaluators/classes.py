"""What a classifier answers, after some of the epochs: figures in TensorBoard and as PNG files."""

import numpy as np
import tensorflow as tf

from keraszoo.analysis.classification.figures import as_array, saliency_figure
from keraszoo.core.errors import InputError

from ..classification.answers import answers, classifies
from ..classification.evaluation import class_figures
from ..classification.explanation import METHODS, explanations
from ..loop.logs import reported
from .evaluator import Evaluator
from .pictures import save_png, shown

TIMES = 3  # in a training
EXPLAINED = 6  # images
ANSWERED = 10_000  # test examples at most


class ClassPanels(Evaluator):
    """Draws what the model confuses, how sure it is, where it errs and which pixels it looks at.

    Three times in a training, the last epoch included: confusion, reliability, misclassified, and a picture for each
    way of explaining that the model's network allows.

    Args:
        run: the Run whose `samples/` and `logs/` receive them.
        prepared: the recipe's `PreparedData`.
        examples: [n, ...] examples that are explained, the same each time; none where they are no images.
        every: number of epochs between the pictures; the last one always has them.
        say: receives a line of text when a file cannot be written; training goes on without it.
    """

    def __init__(self, run, prepared, examples=(), every=1, say=print):
        super().__init__()
        self.run, self.prepared, self.examples, self.every, self.say = run, prepared, examples, every, say
        self.writer = tf.summary.create_file_writer(str(run.logs / "classes"))

    @classmethod
    def applies(cls, session):
        return classifies(session.model, session.data, session.recipe.data.test)

    @classmethod
    def of(cls, session):
        recipe = session.recipe
        split, images = recipe.data.test, len(recipe.input_shape) == 3
        examples = session.data.random_examples(split, EXPLAINED, recipe.seed) if images else ()
        return cls(session.run, session.data, examples, max(1, recipe.epochs // TIMES), session.say)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every and epoch + 1 != self.params["epochs"]:
            return
        for name, figure in self.figures().items():
            page = as_array(figure)
            file = f"samples/epoch-{epoch + 1:03d}-{name}.png"
            with reported(file, self.say):
                self.run.write(file, lambda path, page=page: save_png(path, page))
            with reported(f"{name} for TensorBoard", self.say), self.writer.as_default():
                tf.summary.image(name, page[None], step=epoch)

    def figures(self):
        """`{name: matplotlib.figure.Figure}` of the model as it is."""
        split = self.prepared.data.test
        found = answers(self.model, self.prepared, split, ANSWERED)
        figures = class_figures(found, self.prepared, split)
        if not len(self.examples):
            return figures
        probabilities = np.asarray(self.model.classify(self.examples))
        classes = probabilities.argmax(axis=1)
        scores = probabilities.max(axis=1)
        titles = [f"{found.names[label][:14]} {score:.2f}" for label, score in zip(classes, scores, strict=True)]
        for method in METHODS:
            try:
                maps = explanations(self.model, self.examples, classes, method)
            except InputError:  # not of such a network
                continue
            maps = shown(maps) if maps.ndim == 4 else maps
            figures[f"explained-{method}"] = saliency_figure(shown(self.examples), maps, titles)
        return figures

    def on_train_end(self, logs=None):
        with reported("pictures of classes for TensorBoard", self.say):
            self.writer.close()

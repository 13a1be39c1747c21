"""The latent space in TensorBoard: what its units carry after each epoch, a traversal and the projector at the end."""

import inspect

import numpy as np
import tensorflow as tf

from keraszoo.analysis.codes import encode
from keraszoo.analysis.latent_grids import traversal
from keraszoo.core.errors import InputError
from keraszoo.models.abilities import Decodes, Encodes, HasVectors, SamplesLatents

from ..latent.grids import MOST_ROWS
from ..latent.space import class_names
from ..latent.units import kl_of_levels, posteriors, units_of
from ..loop.logs import reported
from .evaluator import Evaluator
from .pictures import save_png, tile
from .projector import write_projector

COUNT = 1024  # test examples that are encoded
BATCH_SIZE = 256
MOST_UNITS = 64  # that get a curve of their own
VALUES = np.linspace(-3.0, 3.0, 11)


class LatentPanels(Evaluator):
    """Writes to TensorBoard, of the codes of the same test examples each time:

    - when an epoch ends `latent/active_units` and, for posteriors, `latent_kl/<unit>` in nats (`logs/latent`);
    - when the training ends the picture `traversal`, around the first example, which also goes to `samples/`, and the
      codes for the embedding projector (`logs/embedding`).

    metrics.json tells the number of active units at the end, as `codes`. Weights, metrics and seeds do not change.

    Args:
        run: the Run whose `logs/` and `samples/` receive them.
        examples: [n, ...].
        labels: their classes, [n] integers, or None.
        names: of the classes.
        say: receives a line of text when something cannot be written; training goes on without it.
    """

    def __init__(self, run, examples, labels=None, names=None, say=print):
        super().__init__()
        self.run, self.examples, self.labels, self.names, self.say = run, examples, labels, names, say
        self.active_units = None
        self.writer = tf.summary.create_file_writer(str(run.logs / "latent"))

    @classmethod
    def applies(cls, session):
        model, split = session.model, session.recipe.data.test
        if len(model.inputs.shape) != 3 or not has_vectors(model):
            return False
        return encodes(model, session.data.examples(split, 1))

    @classmethod
    def of(cls, session):
        split, source = session.recipe.data.test, session.data.source
        of_classes = bool(source.num_classes) and session.data.labelled(split) and source.shapes[source.target] == ()
        found = session.data.examples(split, COUNT, labels=of_classes)
        if not of_classes:
            return cls(session.run, found, say=session.say)
        x, y = found
        return cls(session.run, x, y, class_names(source, source.num_classes), session.say)

    def results(self):
        return {"codes": {"active_units": self.active_units}}

    def on_epoch_end(self, epoch, logs=None):
        found = units_of(*self._posteriors(), kl_of_levels(self.model, _batched(self.examples)))
        with reported("the latent units for TensorBoard", self.say), self.writer.as_default():
            tf.summary.scalar("latent/active_units", _active(found), step=epoch)
            for unit in found:
                if unit.kl is not None and unit.number < MOST_UNITS:
                    tf.summary.scalar(f"latent_kl/{unit.number:02d}", unit.kl, step=epoch)

    def on_train_end(self, logs=None):
        codes, log_vars = self._posteriors()
        found = units_of(codes, log_vars)
        self.active_units = _active(found)
        units = [unit.number for unit in found][:MOST_ROWS]
        if isinstance(self.model, SamplesLatents):
            points = traversal(codes[0], units, VALUES).astype("float32")
            images = np.asarray(self.model.decode(points.reshape(-1, codes.shape[1])))
            page = tile(images.reshape(len(units), len(VALUES), *images.shape[1:]))
            with reported("the traversal", self.say), self.writer.as_default():
                tf.summary.image("traversal", page[None], step=self.params["epochs"] - 1)
                self.run.write("samples/traversal.png", lambda path: save_png(path, page))
        with reported("the projector's files", self.say):
            write_projector(self.run.logs / "embedding", codes, self.examples, self.labels, self.names)
            self.writer.close()

    def _posteriors(self):
        return posteriors(self.model, _batched(self.examples))


def _active(units):
    return float(sum(unit.active for unit in units))


def has_vectors(model):
    """Whether a model's codes are vectors that it decodes."""
    return isinstance(model, HasVectors) and isinstance(model, Encodes) and isinstance(model, Decodes)


def encodes(model, x):
    """Whether a model's codes need nothing but examples and are vectors."""
    parameters = list(inspect.signature(model.encode).parameters.values())[1:]
    if any(parameter.default is parameter.empty for parameter in parameters if parameter.kind.name != "VAR_KEYWORD"):
        return False
    try:
        codes = encode(model, x)
    except InputError:  # such as one that asks for labels
        return False
    return codes.shape == (len(x), model.latent_dim)


def _batched(examples):
    return [tf.constant(examples[start : start + BATCH_SIZE]) for start in range(0, len(examples), BATCH_SIZE)]

"""The encoder of a model under a dense layer of classes: as it is, learning too, or beginning from nothing."""

import keras
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.models import Classifier
from keraszoo.models.abilities import HasEncoder
from keraszoo.models.autoencoders.autoencoder import Autoencoder
from keraszoo.networks.by_size import output_shape_of

from ..loop.state import ModelState
from .learners import Learner

#: of Adam, and the one where none can be chosen, of a whole network and of its last layer alone
RATES, RATE = (1e-2, 1e-3), 1e-3
RATES_OF_HEAD, RATE_OF_HEAD = (0.1, 1e-2, 1e-3), 1e-2
BATCH_SIZE = 64
STEPS, EPOCHS = 300, 10  # as many steps at least, and as many times through the labelled examples
STEPS_PER_EXECUTION = 50


def encoder_of(model):
    """The model's encoder as a network [batch, *shape] -> [batch, size]; None where none takes an example alone."""
    if not isinstance(model, HasEncoder):
        return None
    shape = model.inputs.shape
    layers = [keras.Input(shape), model.encoder, keras.layers.Flatten()]
    if isinstance(model, Autoencoder) and model.standardization is not None:
        layers.insert(1, model.standardization)
    try:
        output_shape_of(model.encoder, "encoder", shape)
    except InputError:  # it takes labels, too
        return None
    return keras.Sequential(layers)


class Supervised:
    """A `Classifier` on an encoder that can begin again from the same weights.

    Args:
        encoder: [batch, *shape] -> [batch, size]; it is changed.
        shape: of an example.
        num_classes: number of classes.
        freeze: whether the encoder stays as it is.
        seed: integer, of the last layer's weights and of the order of the examples.
    """

    def __init__(self, encoder, shape, num_classes, *, freeze, seed):
        keras.utils.set_random_seed(seed)
        self.model = Classifier(shape, num_classes, encoder=encoder, freeze=freeze)
        self.model.compile(keras.optimizers.Adam(), steps_per_execution=STEPS_PER_EXECUTION)
        self.model.optimizer.build(self.model.trainable_variables)
        self.freeze, self.seed = freeze, seed
        self.variables = ModelState(self.model).variables
        self.start = [keras.ops.convert_to_numpy(variable) for variable in self.variables]

    def learner(self, name):
        rates, default = (RATES_OF_HEAD, RATE_OF_HEAD) if self.freeze else (RATES, RATE)
        return Learner(name, lambda rate: Training(self, rate), rates, default, folds=1)

    def begin(self):
        for variable, value in zip(self.variables, self.start, strict=True):
            variable.assign(value)


class Training:
    """One training of a `Supervised`, from its start."""

    def __init__(self, supervised, rate):
        self.supervised, self.rate = supervised, rate

    def fit(self, x, y):
        model, seed = self.supervised.model, self.supervised.seed
        self.supervised.begin()
        model.optimizer.learning_rate = self.rate
        batch = min(BATCH_SIZE, len(x))
        steps = max(STEPS, EPOCHS * len(x) // batch)
        examples = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed).repeat()
        model.fit(examples.batch(batch, drop_remainder=True), steps_per_epoch=steps, verbose=0)
        return self

    def predict(self, x):
        return self.supervised.model.predict(x, batch_size=500, verbose=0).argmax(axis=-1)

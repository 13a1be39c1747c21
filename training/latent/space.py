"""The latent space of a finished run's model, opened: points in it, and the images that are decoded from them."""

import functools
import math

import numpy as np
import tensorflow as tf

from keraszoo.analysis.codes import encode
from keraszoo.core.errors import InputError, closest
from keraszoo.distributions.normal import StandardNormal, StandardUniform
from keraszoo.models.abilities import Decodes, Encodes, HasVectors
from keraszoo.models.flows.flow import Flow
from keraszoo.runs.run import Run

BATCH_SIZE = 256
EXAMPLES = 10_000  # of a split, at most, are encoded


class LatentSpace:
    """What the pictures of a run's latent space are made from.

    Args:
        run: a `Run` or the path of one.
        abilities: what the model must be able to do, of `keraszoo.models.abilities`, such as `Decodes`.
        data_dir: where tensorflow-datasets keeps its data, for examples.

    Attributes:
        run, model: both opened.
        image_shape: of an example.
        dim: number of units that follow the prior; a conditional model's latent vectors have codes behind them.
        prior: "normal", "uniform" on [-1, 1], or "other".

    Raises:
        InputError: missing or unfinished run, a model without these abilities or not of images.
    """

    def __init__(self, run, *abilities, data_dir=None):
        self.run = run if isinstance(run, Run) else Run.open(run)
        self.model, self.data_dir = self.run.model(), data_dir
        name, shape = type(self.model).__name__, tuple(self.model.inputs.shape)
        self.dim = _dimension(self.model)
        self.check(*abilities)
        if len(shape) != 3:
            raise InputError(f"Only images can be shown. Received: {name} of examples of shape {shape}.")
        self.image_shape = shape
        names = {StandardNormal: "normal", StandardUniform: "uniform", type(None): "normal"}  # flows start from N(0, I)
        self.prior = names.get(type(getattr(self.model, "prior", None)), "other")

    def check(self, *abilities):
        """Raises InputError where the model lacks one of these abilities, or decodes something else than vectors."""
        if not all(isinstance(self.model, each) for each in abilities) or (Decodes in abilities and self.dim is None):
            raise InputError(
                f"{type(self.model).__name__} has no latent space from which it decodes samples; a VAE or a GAN has."
            )

    @property
    def encodes(self):
        """Whether examples have codes without their labels."""
        return isinstance(self.model, Encodes) and not getattr(self.model, "condition_size", 0)

    def check_encodes(self):
        """Raises InputError where they have none."""
        if not self.encodes:
            without = " without their labels" * isinstance(self.model, Encodes)
            raise InputError(f"{type(self.model).__name__} does not encode examples{without}; a VAE does.")

    def draw(self, count, seed):
        """Random points, [count, dim + codes]."""
        return np.asarray(self.model.sample_latent(count, seed=seed)).reshape(count, -1)

    def decode(self, points, codes=None):
        """The images of latent vectors, [n, ...] each."""
        latent = np.asarray(points, "float32") if codes is None else np.concatenate([points, codes], axis=-1)
        return np.asarray(self.model.decode(tf.constant(latent.reshape(-1, *self.model.latents.shape), tf.float32)))

    def encode(self, x):
        """The code of each example: [n, dim]."""
        return encode(self.model, x).reshape(len(x), -1)

    # ------------------------------------------------------------------ examples

    @functools.cached_property
    def data(self):
        """The run's data, opened when they are first asked for."""
        return self.run.data(self.data_dir)

    def batches(self, split, labels=False):
        """The examples of a split, in order, EXAMPLES at most: x [batch, ...], or (x, y)."""
        return self.data.batches(split, BATCH_SIZE, labels=labels).take(-(-EXAMPLES // BATCH_SIZE))

    def examples(self, split, rows):
        """The examples of a split at these rows: [len(rows), ...] float32."""
        size = min(self.data.size(split), EXAMPLES)
        outside = [row for row in rows if not 0 <= row < size]
        if outside:
            raise InputError(f"Examples of {split} are numbered from 0 to {size - 1}. Received: {outside[0]}.")
        return self.data.rows(split, rows)

    def labelled_codes(self, split):
        """(codes [n, dim], classes [n], class names) of a split's examples.

        Raises:
            InputError: the data have no classes.
        """
        source = self.data.source
        if not source.num_classes:
            raise InputError(f"{source.name} has no classes.")
        found = [(self.encode(x), y.numpy()) for x, y in self.batches(split, labels=True)]
        codes, labels = map(np.concatenate, zip(*found, strict=True))
        return codes, labels, class_names(source, source.num_classes)


def _dimension(model):
    if isinstance(model, Flow):
        return math.prod(model.latent_shape)
    return model.latent_dim if isinstance(model, HasVectors) else None


def class_names(source, classes):
    """What the classes are called: by name, or by number."""
    names = source.class_names
    return names if names and len(names) == classes else tuple(map(str, range(classes)))


def class_number(name, names):
    """The number of a class that is given by name or number."""
    name = str(name)
    if name in names:
        return names.index(name)
    if name.isdigit() and int(name) < len(names):
        return int(name)
    raise InputError(f"There is no such class. Received: {name!r}. {closest(name, names)}")


def check_integers(**bounds):
    """Raises InputError unless each `name=(value, least)` is an integer of at least that."""
    for name, (value, least) in bounds.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"{name} must be an integer >= {least}. Received: {value!r}.")

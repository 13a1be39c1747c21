"""What a model can do besides learning, to be asked for with `isinstance` or `issubclass`: `isinstance(m, Samples)`."""

import typing

from ..core.errors import InputError


@typing.runtime_checkable
class Encodes(typing.Protocol):
    """Has codes of examples."""

    def encode(self, x): ...


@typing.runtime_checkable
class Decodes(typing.Protocol):
    """Makes examples of codes."""

    def decode(self, z): ...


@typing.runtime_checkable
class HasPosterior(typing.Protocol):
    """Has a distribution of the codes of an example."""

    def posterior(self, x): ...


@typing.runtime_checkable
class WeighsUnits(typing.Protocol):
    """Knows the KL of each unit of its levels."""

    def kl_per_unit(self, x, seed=0): ...


@typing.runtime_checkable
class Reconstructs(typing.Protocol):
    """Makes an example like the one that it is given."""

    def reconstruct(self, x): ...


@typing.runtime_checkable
class Samples(typing.Protocol):
    """Draws examples."""

    def sample(self, count, seed=None): ...


@typing.runtime_checkable
class SamplesLatents(typing.Protocol):
    """Draws what it decodes."""

    def sample_latent(self, count, seed=None): ...


@typing.runtime_checkable
class WeighsSamples(typing.Protocol):
    """Has a likelihood by importance sampling."""

    def log_weights(self, x): ...


@typing.runtime_checkable
class Restores(typing.Protocol):
    """Mends damaged images."""

    def restore(self, images): ...


@typing.runtime_checkable
class Anneals(typing.Protocol):
    """Mends images at a temperature, unless that is None."""

    temperature: float | None


@typing.runtime_checkable
class Segments(typing.Protocol):
    """Tells the class of each pixel."""

    def segment(self, images): ...


@typing.runtime_checkable
class Translates(typing.Protocol):
    """Brings images from one domain into another."""

    def translate(self, images, to): ...


@typing.runtime_checkable
class Classifies(typing.Protocol):
    """Tells the class of an example."""

    def classify(self, x): ...


@typing.runtime_checkable
class HasLogits(typing.Protocol):
    """Has a score of each class, of which the softmax is its probability."""

    def logits(self, x): ...


@typing.runtime_checkable
class ReadsFeatures(typing.Protocol):
    """Has the scores of classes of what its encoder gives."""

    def logits_of(self, features): ...


@typing.runtime_checkable
class HasLoss(typing.Protocol):
    """Has a loss of each example."""

    def loss_terms(self, x): ...


@typing.runtime_checkable
class HasEncoder(typing.Protocol):
    """Has a network that makes features of an example, which others can use."""

    encoder: typing.Any


@typing.runtime_checkable
class HasFeatures(typing.Protocol):
    """Has a representation of an example: [batch, *shape] -> [batch, size] float32, in inference and without labels."""

    def features(self, x): ...


@typing.runtime_checkable
class HasVectors(typing.Protocol):
    """Has codes that are vectors."""

    latent_dim: int


@typing.runtime_checkable
class HasCodeVectors(typing.Protocol):
    """Has codes of examples of which a density can be found, and decoded draws from it."""

    def code_vectors(self, x, seed=0): ...

    def codes_of_vectors(self, vectors): ...


@typing.runtime_checkable
class Serves(typing.Protocol):
    """Says what an exported model answers."""

    def serving_signatures(self): ...


def required(model, *abilities):
    """The model; InputError unless it has these abilities."""
    missing = [name for ability in abilities if not isinstance(model, ability) for name in vars(ability)]
    if missing:
        names = [name for name in missing if not name.startswith("_")]
        raise InputError(f"This needs a model that can {' and '.join(names)}. Received: {type(model).__name__}.")
    return model

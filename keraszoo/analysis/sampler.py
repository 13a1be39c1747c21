"""Samples of any autoencoder: a density of its codes, found after it has learned, and decoded draws from it."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..core.config import Captured
from ..core.errors import InputError, closest
from ..core.inputs import Seed, Temperature
from ..models.abilities import Decodes, HasCodeVectors
from .codes import each_batch
from .densities import DENSITIES, mixture_density


@keras.saving.register_keras_serializable("keraszoo")
class CodeSampler(Captured):
    """Decodes draws from a density of an autoencoder's codes: it samples where the autoencoder cannot, or otherwise.

    `fit_sampler` makes one. It is saved with the autoencoder in it, and exported as the autoencoder would be, with
    its own signature `sample`.

    Args:
        autoencoder: a model with `decode` and `codes_of_vectors`.
        density: a distribution of vectors with `sample`, `sample_rows` and `log_prob`: a `Prior` that is a Keras layer,
            or a `Flow`.
    """

    def __init__(self, autoencoder: Any, density: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.autoencoder, self.density = autoencoder, density

    @property
    def inputs(self) -> Any:
        """The declaration of an example."""
        return self.autoencoder.inputs

    def sample(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Decoded draws from the density of the codes.

        Args:
            count: how many.
            seed: integer; the same seed gives the same samples. None: new ones each time.
            temperature: how many times as far the draws are from the mean of the Gaussian, or of the component; of a
                flow, scale of its noise.

        Returns:
            [count, *image_shape] float32.
        """
        return self.autoencoder.decode(self.sample_latent(count, seed, temperature))

    def sample_latent(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """What `sample` decodes."""
        return self.autoencoder.codes_of_vectors(self.density.sample(count, seed, temperature=temperature))

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        sample = {"sample": (self._serve_sample, [Seed(), Temperature()])}
        return {**self.autoencoder.serving_signatures(), **sample}

    def _serve_sample(self, seed, temperature):
        return {self.autoencoder.inputs.name: self.autoencoder.decode(self.vectors_of_rows(seed, temperature))}

    def vectors_of_rows(self, seed: np.ndarray, temperature: np.ndarray) -> tf.Tensor:
        """What is decoded for each seed, from it alone."""
        return self.autoencoder.codes_of_vectors(self.density.sample_rows(seed, temperature))


def fit_sampler(
    model: keras.Model, x: np.ndarray, kind: str = "mixture", *, components: int | None = None, seed: int = 0
) -> CodeSampler:
    """A sampler of a model that encodes and decodes, from a density of its codes of examples.

    Of a VAE the codes are draws from the posteriors; of a VQ-VAE what its encoder gives before it is quantised, and the
    draws are quantised in their turn.

    Args:
        model: an autoencoder of any kind, a VAE without classes, or a VQ-VAE.
        x: the examples that it has learned from, [n, ...], or a `tf.data.Dataset` of batches.
        kind: "gaussian", "mixture" or "flow".
        components: of a mixture; None: as many as the BIC says.
        seed: integer; the same seed gives the same sampler. A flow sets Keras' random seed.

    Returns:
        A `CodeSampler`.

    Raises:
        InputError: an unknown kind, a model without such codes, components of what has none, too few examples.

    Example:
        >>> from keraszoo.models import Autoencoder
        >>> x = np.random.default_rng(0).random((64, 8, 8, 1), "float32")
        >>> sampler = fit_sampler(Autoencoder((8, 8, 1), latent_dim=2, hidden=(8,)), x, "gaussian")
        >>> sampler.sample(4, seed=0).shape
        TensorShape([4, 8, 8, 1])
    """
    check_kind(kind, components)
    check_codes(model)
    seeds = np.random.default_rng(seed)
    found = [np.asarray(model.code_vectors(batch, seed=int(seeds.integers(2**31)))) for batch in each_batch(x)]
    codes = np.concatenate(found).astype("float32") if found else np.empty([0, 0], "float32")
    if len(codes) < 2:
        raise InputError(f"A density of codes is found of two examples at least. Received: {len(codes)}.")
    if kind == "mixture":
        return CodeSampler(model, mixture_density(codes, seed, components))
    return CodeSampler(model, DENSITIES[kind](codes, seed))


def check_kind(kind, components=None):
    """Raises InputError for an unknown kind of sampler, and for components of another kind than the mixture."""
    if kind not in DENSITIES:
        raise InputError(f"Unknown sampler. Received: {kind!r}. {closest(str(kind), DENSITIES)}")
    if components is not None and kind != "mixture":
        raise InputError(f"Only the sampler 'mixture' has components. Received: components={components!r}, {kind!r}.")


def check_codes(model):
    """Raises InputError for a model that has no codes of which a density could be found."""
    if not isinstance(model, HasCodeVectors) or not isinstance(model, Decodes):
        raise InputError(
            "A sampler is fitted to the codes of examples, which an autoencoder, a VAE or a VQ-VAE has. "
            f"Received: {type(model).__name__}."
        )

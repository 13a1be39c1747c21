"""Every public class of the zoo, made small: its arguments, a compiled model of it, and random data that it takes."""

import functools

import keras
import numpy as np

from keraszoo import models
from keraszoo.core.inputs import Context
from keraszoo.models import MODELS

ROWS = 16
IMAGE, COLOUR, PAIR, VECTOR, WIDE = (8, 8, 1), (8, 8, 3), (2, 8, 8, 1), (4,), (16, 16, 1)
DENSE = {"hidden": (8,), "latent_dim": 2}
GANS = {"hidden": (8,), "discriminator_hidden": (8,), "latent_dim": 2}
CHAIN = {"hidden": (8,), "transforms": 2}
RESTORATION = {"hidden": (8,)}

#: {class: (shape of an example, the other arguments)}
SMALL = {
    "Autoencoder": (IMAGE, DENSE),
    "ConvolutionalAutoencoder": (IMAGE, DENSE),
    "SparseAutoencoder": (IMAGE, DENSE),
    "ContractiveAutoencoder": (IMAGE, DENSE),
    "SemiSupervisedAutoencoder": (IMAGE, {"hidden": (8,), "num_classes": 3}),
    "AdversarialAutoencoder": (IMAGE, {**DENSE, "discriminator_hidden": (8,)}),
    "WassersteinAutoencoder": (IMAGE, DENSE),
    "RegularizedAutoencoder": (IMAGE, DENSE),
    "DenoisingAutoencoder": (IMAGE, RESTORATION),
    "InpaintingAutoencoder": (IMAGE, {**RESTORATION, "hole": (3, 3)}),
    "ColorizationAutoencoder": (COLOUR, RESTORATION),
    "SuperResolutionAutoencoder": (IMAGE, RESTORATION),
    "VAE": (IMAGE, DENSE),
    "BetaVAE": (IMAGE, DENSE),
    "BurgessVAE": (IMAGE, DENSE),
    "BetaTCVAE": (IMAGE, {**DENSE, "size": 64}),
    "DIPVAE": (IMAGE, DENSE),
    "InfoVAE": (IMAGE, DENSE),
    "FactorVAE": (IMAGE, {**DENSE, "discriminator_hidden": (8,)}),
    "IWAE": (IMAGE, {**DENSE, "k": 2}),
    "ConditionalVAE": (IMAGE, {**DENSE, "num_classes": 3}),
    "VampVAE": (IMAGE, {**DENSE, "prior_components": 3}),
    "DFCVAE": (COLOUR, {**DENSE, "weights": None}),
    "VAEGAN": (IMAGE, {**DENSE, "discriminator_hidden": (8,)}),
    "VQVAE": (IMAGE, {"hidden": (8,), "num_codes": 4, "code_dim": 2, "residual_blocks": 1, "prior_filters": 4}),
    "FlowVAE": (IMAGE, {**DENSE, "posterior_transforms": 2}),
    "GAN": (IMAGE, GANS),
    "DCGAN": (IMAGE, GANS),
    "LSGAN": (IMAGE, GANS),
    "SNGAN": (IMAGE, GANS),
    "WGAN": (IMAGE, {**GANS, "n_critic": 2}),
    "WGANGP": (IMAGE, {**GANS, "n_critic": 2}),
    "PacGAN": (IMAGE, GANS),
    "ConditionalGAN": (IMAGE, {**GANS, "num_classes": 3}),
    "ACGAN": (IMAGE, {**GANS, "num_classes": 3}),
    "InfoGAN": (IMAGE, {**GANS, "categories": (3,), "continuous": 1}),
    "CycleGAN": (PAIR, {"hidden": (8, 8), "blocks": 1, "discriminator_hidden": (8,)}),
    "Flow": (VECTOR, {}),
    "RealNVP": (VECTOR, CHAIN),
    "MAF": (VECTOR, CHAIN),
    "IAF": (VECTOR, CHAIN),
    "NSF": (VECTOR, {**CHAIN, "bins": 3}),
    "Glow": (IMAGE, {"scales": 2, "steps": 1, "filters": 4}),
    "PlanarFlow": (VECTOR, {"transforms": 2}),
    "ContinuousFlow": (VECTOR, {"hidden": (8,), "steps": 2}),
    "ResidualFlow": (VECTOR, CHAIN),
    "Classifier": (IMAGE, {"hidden": (8,), "num_classes": 3, "features": 4}),
    "UNet": (WIDE, {"depth": 2, "width": 4}),
}
NAMES = list(MODELS)


def small(name, **options):
    """A new small model of the class.

    Args:
        name: one of `NAMES`.
        **options: further arguments of its constructor.
    """
    shape, arguments = SMALL[name]
    if name == "Flow":
        from keraszoo.bijectors import Coupling

        return models.Flow(shape, [Coupling(*shape)], **options)
    return getattr(models, name)(shape, **{**arguments, **options})


def compiled(model, **options):
    """The model, compiled; XLA would take longer than these steps do."""
    model.compile(**{"jit_compile": False, **options})
    return model


@functools.cache
def shared(name):
    """The one compiled model of the class, for tests that leave its weights alone, and its data."""
    keras.utils.set_random_seed(1)
    model = compiled(small(name))
    return model, *data_of(name, model)


def data_of(name, model, rows=ROWS, seed=0):
    """Random x and y of the model; y is None where it learns from x alone."""
    random = np.random.default_rng(seed)
    shape = SMALL[name][0]
    if model.inputs is None:
        x = random.random((rows, *shape), "float32")
    else:
        x = model.inputs.random(rows, random)
    if x.shape[1:] != shape:  # sizes that may vary
        x = random.random((rows, *shape), "float32")
    y = None if model.targets is None else model.targets.random(rows, random, like=shape)
    return x, y


def inputs_of(model, x, y):
    """What `predict` takes of the data."""
    return [x, y] if isinstance(model.targets, Context) else x


def numbers(structure):
    """All numbers of a structure of tensors, as one list of arrays."""
    return [np.asarray(part) for part in keras.tree.flatten(structure)]


def weights_of(model):
    return {f"{i} {variable.path}": np.asarray(variable) for i, variable in enumerate(model.variables)}


def assert_same_weights(one, other):
    assert one.keys() == other.keys()
    changed = [name for name in one if not np.array_equal(one[name], other[name], equal_nan=True)]
    assert not changed

"""Every public model, made as small as it works, with a batch of what it takes.

`small("VAE")` makes one; `data(model)` is its (x, y), y None where it learns from x alone.
"""

import keras
import numpy as np

from keraszoo import models

IMAGE, VECTOR, ROWS = (8, 8, 1), (4,), 6

_autoencoder = {"image_shape": IMAGE, "latent_dim": 2, "hidden": (4,)}
_gan = {"image_shape": IMAGE, "latent_dim": 2, "hidden": (4,), "discriminator_hidden": (4,)}
_restoration = {"image_shape": IMAGE, "hidden": (2,)}
_self_supervised = {"image_shape": (8, 8, 3), "network": "dense", "hidden": (4,), "features": 4}
_flow = {"event_shape": VECTOR, "transforms": 2, "hidden": (4,)}


def _chain():
    from keraszoo.bijectors import Coupling

    return [Coupling(4, "affine", hidden=(4,)), Coupling(4, "affine", hidden=(4,), mask="odd")]


#: {class: its arguments, or a function that makes them}
ARGUMENTS = {
    "Autoencoder": _autoencoder,
    "ConvolutionalAutoencoder": _autoencoder,
    "SparseAutoencoder": _autoencoder,
    "ContractiveAutoencoder": _autoencoder,
    "SemiSupervisedAutoencoder": {"image_shape": IMAGE, "num_classes": 3, "hidden": (4,)},
    "AdversarialAutoencoder": {**_autoencoder, "discriminator_hidden": (4,)},
    "WassersteinAutoencoder": _autoencoder,
    "RegularizedAutoencoder": _autoencoder,
    "DenoisingAutoencoder": _restoration,
    "InpaintingAutoencoder": {**_restoration, "hole": (2, 2)},
    "ColorizationAutoencoder": {**_restoration, "image_shape": (8, 8, 3)},
    "SuperResolutionAutoencoder": _restoration,
    "VAE": _autoencoder,
    "BetaVAE": _autoencoder,
    "BurgessVAE": _autoencoder,
    "BetaTCVAE": {**_autoencoder, "size": 60},
    "DIPVAE": _autoencoder,
    "InfoVAE": _autoencoder,
    "FactorVAE": {**_autoencoder, "discriminator_hidden": (4,)},
    "IWAE": {**_autoencoder, "k": 2},
    "LadderVAE": {"image_shape": IMAGE, "latent_dims": (2, 2), "hidden": (4,), "top_hidden": (4,)},
    "ConditionalVAE": {**_autoencoder, "num_classes": 3},
    "SemiSupervisedVAE": {**_autoencoder, "num_classes": 3},
    "VampVAE": {**_autoencoder, "prior_components": 2},
    "DFCVAE": _autoencoder,
    "VAEGAN": {**_autoencoder, "discriminator_hidden": (4,)},
    "VQVAE": {
        "image_shape": IMAGE, "num_codes": 4, "code_dim": 2, "hidden": (2,), "residual_blocks": 1, "prior_filters": 2,
        "prior_layers": 2,
    },
    "FlowVAE": {**_autoencoder, "posterior_transforms": 1},
    "GAN": _gan,
    "DCGAN": {**_gan, "hidden": (4, 4), "discriminator_hidden": (4, 4)},  # normalises batches from the second on
    "LSGAN": _gan,
    "SNGAN": _gan,
    "WGAN": {**_gan, "n_critic": 1},
    "WGANGP": {**_gan, "n_critic": 1},
    "PacGAN": _gan,
    "ConditionalGAN": {**_gan, "num_classes": 3},
    "ProjectionGAN": {**_gan, "num_classes": 3, "attention": 8},
    "ACGAN": {**_gan, "num_classes": 3},
    "InfoGAN": {**_gan, "categories": (2,), "continuous": 1},
    "CycleGAN": {"pair_shape": (2, 8, 8, 1), "hidden": (2, 2), "blocks": 1, "discriminator_hidden": (2,)},
    "Flow": lambda: {"event_shape": VECTOR, "chain": _chain()},
    "RealNVP": _flow,
    "MAF": _flow,
    "IAF": _flow,
    "NSF": {**_flow, "bins": 2},
    "Glow": {"event_shape": IMAGE, "scales": 1, "steps": 1, "filters": 2},
    "PlanarFlow": {"event_shape": VECTOR, "transforms": 2},
    "ContinuousFlow": {**_flow, "steps": 2},
    "ResidualFlow": _flow,
    "Histogram": {"event_shape": (2,), "bins": 3, "pseudocount": 1.0},
    "KernelDensity": {"event_shape": VECTOR, "bandwidth": 0.5, "examples": 20},
    "GaussianMixture": {"event_shape": VECTOR, "components": 2},
    "GenerativeClassifier": {"event_shape": VECTOR, "num_classes": 3, "density": "lda"},
    "Classifier": {"image_shape": IMAGE, "num_classes": 3, "features": 4, "hidden": (4,)},
    "ContextPrediction": {**_self_supervised, "patch": 2, "gap": 1, "jitter": 0, "head": (4,)},
    "RotationPrediction": _self_supervised,
    "SimCLR": {**_self_supervised, "projection": (4, 4)},
    "UNet": {"image_shape": IMAGE, "depth": 1, "width": 2, "dropout": 0.0},
}  # fmt: skip
NAMES = tuple(models.MODELS)
#: classes that learn nothing by gradients, as these arguments make them
WITHOUT_GRADIENTS = ("Histogram", "KernelDensity", "GaussianMixture", "GenerativeClassifier")
BY_GRADIENTS = tuple(name for name in NAMES if name not in WITHOUT_GRADIENTS)
#: classes that compute, or are trained, unlike the others; the laws of the slow suite are tried on all
DISTINCT = ("RegularizedAutoencoder", "VAE", "ConditionalVAE", "VQVAE", "WGAN", "RealNVP", "Classifier", "UNet")
# What follows is asked of the models by `test_the_lists_are_those_of_the_models`: making all of them takes a minute,
# which every collection of the tests would pay.
WITH_LABELS = (
    "SemiSupervisedAutoencoder", "ConditionalVAE", "SemiSupervisedVAE", "ConditionalGAN", "ProjectionGAN", "ACGAN",
    "GenerativeClassifier", "Classifier",
)  # fmt: skip
WITH_TARGETS = (*WITH_LABELS, "UNet")
#: what they learn of an example is no vector of numbers
WITHOUT_FEATURES = (
    "DenoisingAutoencoder", "InpaintingAutoencoder", "ColorizationAutoencoder", "SuperResolutionAutoencoder",
    "CycleGAN", "Histogram", "KernelDensity", "GaussianMixture", "GenerativeClassifier", "UNet",
)  # fmt: skip
SEVERAL_OPTIMIZERS = (
    "AdversarialAutoencoder", "FactorVAE", "VAEGAN", "VQVAE", "GAN", "DCGAN", "LSGAN", "SNGAN", "WGAN", "WGANGP",
    "PacGAN", "ConditionalGAN", "ProjectionGAN", "ACGAN", "InfoGAN", "CycleGAN",
)  # fmt: skip


def small(name, **changes):
    """A new small model of that class.

    Args:
        changes: arguments over, or besides, those of the table.
    """
    arguments = ARGUMENTS[name]
    arguments = arguments() if callable(arguments) else arguments
    model = getattr(models, name)(**{**arguments, **changes})
    if model.adapts:  # what the first fit would measure is no part of learning
        model.adapt(*data(model))
    return model


def data(model, rows=ROWS):
    """(x, y) that the model learns from, the same each time; y None where it takes none."""
    random = np.random.default_rng(0)
    x = model.inputs.random(rows, random)
    like = x.shape[1:]
    return x, None if model.targets is None else model.targets.random(rows, random, like=like)


def compiled(model, make="sgd", **options):
    """The model, compiled with an optimizer of its own for each of its updates.

    Args:
        make: a name, or a function () -> optimizer.
    """
    new = make if callable(make) else lambda: keras.optimizers.get(make)
    model.compile(**{name: new() for name in model.gradients()}, **options)
    return model


def values(variables):
    """Copies of variables, as arrays."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def restart(model, start):
    """The model with these weights and the first numbers of its noise."""
    model.set_weights(start)
    for variable in model.non_trainable_variables:
        if variable.name == "seed_generator_state":
            variable.assign([1, 0])


def equal(some, others):
    """Whether two lists of arrays are equal, bit for bit."""
    return len(some) == len(others) and all(np.array_equal(a, b) for a, b in zip(some, others, strict=True))


def parts(model):
    """The layers right below the model that have something to learn: `{name of the attribute: layer}`."""
    found = {}
    for name, value in vars(model).items():
        each = value if isinstance(value, (list, tuple)) else [value]
        for layer in each:
            if isinstance(layer, keras.layers.Layer) and layer.trainable_variables and not name.startswith("_"):
                found.setdefault(name, layer)
    return found

"""Densities that are found of codes once the autoencoder has learned: a normal distribution, a mixture, a flow.

Ghosh, Sajjadi, Vergari, Black and Schoelkopf, "From Variational to Deterministic Autoencoders" (2020),
https://arxiv.org/abs/1903.12436, call this ex-post density estimation; Dai and Wipf, "Diagnosing and Enhancing VAE
Models" (2019), https://arxiv.org/abs/1903.05789, do it for VAEs, with a second VAE.
"""

import warnings

import keras
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as ScikitLearnMixture

from ..core.errors import InputError
from ..core.seeds import spread
from ..distributions.full_normal import FullNormal

COMPONENTS = (1, 2, 5, 10, 20, 50, 100)  # among which the BIC chooses
LARGEST_FULL = 128  # units, up to which the components of a mixture have full covariances
REGULARIZATION = 1e-4  # added to the variances of a mixture's components, of codes with variance 1
MOST = 50_000  # codes of which a mixture is found
HELD_OUT = 10  # one in so many codes tells when a flow has learned enough
EPOCHS, PATIENCE = 300, 20  # of a flow, at most, and without a better one
LEAST_BATCH, MOST_STEPS = 128, 100  # codes in a batch, and batches in an epoch


def gaussian_density(codes, seed=0):
    """The normal distribution with mean and covariance of codes [n, d]: a `FullNormal`."""
    density, mean = FullNormal(codes.shape[1]), codes.mean(axis=0)
    density.fit(**FullNormal.sums(codes - mean))  # of small numbers, whose squares lose no digits
    density.loc.assign_add(mean)
    return density


def mixture_density(codes, seed=0, components=None):
    """The mixture of Gaussians of codes that scikit-learn's `GaussianMixture` finds.

    The codes have variance 1 while it looks. Up to 128 units the components have full covariances, beyond that
    diagonal ones.

    Args:
        codes: [n, d].
        seed: integer, of the start.
        components: how many; None: the first of 1, 2, 5, 10, 20, 50 and 100 whose BIC the next one does not improve.

    Returns:
        A `keraszoo.models.GaussianMixture`.

    Raises:
        InputError: more components than codes.

    Example:
        >>> random = np.random.default_rng(0)
        >>> codes = np.concatenate([random.normal(-5, 1, (500, 2)), random.normal(5, 1, (500, 2))]).astype("float32")
        >>> mixture_density(codes).components
        2
    """
    codes = codes[spread(len(codes), MOST, seed)]
    if components is not None and not 1 <= components <= len(codes):
        raise InputError(
            f"A mixture has at least one component, and no more than there are codes, {len(codes)}. "
            f"Received: components={components!r}."
        )
    mean, deviation = codes.mean(axis=0), codes.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    codes, kind = (codes - mean) / deviation, "full" if codes.shape[1] <= LARGEST_FULL else "diag"
    best, best_bic = None, np.inf
    for count in [count for count in COMPONENTS if count <= len(codes)] if components is None else [components]:
        found = ScikitLearnMixture(count, covariance_type=kind, reg_covar=REGULARIZATION, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture that could be a little better will do
            found.fit(codes)
        bic = found.bic(codes)
        if bic >= best_bic:
            break
        best, best_bic = found, bic
    return _density(best, kind, mean, deviation)


def _density(found, kind, mean, deviation):
    """scikit-learn's mixture of standardised codes as one of the codes themselves."""
    from ..models import GaussianMixture

    density = GaussianMixture((len(mean),), len(found.weights_), covariance=kind)
    scales = np.outer(deviation, deviation) if kind == "full" else deviation**2
    density.assign(found.weights_, mean + deviation * found.means_, scales * found.covariances_)
    return density


def flow_density(codes, seed=0):
    """A masked autoregressive flow of codes [n, d], of mean 0 and variance 1 to it: a `MAF`.

    It learns until one in ten codes, which are held out, have not become more probable for 20 epochs, and keeps the
    weights with which they were most probable.
    """
    from ..models import MAF

    keras.utils.set_random_seed(seed)
    flow = MAF((codes.shape[1],), standardize=True)
    order = np.random.default_rng(seed).permutation(len(codes))
    held_out, learned = np.split(codes[order], [max(1, len(codes) // HELD_OUT)])
    flow.adapt(codes)
    batch_size = max(LEAST_BATCH, len(learned) // MOST_STEPS)
    flow.compile(keras.optimizers.Adam(1e-3), steps_per_execution=-(-len(learned) // batch_size), jit_compile=False)
    stop = keras.callbacks.EarlyStopping("val_loss", patience=PATIENCE, restore_best_weights=True)
    flow.fit(learned, validation_data=(held_out,), batch_size=batch_size, epochs=EPOCHS, callbacks=[stop], verbose=0)
    return flow


#: name: function of codes [n, d] float32 and of a seed
DENSITIES = {"gaussian": gaussian_density, "mixture": mixture_density, "flow": flow_density}

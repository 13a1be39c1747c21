"""What each latent unit of a run carries: `keraszoo latent units`."""

import typing

import numpy as np

from keraszoo.analysis.codes import encode
from keraszoo.analysis.units import active_units, kl_per_unit
from keraszoo.distributions.normal import DiagonalNormal
from keraszoo.models.abilities import HasPosterior, WeighsUnits

from .space import LatentSpace


class Unit(typing.NamedTuple):
    """One latent unit.

    Attributes:
        number: its place in the code.
        kl: KL of its posterior from N(0, 1) in nats, the mean over the examples; None where a code has no variance. Of
            a ladder VAE that from its prior, which below depends on the level above.
        variance: of its mean over the examples.
        noise: the mean variance of its posterior, or None.
        active: whether `variance` exceeds .01.
    """

    number: int
    kl: float | None
    variance: float
    noise: float | None
    active: bool


def units(run, split=None, *, data_dir=None):
    """The latent units of a run's model, those that carry most first.

    Args:
        run: a `Run` or the path of one.
        split: whose examples are encoded, 10,000 at most; by default the recipe's test split.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        A list of `Unit`.

    Raises:
        InputError: missing or unfinished run, a model that does not encode images, unknown split, missing data.
    """
    space = LatentSpace(run, data_dir=data_dir)
    space.check_encodes()
    batches = space.batches(split or space.run.recipe.data.test)
    return units_of(*posteriors(space.model, batches), kl_of_levels(space.model, batches))


def posteriors(model, batches):
    """(codes [n, d], log_vars [n, d] of the Gaussians around them, or None) of all examples.

    Codes that a flow has moved away from a Gaussian's mean have no variances.
    """
    codes, log_vars = [], []
    for x in batches:
        posterior = model.posterior(x) if isinstance(model, HasPosterior) else None
        if isinstance(posterior, DiagonalNormal):
            codes.append(np.asarray(posterior.mean()))
            log_vars.append(np.asarray(posterior.log_var))
        else:
            codes.append(encode(model, x).reshape(len(x), -1))
    return np.concatenate(codes), np.concatenate(log_vars) if len(log_vars) == len(codes) else None


def kl_of_levels(model, batches):
    """The mean KL of each unit of all levels, [d], of a model that knows it; else None."""
    if not isinstance(model, WeighsUnits):
        return None
    found = [np.concatenate(model.kl_per_unit(x)) for x in batches]
    return np.average(found, axis=0, weights=[len(x) for x in batches])


def units_of(means, log_vars, kl=None):
    """A list of `Unit`, those of the largest KL first; without a KL those that vary most.

    Args:
        means: codes, [n, d].
        log_vars: of the Gaussians around them, [n, d], or None.
        kl: of each unit, [d], where it is not that of such Gaussians from N(0, I).
    """
    variances, active, unknown = means.var(axis=0), active_units(means), [None] * means.shape[1]
    if kl is None and log_vars is not None:
        kl = kl_per_unit(means, log_vars)
    noise = unknown if log_vars is None else np.exp(log_vars).mean(axis=0).tolist()
    order = np.argsort(-variances if kl is None else -np.array(kl), kind="stable").tolist()
    kl = unknown if kl is None else kl.tolist()
    return [Unit(unit, kl[unit], float(variances[unit]), noise[unit], bool(active[unit])) for unit in order]

"""What each latent unit of a run carries: `keraszoo latent units`."""

import typing

import numpy as np

from keraszoo.analysis.codes import encode
from keraszoo.analysis.units import active_units, kl_per_unit
from keraszoo.distributions.normal import DiagonalNormal
from keraszoo.models.abilities import HasPosterior

from .space import LatentSpace


class Unit(typing.NamedTuple):
    """One latent unit.

    Attributes:
        number: its place in the code.
        kl: KL of its posterior from N(0, 1) in nats, the mean over the examples; None where a code has no variance.
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
    found = posteriors(space.model, space.batches(split or space.run.recipe.data.test))
    return units_of(*found)


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


def units_of(means, log_vars):
    """A list of `Unit`, those of the largest KL first; without variances those that vary most."""
    variances, active = means.var(axis=0), active_units(means)
    kl = [None] * len(variances) if log_vars is None else kl_per_unit(means, log_vars).tolist()
    noise = [None] * len(variances) if log_vars is None else np.exp(log_vars).mean(axis=0).tolist()
    order = np.argsort(-variances if log_vars is None else -np.array(kl), kind="stable").tolist()
    return [Unit(unit, kl[unit], float(variances[unit]), noise[unit], bool(active[unit])) for unit in order]

"""Whether the posterior that a conditional density has learned is as wide as it should be.

Simulation-based calibration: Talts, Betancourt, Simpson, Vehtari and Gelman (2018), https://arxiv.org/abs/1804.06788.
Expected coverage: Hermans et al., "A Crisis In Simulation-Based Inference? Beware, Your Posterior Approximations Can Be
Unfaithful" (2022), https://arxiv.org/abs/2110.06581.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from ..core.errors import InputError
from ..system.tables import as_array

VALUES = 2**22  # drawn at once


def calibration_ranks(
    flow: Any, parameters: np.ndarray, contexts: np.ndarray, draws: int = 99, seed: int = 0
) -> np.ndarray:
    """Simulation-based calibration: how many of the posterior's draws lie below the parameter that made the context.

    Where the posterior is right each rank is as likely as any other: see `rank_p_values`. A histogram that is high at
    both ends shows a posterior that is too narrow, one that is high in the middle one that is too wide.

    Args:
        flow: has `sample(count, seed=..., context=...)`, such as a `Flow` with a `context_dim` or a `context_network`.
        parameters: [n, d], drawn from the prior.
        contexts: [n, *shape] as the flow takes them, vectors, images or sets, or [n] labels, each simulated from its
            parameters; not those that the flow has learned from.
        draws: of each posterior, >= 1; one less than a multiple of the bins of a histogram puts as many ranks in each.
        seed: of the draws.

    Returns:
        [n, d] integers from 0 to `draws`.

    Raises:
        InputError: other shapes.

    Example:
        >>> from keraszoo.models import RealNVP
        >>> flow = RealNVP((2,), transforms=1, hidden=(4,), context_dim=3)
        >>> ranks = calibration_ranks(flow, np.zeros([5, 2], "float32"), np.zeros([5, 3], "float32"))
        >>> ranks.shape, bool(0 <= ranks.min() and ranks.max() <= 99)
        ((5, 2), True)
    """
    parameters, contexts = _pairs(parameters, contexts, draws)
    ranks = [
        (_posterior_draws(flow, part, draws, seed + number) < parameters[rows][:, None]).sum(axis=1)
        for number, (rows, part) in enumerate(_parts(parameters, contexts, draws))
    ]
    return np.concatenate(ranks)


def rank_p_values(ranks: np.ndarray, draws: int, bins: int = 20) -> np.ndarray:
    """The p-value of each parameter's ranks being uniform, by Pearson's chi-squared test.

    Args:
        ranks: [n, d], of `calibration_ranks` with as many `draws`.
        draws: of each posterior.
        bins: of the histogram that is tested, >= 2; `draws + 1` at most.

    Returns:
        [d], each uniform in [0, 1] itself where the posterior is right. Of several parameters compare the least with
        the level divided by their number (Bonferroni).

    Example:
        >>> even, low = np.arange(100)[:, None], np.zeros([100, 1])
        >>> rank_p_values(even, 99).round(3).tolist(), rank_p_values(low, 99).tolist()
        ([1.0], [0.0])
    """
    ranks = np.asarray(ranks)
    if not 2 <= bins <= draws + 1:
        raise InputError(f"Ranks of {draws} draws fall into 2 to {draws + 1} bins. Received: bins={bins}.")
    places = np.arange(draws + 1) * bins // (draws + 1)
    expected = len(ranks) * np.bincount(places, minlength=bins) / (draws + 1)
    counts = [np.bincount(places[column.astype(int)], minlength=bins) for column in ranks.T]
    return np.array([stats.chisquare(count, expected).pvalue for count in counts])


def expected_coverage(
    flow: Any,
    parameters: np.ndarray,
    contexts: np.ndarray,
    levels: Sequence[float] = (0.5, 0.8, 0.95),
    draws: int = 100,
    seed: int = 0,
) -> np.ndarray:
    """How often the region of highest posterior density that holds a share `levels` of it holds the true parameters.

    Where the posterior is right that is `levels` itself, within sqrt(level (1 - level) / n) or so; less shows one that
    is too narrow. All parameters count together, so errors that `calibration_ranks` cannot see are seen here.

    Args:
        flow: has `sample(count, seed=..., context=...)` and `log_prob(x, context)`.
        parameters, contexts, draws, seed: as for `calibration_ranks`.
        levels: credibility, each in (0, 1).

    Returns:
        [levels].

    Example:
        >>> from keraszoo.models import RealNVP
        >>> flow = RealNVP((2,), transforms=1, hidden=(4,), context_dim=3)
        >>> far = np.full([5, 2], 50.0, "float32")
        >>> expected_coverage(flow, far, np.zeros([5, 3], "float32")).tolist()
        [0.0, 0.0, 0.0]
    """
    parameters, contexts = _pairs(parameters, contexts, draws)
    levels = np.asarray(levels, float)
    if not ((levels > 0) & (levels < 1)).all():
        raise InputError(f"A level is a share of the posterior, between 0 and 1. Received: {levels.tolist()}.")
    likelier = []  # the share of the posterior whose density is above that of the true parameters
    for number, (rows, part) in enumerate(_parts(parameters, contexts, draws)):
        drawn = _posterior_draws(flow, part, draws, seed + number)
        flat, repeated = drawn.reshape([-1, drawn.shape[-1]]), np.repeat(part, draws, axis=0)
        of_draws = np.reshape(flow.log_prob(flat, repeated), [-1, draws])
        likelier.append((of_draws > np.asarray(flow.log_prob(parameters[rows], part))[:, None]).mean(axis=1))
    return (np.concatenate(likelier)[:, None] < levels).mean(axis=0)


def _posterior_draws(flow, contexts, draws, seed):
    """[n, draws, d]."""
    drawn = flow.sample(len(contexts) * draws, seed=seed, context=np.repeat(contexts, draws, axis=0))
    return np.reshape(drawn, [len(contexts), draws, -1])


def _parts(parameters, contexts, draws):
    """Slices of rows, as many as are drawn for at once, and their contexts."""
    size = max(1, VALUES // (draws * (parameters.shape[1] + math.prod(contexts.shape[1:]))))
    for start in range(0, len(parameters), size):
        rows = slice(start, start + size)
        yield rows, contexts[rows]


def _pairs(parameters, contexts, draws):
    who = "Calibration"
    parameters = np.asarray(as_array(parameters, who, "x"), "float32")
    contexts = np.asarray(as_array(contexts, who, "contexts" if np.ndim(contexts) > 1 else "y"))
    if parameters.ndim != 2 or not contexts.ndim or len(parameters) != len(contexts) or not len(contexts):
        raise InputError(
            f"{who} takes parameters [n, d] and as many contexts [n, *shape]. "
            f"Received: shapes {parameters.shape} and {contexts.shape}."
        )
    if not np.isfinite(parameters).all():
        raise InputError(f"{who} takes finite parameters. Received: {np.sum(~np.isfinite(parameters))} others.")
    if draws < 1:
        raise InputError(f"A rank is among at least one draw. Received: draws={draws}.")
    return parameters, contexts

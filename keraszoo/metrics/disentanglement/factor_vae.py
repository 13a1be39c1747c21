"""The FactorVAE measure of disentanglement.

Kim and Mnih, "Disentangling by Factorising" (2018), https://arxiv.org/abs/1802.05983.
"""

import numpy as np

from .table import TEST, TRAIN, check_table, rows_sharing

ACTIVE = 0.05  # least standard deviation of a unit that votes


def factor_vae_score(
    codes: np.ndarray, factors: np.ndarray, *, batch_size: int = 64, least_deviation: float = ACTIVE, seed: int = 0
) -> float:
    """How often the unit that varies least among examples that share a factor tells which factor that is.

    Each of 10,000 training and 5000 test batches shares one factor. Its vote is the unit whose variance in the batch,
    divided by that over all examples, is the lowest; a unit stands for the factor for which it got most training votes.
    Units that hardly change do not vote: divided by nearly nothing, their noise would outvote what the others know.
    Each factor twice in the code is as good as once. Chance is 1 / factors. disentanglement_lib does the same, with .05
    in the options of its study and 0 by default.

    Args:
        codes: [n, units].
        factors: [n, factors] integers; best all combinations.
        batch_size: examples in each batch.
        least_deviation: of a unit over all examples, in the codes' own scale, below which it does not vote; .05 suits
            codes whose prior has standard deviation 1. With 0 all vote that ever change.
        seed: integer, of the draws.

    Returns:
        The accuracy on the test batches, in [0, 1]; 0 if no unit votes.

    Raises:
        InputError: as `check_table` says, or one factor only.

    Example:
        >>> factors = np.stack(np.meshgrid(range(4), range(5), indexing="ij"), axis=-1).reshape(-1, 2)
        >>> factor_vae_score(factors.astype(float), factors)
        1.0
    """
    codes, factors = check_table(codes, factors, compared=True)
    codes = codes[:, (codes != codes[0]).any(axis=0) & (codes.std(axis=0) >= least_deviation)]
    if codes.shape[1] == 0:
        return 0.0
    codes = codes / codes.std(axis=0)
    random = np.random.default_rng(seed)
    train, test = (_votes(codes, factors, count, batch_size, random) for count in (TRAIN, TEST))
    meaning = train.argmax(axis=1)
    return float(test[np.arange(len(test)), meaning].sum() / test.sum())


def _votes(codes, factors, count, batch_size, random):
    """How many batches of each factor each unit got: [units, factors]."""
    shared = random.integers(factors.shape[1], size=count)
    votes = np.zeros([codes.shape[1], factors.shape[1]], int)
    for factor in range(factors.shape[1]):
        rows = random.integers(len(codes), size=(shared == factor).sum())
        batches = codes[rows_sharing(factors[:, factor], np.repeat(rows[:, None], batch_size, axis=1), random)]
        votes[:, factor] = np.bincount(batches.var(axis=1).argmin(axis=1), minlength=codes.shape[1])
    return votes

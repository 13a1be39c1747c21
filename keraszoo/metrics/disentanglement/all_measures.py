"""Every measure of disentanglement at once."""

import numpy as np

from .dci import dci_scores
from .explicitness import explicitness_score
from .factor_vae import factor_vae_score
from .higgins import higgins_score
from .mig import mutual_information_gap
from .modularity import modularity_score
from .sap import sap_score
from .table import check_table


def disentanglement_scores(
    codes: np.ndarray, factors: np.ndarray, *, trees: str = "forest", seed: int = 0
) -> dict[str, float]:
    """How well codes keep the known factors apart, by nine measures, each from 0 to 1.

    Encode every combination of the factors once: each measure then looks its examples up in this table.

    Args:
        codes: [n, units] of the examples.
        factors: [n, factors] integers, two factors or more: the number of each factor's value.
        trees: of `dci_scores`, "forest" or "boosting".
        seed: integer, of all draws.

    Returns:
        `{name: value}` of higgins, factor_vae, mig, dci_disentanglement, dci_completeness, dci_informativeness, sap,
        modularity and explicitness.

    Raises:
        InputError: as the single measures do.

    Example:
        >>> import numpy as np
        >>> factors = np.stack(np.meshgrid(range(4), range(5), range(9), indexing="ij"), axis=-1).reshape(-1, 3)
        >>> scores = disentanglement_scores(factors[:, :2].astype(float), factors[:, :2])
        >>> {name: round(scores[name], 2) for name in ("higgins", "factor_vae", "mig", "modularity")}
        {'higgins': 1.0, 'factor_vae': 1.0, 'mig': 1.0, 'modularity': 1.0}
    """
    codes, factors = check_table(codes, factors, compared=True)
    dci = dci_scores(codes, factors, trees=trees, seed=seed)
    return {
        "higgins": higgins_score(codes, factors, seed=seed),
        "factor_vae": factor_vae_score(codes, factors, seed=seed),
        "mig": mutual_information_gap(codes, factors),
        **{f"dci_{name}": value for name, value in dci._asdict().items()},
        "sap": sap_score(codes, factors, seed=seed),
        "modularity": modularity_score(codes, factors),
        "explicitness": explicitness_score(codes, factors, seed=seed),
    }

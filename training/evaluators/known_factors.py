"""How well a run's codes keep the factors of its data apart: the whole of `keraszoo disentanglement`."""

import os

import numpy as np

from keraszoo.analysis import latent_codes
from keraszoo.core.errors import InputError
from keraszoo.data.datasets.factors import datasets_with_factors, factor_values, known_factors
from keraszoo.metrics import disentanglement_scores, mutual_information_gap
from keraszoo.runs.run import Run

from .evaluator import Evaluator
from .latent_panels import encodes, has_vectors

WATCHED = 10_000  # test examples at most, of which the gap is told after each epoch


def disentanglement(
    run: str | os.PathLike | Run, *, trees: str = "forest", seed: int = 0, data_dir: str | os.PathLike | None = None
) -> dict[str, float]:
    """Scores of the codes of all examples of a run's dataset, also written to the run's metrics.json.

    Every example of every split is encoded once, for a VAE as the mean of its posterior.

    Args:
        run: a `Run` or the path of one, on a dataset with known factors.
        trees: of `dci_scores`, "forest" or "boosting".
        seed: integer, of the measures' draws.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        `{measure: value}`, as `disentanglement_scores` says.

    Raises:
        InputError: missing or unfinished run, a dataset without known factors, missing data, a model whose codes are
            not [n, units].
    """
    run = run if isinstance(run, Run) else Run.open(run)
    check_factors(run.recipe)
    model, prepared = run.model(), run.data(data_dir)
    source = prepared.source
    codes = np.concatenate([latent_codes(model, prepared.batches(split)) for split in source.splits])
    if codes.ndim != 2:
        raise InputError(f"Codes are [n, units]. Received: {list(codes.shape)} of a {type(model).__name__}.")
    factors = np.concatenate([factor_values(source, split) for split in source.splits])
    scores = disentanglement_scores(codes, factors, trees=trees, seed=seed)
    run.write_metrics(disentanglement=scores)
    return scores


def check_factors(recipe):
    """Raises InputError unless the factors of a recipe's examples are known."""
    if not has_factors(recipe):
        raise InputError(
            f"Disentanglement is measured on data whose factors are known. Received: a run on {recipe.data.name}. "
            f"{datasets_with_factors()}"
        )


def has_factors(recipe):
    return not recipe.data.has_step("unpaired") and known_factors(recipe.data.name) is not None


class InformationGap(Evaluator):
    """The mutual information gap of the model's codes of the same examples when an epoch ends.

    It goes to the epoch's `logs` as `val_mig`, and so to the history, TensorBoard and early stopping.

    Args:
        examples: [n, ...].
        factors: [n, factors] integers.
    """

    adds_to_logs = True

    def __init__(self, examples, factors):
        super().__init__()
        self.examples, self.factors = examples, factors

    @classmethod
    def applies(cls, session):
        if not has_factors(session.recipe) or not has_vectors(session.model):
            return False
        return encodes(session.model, session.data.examples(session.recipe.data.test, 1))

    @classmethod
    def of(cls, session):
        split = session.recipe.data.test
        return cls(session.data.examples(split, WATCHED), factor_values(session.data.source, split)[:WATCHED])

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["val_mig"] = mutual_information_gap(latent_codes(self.model, self.examples), self.factors)

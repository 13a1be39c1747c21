"""How well a run's codes keep the factors of its data apart: the whole of `keraszoo disentanglement`."""

import keras
import numpy as np

from keraszoo import data
from keraszoo.analysis import latent_codes
from keraszoo.core.errors import InputError
from keraszoo.data.datasets.factors import datasets_with_factors, factor_values, known_factors
from keraszoo.metrics import disentanglement_scores, mutual_information_gap
from keraszoo.runs.run import Run

from ..build import load_data
from .latent_panels import encodes

BATCH_SIZE = 512
WATCHED = 10_000  # test examples at most, of which the gap is told after each epoch


def disentanglement(run, *, trees="forest", seed=0, data_dir=None):
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
    model = run.load_model()
    source = load_data(run.recipe, data_dir)
    codes = np.concatenate([latent_codes(model, _batches(source, split, run.recipe)) for split in source.splits])
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
            f"Disentanglement is measured on data whose factors are known. Received: a run on {recipe.dataset}. "
            f"{datasets_with_factors()}"
        )


def has_factors(recipe):
    return recipe.domains is None and known_factors(recipe.dataset) is not None


class InformationGap(keras.callbacks.Callback):
    """The mutual information gap of the model's codes of the same examples when an epoch ends.

    It goes to the epoch's `logs` as `val_mig`, and so to the history, TensorBoard and early stopping.

    Args:
        examples: [n, ...].
        factors: [n, factors] integers.
    """

    def __init__(self, examples, factors):
        super().__init__()
        self.examples, self.factors = examples, factors

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["val_mig"] = mutual_information_gap(latent_codes(self.model, self.examples), self.factors)


def callbacks_with_factors(model, source, recipe):
    """`[InformationGap]` where the model has codes and the factors of its examples are known, else `[]`."""
    if not has_factors(recipe) or not hasattr(model, "encode") or not hasattr(model, "latent_dim"):
        return []
    batches = _batches(source, recipe.test_split, recipe).take(-(-WATCHED // BATCH_SIZE))
    examples = np.concatenate(list(batches.as_numpy_iterator()))[:WATCHED]
    if not encodes(model, examples[:1]):
        return []
    return [InformationGap(examples, factor_values(source, recipe.test_split)[:WATCHED])]


def _batches(source, split, recipe):
    options = {"transforms": recipe.transforms, "seed": recipe.seed}
    return data.batches(source, split, BATCH_SIZE, training=False, **options)

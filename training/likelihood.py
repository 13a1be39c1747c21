"""How likely a VAE finds the examples of a split: the whole of `keraszoo likelihood`."""

import math

import numpy as np
from scipy.stats import sem

from keraszoo.core.errors import InputError
from keraszoo.models.abilities import WeighsSamples
from keraszoo.runs.run import Run


def likelihood(run, samples=5000, count=None, split=None, *, seed=0, data_dir=None):
    """The importance-sampled negative log-likelihood of a split, also written to the run's metrics.json.

    Of a conditional VAE it is that of the examples given their labels.

    Args:
        run: a `Run` or the path of one, of a VAE.
        samples: draws from the posterior per example.
        count: how many examples, the first of the split; None: all.
        split: name of the split; by default the recipe's test split.
        seed: integer, of the draws.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        `{name: number}`: "nll", the mean in nats, with its "standard_error" over the examples and its "sampling_error"
        over the draws; "bits_per_dimension" of the same; the numbers of "examples" and "samples". One example has no
        "standard_error", one draw no "sampling_error".

    Raises:
        InputError: missing or unfinished run, a model without this likelihood, values that have none (grey
            pixels under a Bernoulli likelihood), missing data, unknown split, counts below 1.
    """
    run = run if isinstance(run, Run) else Run.open(run)
    if count is not None and count < 1:
        raise InputError(f"count must be an integer >= 1. Received: {count}.")
    model = run.model()
    if not isinstance(model, WeighsSamples):
        raise InputError(
            f"Likelihoods by importance sampling are those of VAEs. Received: a run of {type(model).__name__}."
        )
    labelled = model.condition_size > 0
    prepared, split = run.data(data_dir), split or run.recipe.data.test
    found = prepared.examples(split, count or prepared.size(split), labels=labelled)
    x, *labels = found if labelled else (found,)
    model.likelihood.check_values(x)
    nll, error = model.negative_log_likelihood(x, *labels, samples=samples, seed=seed)
    found = {"nll": float(nll.mean())}
    if len(nll) > 1:
        found["standard_error"] = float(sem(nll))
    if error is not None:
        found["sampling_error"] = float(math.sqrt(np.square(error).sum()) / len(nll))
    found |= {
        "bits_per_dimension": float(nll.mean() / (math.prod(x.shape[1:]) * math.log(2.0))),
        "examples": len(nll),
        "samples": samples,
    }
    run.write_metrics(likelihood=found)
    return found

"""Kernels and EM beside scikit-learn's, in one interleaved run.

    python benchmarks/density_speed.py [--rounds 3]

Kernels: 100,000 examples, the log density of 1000 queries, 2 and 10 features. Mixtures: 100,000 rows of 10 features, 10
full covariances, 10 iterations of EM from the same means. Medians over the rounds, after a first call of either side,
and scikit-learn's time over ours.
"""

import argparse
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from interleaved import Row, add_option, append, comparisons, in_turn, lines
from sklearn import mixture, neighbors

from keraszoo.models import GaussianMixture, KernelDensity

ROWS, QUERIES, COMPONENTS, ITERATIONS = 100_000, 1000, 10, 10


def kernels(features):
    random = np.random.default_rng(0)
    x, queries = (random.normal(size=(count, features)).astype("float32") for count in (ROWS, QUERIES))
    ours = KernelDensity((features,), bandwidth=0.3, examples=ROWS)
    ours.adapt(x)
    theirs = neighbors.KernelDensity(bandwidth=0.3).fit(x)
    np.testing.assert_allclose(ours.log_prob(queries[:5]), theirs.score_samples(queries[:5]), atol=1e-3)
    return lambda: np.asarray(ours.log_prob(queries)), lambda: theirs.score_samples(queries)


def mixtures():
    random = np.random.default_rng(0)
    means = 3 * random.normal(size=(COMPONENTS, 10))
    x = (means[random.integers(COMPONENTS, size=ROWS)] + random.normal(size=(ROWS, 10))).astype("float32")
    start = means + 0.5 * random.normal(size=means.shape)
    identity = np.repeat(np.eye(10)[None], COMPONENTS, axis=0)
    ours = GaussianMixture((10,), components=COMPONENTS)
    ours.compile(steps_per_execution=64)

    def fit_ours():
        ours.assign(np.full(COMPONENTS, 1 / COMPONENTS), start, identity)
        ours.fit(x, batch_size=10_000, epochs=ITERATIONS, verbose=0)

    def fit_theirs():
        theirs = mixture.GaussianMixture(
            COMPONENTS, means_init=start, weights_init=np.full(COMPONENTS, 1 / COMPONENTS), precisions_init=identity,
            max_iter=ITERATIONS, tol=0.0, init_params="random",
        )  # fmt: skip
        theirs.fit(x.astype("float64"))

    return fit_ours, fit_theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    add_option(parser)
    options = parser.parse_args()

    warnings.filterwarnings("ignore", module="sklearn")  # that EM has not converged
    cases = {
        f"kernels, {ROWS:,} examples of {features} features": (
            f"log_prob of {QUERIES}",
            lambda features=features: kernels(features),
        )
        for features in (2, 10)
    }
    cases[f"mixture of {COMPONENTS} full covariances, {ROWS:,} rows of 10"] = (
        f"{ITERATIONS} iterations of EM",
        mixtures,
    )
    for title, (work, make) in cases.items():
        rows = [
            Row(name, lambda _, run=run: run()) for name, run in zip(("KerasZoo", "scikit-learn"), make(), strict=True)
        ]
        in_turn(rows, options.rounds, 1)
        found = comparisons(title, work, rows[0], rows[1:])
        append(options.records, found)
        print("\n".join(lines(found)), flush=True)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()

"""CPU seconds of kernels and of EM beside scikit-learn's, in one interleaved run.

    python benchmarks/density_speed.py [--rounds 3]

Kernels: 100,000 examples, the log density of 1000 queries, 2 and 10 features. Mixtures: 100,000 rows of 10 features, 10
full covariances, 10 iterations of EM from the same means. Seconds of all threads, after a first call of either side;
medians over the rounds, and scikit-learn's over ours.
"""

import argparse
import os
import statistics
import time
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from sklearn import mixture, neighbors

from keraszoo.models import GaussianMixture, KernelDensity

ROWS, QUERIES, COMPONENTS, ITERATIONS = 100_000, 1000, 10, 10


def cpu_seconds(work):
    started = time.process_time()
    work()
    return time.process_time() - started


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
    options = parser.parse_args()

    warnings.filterwarnings("ignore", module="sklearn")  # that EM has not converged
    print("| | KerasZoo, s | scikit-learn, s | times as long |\n|---|---|---|---|")
    cases = {f"kernels, {d} features": lambda d=d: kernels(d) for d in (2, 10)} | {"EM": mixtures}
    for name, make in cases.items():
        ours, theirs = make()
        ours(), theirs()
        pairs = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(options.rounds)]
        medians = [statistics.median(side) for side in zip(*pairs, strict=True)]
        print(f"| {name} | {medians[0]:.2f} | {medians[1]:.2f} | {medians[1] / medians[0]:.2f} |", flush=True)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()

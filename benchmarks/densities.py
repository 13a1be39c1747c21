"""Which density to take: each on the same known densities, few and many examples, few and many features.

    python benchmarks/densities.py [--rows 20 200 5000] [--features 1 2 6 63] [--seeds 2] [--out densities.csv]
    python benchmarks/densities.py --table --out densities.csv

The known density is a mixture of three Gaussians with random means and covariances; from two features on the second is
bent by the square of the first, which no mixture of few Gaussians follows exactly. Flows are standardised, learn with
Adam at 1e-3, and stop when one example in five, which they do not learn from, has not become more probable for
30 epochs.

Columns: held-out -log p of 2000 further examples beside the truth's, seconds to fit, seconds of 1000 queries.
"""

import argparse
import csv
import os
import pathlib
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from scipy import stats

from keraszoo.core.errors import InputError
from keraszoo.models import MAF, NSF, GaussianMixture, Histogram, KernelDensity, RealNVP

COMPONENTS, BENT = (1, 2, 3, 5, 8, 12, 20), 0.3
FIELDS = ("features", "rows", "seed", "density", "nll", "truth", "fit", "queries")


class Known:
    """The density that the data are of."""

    def __init__(self, size, seed):
        random = np.random.default_rng(1000 * size + seed)
        self.means = 2.0 * random.normal(size=(3, size))
        factors = random.normal(size=(3, size, size)) / np.sqrt(size) + np.eye(size)
        self.covariances, self.weights = factors @ factors.transpose(0, 2, 1), np.array([0.5, 0.3, 0.2])

    def sample(self, count, random):
        parts = random.choice(3, count, p=self.weights)
        x = np.stack([random.multivariate_normal(self.means[part], self.covariances[part]) for part in parts])
        return self._bent(x, 1.0)

    def log_prob(self, x):
        x = self._bent(x, -1.0)
        parts = zip(self.weights, self.means, self.covariances, strict=True)
        return np.logaddexp.reduce([np.log(w) + stats.multivariate_normal(m, c).logpdf(x) for w, m, c in parts])

    @staticmethod
    def _bent(x, direction):
        if x.shape[1] > 1:
            x = x.copy()
            x[:, 1] += direction * BENT * x[:, 0] ** 2
        return x


def histogram(x):
    model = Histogram(x.shape[1:], pseudocount=0.1)
    model.adapt(x)
    return model


def kernels(x):
    model = KernelDensity(x.shape[1:], bandwidth="likelihood", examples=len(x))
    model.adapt(x)
    return model


def mixture(x):
    """Of as many components, full or diagonal, as the BIC says."""
    found = []
    for covariance in ("full", "diag"):
        for components in COMPONENTS:
            if 5 * components <= len(x):
                model = GaussianMixture(x.shape[1:], components, covariance=covariance, reg_covar=1e-3)
                model.compile()
                stop = keras.callbacks.EarlyStopping("loss", min_delta=1e-3, patience=1)
                model.fit(x, epochs=100, callbacks=[stop], verbose=0)
                found.append((model.bic(x), model))
    return min(found, key=lambda pair: pair[0])[1]


def flow(cls):
    def fitted(x):
        keras.utils.set_random_seed(0)
        model = cls(x.shape[1:], standardize=True)
        learned, held_out = x[len(x) // 5 :], x[: len(x) // 5]
        batch = min(256, len(learned))
        model.compile(keras.optimizers.Adam(1e-3), steps_per_execution=max(1, len(learned) // batch))
        stop = keras.callbacks.EarlyStopping("val_loss", patience=30, restore_best_weights=True)
        model.fit(learned, validation_data=(held_out,), batch_size=batch, epochs=400, callbacks=[stop], verbose=0)
        return model

    return fitted


DENSITIES = {
    "histogram": histogram,
    "kernels": kernels,
    "mixture": mixture,
    "RealNVP": flow(RealNVP),
    "MAF": flow(MAF),
    "NSF": flow(NSF),
}


def measured(size, rows, seed, name):
    known, random = Known(size, seed), np.random.default_rng(seed)
    x = known.sample(rows, random).astype("float32")
    test = known.sample(2000, np.random.default_rng(10_000 + seed)).astype("float32")
    start = time.perf_counter()
    model = DENSITIES[name](x)
    fit = time.perf_counter() - start
    model.log_prob(test[:1000])
    start = time.perf_counter()
    nll = -np.mean(model.log_prob(test[:1000]))
    queries = time.perf_counter() - start
    nll = 0.5 * (nll - np.mean(model.log_prob(test[1000:])))
    truth = -known.log_prob(test.astype("float64")).mean()
    return dict(zip(FIELDS, (size, rows, seed, name, nll, truth, fit, queries), strict=True))


def table(path):
    """Markdown: the mean over the seeds of how many nats each density is above the truth, seconds below."""
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    names = list(dict.fromkeys(row["density"] for row in found))
    print("| features | examples | truth | " + " | ".join(names) + " |\n|---|---|---|" + "---|" * len(names))
    for size, rows in dict.fromkeys((row["features"], row["rows"]) for row in found):
        here = [row for row in found if (row["features"], row["rows"]) == (size, rows)]
        cells = [f"{statistics.mean(float(row['truth']) for row in here):.2f}"]
        for name in names:
            own = [row for row in here if row["density"] == name]
            if not own:
                cells.append("")
                continue
            excess = statistics.mean(float(row["nll"]) - float(row["truth"]) for row in own)
            seconds = [statistics.mean(float(row[column]) for row in own) for column in ("fit", "queries")]
            cells.append(f"+{excess:.2f} ({seconds[0]:.1f} s, {1000 * seconds[1]:.0f} ms)")
        print(f"| {size} | {rows} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", nargs="+", type=int, default=[20, 200, 5000])
    parser.add_argument("--features", nargs="+", type=int, default=[1, 2, 6, 63])
    parser.add_argument("--densities", nargs="+", default=list(DENSITIES))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("densities.csv"))
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        table(options.out)
        return
    new = not options.out.exists()
    with options.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if new:
            writer.writeheader()
        for size in options.features:
            for rows in options.rows:
                for seed in range(options.seeds):
                    for name in options.densities:
                        try:
                            row = measured(size, rows, seed, name)
                        except InputError as error:  # such as a histogram of many features
                            print(size, rows, name, error, flush=True)
                            continue
                        writer.writerow(row)
                        file.flush()
                        print(row, flush=True)


if __name__ == "__main__":
    main()

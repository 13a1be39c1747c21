"""Which density to take: each on the same known densities, few and many examples, few and many features.

    python benchmarks/densities.py [--rows 20 200 5000] [--features 1 2 6 63] [--seeds 1] [--out densities.csv]
    python benchmarks/densities.py --table --densities IAF PlanarFlow --out densities.csv

The known density is a mixture of three Gaussians with random means and covariances; from two features on the second is
bent by the square of the first, which no mixture of few Gaussians follows exactly. Each density gets the rows alone.
What is chosen is chosen on one row in five, the last ones, and the density then fitted to all of them: the covariance
and the bandwidth of the kernels, the number of components of the mixture and their covariances, the bins of the
histogram (one or two features; over three times the range of the rows, with a
hundredth of an example in each cell). Flows are standardised and learn with Adam at
1e-3 from four rows in five, until the fifth has not become more probable for 5 epochs of ten steps or more, or for
40 epochs. Flow matching, whose steps are cheap, has ten times as many of them, a rate of 5e-3 and three hidden layers;
it stops by the likelihood too.

Columns: mean -log p in nats of 2000 further examples, beside the truth's; CPU seconds to fit, choices included, and of
1000 queries.
"""

import argparse
import contextlib
import csv
import math
import os
import pathlib
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from scipy import stats

from keraszoo.core.errors import InputError
from keraszoo.models import (
    IAF,
    MAF,
    NSF,
    ContinuousFlow,
    GaussianMixture,
    Histogram,
    KernelDensity,
    PlanarFlow,
    RealNVP,
    ResidualFlow,
)

COMPONENTS, BENT = (1, 2, 3, 5, 8), 0.3
EPOCHS, STEPS, PATIENCE = 40, 10, 5
BINS = (10, 20, 40, 80, 160)
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


def best(x, makers):
    """The maker whose density of four rows in five makes the fifth most probable, given all rows; None: it cannot."""
    learned, chosen_on = parted(x)
    scores = {}
    for name, make in makers.items():
        with contextlib.suppress(InputError):  # such as a rule that finds no bandwidth
            scores[name] = float(np.mean(make(learned).log_prob(chosen_on)))
    if not scores:
        return next(iter(makers.values()))(x)  # says why
    return makers[max(scores, key=scores.get)](x)


def parted(x):
    held_out = max(1, len(x) // 5)
    return x[:-held_out], x[-held_out:]


def histogram(x):
    if x.shape[1] > 2:
        raise InputError("A histogram is measured of one or two features.")
    low, high = x.min(axis=0), x.max(axis=0)
    edges = np.stack([2 * low - high, 2 * high - low], axis=1)  # three times the range of the examples

    def of(bins):
        def make(rows):
            model = Histogram(x.shape[1:], bins=bins, range=edges, pseudocount=0.01)
            model.adapt(rows)
            return model

        return make

    return best(x, {bins: of(bins) for bins in BINS})


def kernels(x):
    def of(bandwidth, covariance):
        def make(rows):
            model = KernelDensity(x.shape[1:], bandwidth=bandwidth, covariance=covariance, examples=len(rows))
            model.adapt(rows)
            return model

        return make

    rules = [(rule, covariance) for rule in ("scott", "likelihood") for covariance in ("diag", "full")]
    return best(x, {rule: of(*rule) for rule in rules[:: 2 if x.shape[1] == 1 else 1]})


def mixture(x):
    def of(components, covariance):
        def make(rows):
            model = GaussianMixture(x.shape[1:], components, covariance=covariance, reg_covar=1e-3)
            model.compile()
            stop = keras.callbacks.EarlyStopping("loss", min_delta=1e-3, patience=1)
            model.fit(rows, epochs=50, callbacks=[stop], verbose=0)
            return model

        return make

    covariances = ("full", "diag") if x.shape[1] > 1 else ("full",)
    kinds = [(count, kind) for kind in covariances for count in COMPONENTS if 4 * count <= len(x)]
    return best(x, {kind: of(*kind) for kind in kinds})


def flow(cls, rate=1e-3, steps=STEPS, **options):
    def fitted(x):
        keras.utils.set_random_seed(0)
        model = cls(x.shape[1:], standardize=True, **options)
        learned, held_out = parted(x)
        batch = min(256, len(learned))
        learned = np.tile(learned, (max(1, steps * batch // len(learned)), 1))
        model.compile(keras.optimizers.Adam(rate), steps_per_execution=STEPS)
        stop = keras.callbacks.EarlyStopping(
            "val_negative_log_likelihood", mode="min", patience=PATIENCE, restore_best_weights=True
        )
        model.fit(learned, validation_data=(held_out,), batch_size=batch, epochs=EPOCHS, callbacks=[stop], verbose=0)
        return model

    return fitted


DENSITIES = {
    "histogram": histogram,
    "kernels": kernels,
    "mixture": mixture,
    "RealNVP": flow(RealNVP),
    "MAF": flow(MAF),
    "NSF": flow(NSF),
    "IAF": flow(IAF),
    "PlanarFlow": flow(PlanarFlow),
    "ResidualFlow": flow(ResidualFlow),
    "ContinuousFlow": flow(ContinuousFlow),
    "flow matching": flow(
        ContinuousFlow, rate=5e-3, steps=100, objective="flow_matching", hidden=(64, 64, 64), activation="lipswish"
    ),
}


def measured(size, rows, seed, name):
    known, random = Known(size, seed), np.random.default_rng(seed)
    x = known.sample(rows, random).astype("float32")
    test = known.sample(2000, np.random.default_rng(10_000 + seed)).astype("float32")
    start = time.process_time()
    model = DENSITIES[name](x)
    fit = time.process_time() - start
    first = model.log_prob(test[:1000])  # and the tracing, if any
    start = time.process_time()
    second = model.log_prob(test[1000:])
    queries = time.process_time() - start
    nll = -np.mean(np.concatenate([first, second]))
    truth = -known.log_prob(test.astype("float64")).mean()
    return dict(zip(FIELDS, (size, rows, seed, name, float(nll), float(truth), fit, queries), strict=True))


def table(path, densities):
    """Markdown: the mean over the seeds of how many nats each density is above the truth, and of CPU seconds."""
    with path.open(newline="") as file:
        found = [row for row in csv.DictReader(file) if row["density"] in densities]
    found.sort(key=lambda row: (int(row["features"]), int(row["rows"])))
    names = [name for name in densities if any(row["density"] == name for row in found)]
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
            nats = "infinite" if math.isinf(excess) else f"{excess:+.2f}"
            cells.append(f"{nats} ({seconds[0]:.1f} s, {1000 * seconds[1]:.0f} ms)")
        print(f"| {size} | {rows} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", nargs="+", type=int, default=[20, 200, 5000])
    parser.add_argument("--features", nargs="+", type=int, default=[1, 2, 6, 63])
    parser.add_argument("--densities", nargs="+", default=list(DENSITIES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("densities.csv"))
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        table(options.out, options.densities)
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

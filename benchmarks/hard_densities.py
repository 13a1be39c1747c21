"""Flows on densities with a narrow neck, a bend and heavy tails, and on few rows, beside the truth.

    python benchmarks/hard_densities.py [--rows 20000 20] [--seeds 3] [--models NSF MAF RealNVP]

Each flow is standardised and has its default settings otherwise. It learns with Adam at 1e-3 (AdamW with a weight decay
of 0.01 from few rows), batches of 512 or all rows, from four rows in five until those in the fifth have not become more
probable for 30 epochs, 200 epochs at most; weights of the best epoch. Test negative log-likelihood of 10,000 rows, in
nats, and CPU seconds.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from scipy import stats

from keraszoo import models

FEW = 1000  # rows below which weights decay


class Funnel:
    """Neal (2003): x0 ~ N(0, 3^2), x1 ~ N(0, exp(x0))."""

    def sample(self, count, random):
        neck = 3.0 * random.normal(size=count)
        return np.stack([neck, np.exp(neck / 2) * random.normal(size=count)], axis=1)

    def log_prob(self, x):
        return stats.norm.logpdf(x[:, 0], 0, 3) + stats.norm.logpdf(x[:, 1], 0, np.exp(x[:, 0] / 2))


class Banana:
    """x0 ~ N(0, 10^2), x1 ~ N(0.03 (x0^2 - 100), 1): Haario, Saksman and Tamminen (1999)."""

    def sample(self, count, random):
        x = random.normal(size=(count, 2)) * [10.0, 1.0]
        x[:, 1] += 0.03 * (x[:, 0] ** 2 - 100)
        return x

    def log_prob(self, x):
        return stats.norm.logpdf(x[:, 0], 0, 10) + stats.norm.logpdf(x[:, 1], 0.03 * (x[:, 0] ** 2 - 100), 1)


class StudentT:
    """Two independent ones of 2 degrees of freedom, whose variance is infinite."""

    def sample(self, count, random):
        return random.standard_t(2.0, size=(count, 2))

    def log_prob(self, x):
        return stats.t.logpdf(x, 2.0).sum(axis=1)


class Gaussian:
    """N(0, C) with a correlation of 0.8."""

    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])

    def sample(self, count, random):
        return random.multivariate_normal(np.zeros(2), self.covariance, count)

    def log_prob(self, x):
        return stats.multivariate_normal([0, 0], self.covariance).logpdf(x)


DENSITIES = {"funnel": Funnel(), "banana": Banana(), "Student's t": StudentT(), "Gaussian": Gaussian()}
BASES = (None, "student_t")


def measured(name, model, base, rows, seed):
    """Test NLL less the truth's, epochs, and CPU seconds of `fit`."""
    random = np.random.default_rng(seed)
    known = DENSITIES[name]
    x, test = (known.sample(count, random) for count in (rows, 10_000))
    learned, held = np.split(x.astype("float32"), [4 * rows // 5])
    keras.utils.set_random_seed(seed)
    flow = getattr(models, model)((2,), standardize=True, base=base)
    flow.compile(keras.optimizers.AdamW(1e-3, weight_decay=0.01) if rows < FEW else keras.optimizers.Adam(1e-3))
    stop = keras.callbacks.EarlyStopping("val_loss", patience=30, restore_best_weights=True)
    started = time.process_time()
    history = flow.fit(
        learned,
        batch_size=min(512, len(learned)),
        epochs=200,
        validation_data=(held, None),
        callbacks=[stop],
        verbose=0,
    )
    seconds = time.process_time() - started
    nll = -np.mean(flow.log_prob(test.astype("float32")))
    return nll + known.log_prob(test).mean(), len(history.epoch), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 20])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=["NSF", "MAF", "RealNVP"])
    parser.add_argument("--densities", nargs="+", default=list(DENSITIES), choices=list(DENSITIES))
    options = parser.parse_args()
    print(
        "| density | rows | flow | base | nats above the truth | epochs | CPU seconds |\n|---|---|---|---|---|---|---|"
    )
    for rows in options.rows:
        for name in options.densities:
            for model in options.models:
                for base in BASES:
                    found = [measured(name, model, base, rows, seed) for seed in range(options.seeds)]
                    above, epochs, seconds = zip(*found, strict=True)
                    each = ", ".join(f"{value:.3f}" for value in above)
                    print(
                        f"| {name} | {rows} | `{model}` | {base or 'normal'} | {statistics.mean(above):.3f} ({each}) | "
                        f"{statistics.mean(epochs):.0f} | {statistics.mean(seconds):.0f} |", flush=True
                    )  # fmt: skip


if __name__ == "__main__":
    main()

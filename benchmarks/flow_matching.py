"""Flow matching beside the likelihood: what a continuous flow reaches by either, and the CPU seconds that it takes.

    python benchmarks/flow_matching.py [--seeds 3] [--sets moons checkerboard]

The recipes `continuous_flow/...`: by the likelihood two hidden layers of 64 (whose exact trace is cheap), 5 epochs; by
matching three, 40 epochs. Test negative log-likelihood in nats, 10,000 points; trainings of a seed one after the other.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras

from keraszoo import data
from keraszoo.data.datasets.points import distribution
from keraszoo.models import ContinuousFlow

MATCHING = {"objective": "flow_matching", "hidden": (64, 64, 64), "activation": "lipswish"}
#: arguments of the model, epochs and learning rate
WAYS = {
    "likelihood": ({}, 5, 5e-3),
    "matching, optimal transport": ({**MATCHING, "path": "optimal_transport"}, 40, 2e-2),
    "matching, variance preserving": ({**MATCHING, "path": "variance_preserving"}, 40, 2e-2),
}
BATCH = 512


def measured(name, way, seed):
    """Test NLL and CPU seconds of `fit`."""
    arguments, epochs, rate = WAYS[way]
    source = data.load(f"points/{name}")
    keras.utils.set_random_seed(seed)
    flow = ContinuousFlow((2,), standardize=True, **arguments)
    batches = data.resident(source, "train", BATCH, seed=seed)
    schedule = keras.optimizers.schedules.CosineDecay(rate, epochs * batches.steps_per_epoch)
    flow.adapt(source.array("train")[:16384])
    flow.compile(keras.optimizers.Adam(schedule), steps_per_execution=128)
    started = time.process_time()
    flow.fit(batches, epochs=epochs, verbose=0)
    seconds = time.process_time() - started
    test = flow.evaluate(source.array("test"), batch_size=2000, verbose=0, return_dict=True)
    return test["negative_log_likelihood"], seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", default=["moons", "checkerboard"])
    options = parser.parse_args()
    print("| points | true density | trained by | test NLL | CPU seconds |\n|---|---|---|---|---|")
    for name in options.sets:
        test = data.load(f"points/{name}").array("test")
        truth = -distribution(name).log_prob(test).mean()
        found = {way: [] for way in WAYS}
        for seed in range(options.seeds):
            for way, each in found.items():
                each.append(measured(name, way, seed))
        for way, each in found.items():
            nll, seconds = zip(*each, strict=True)
            values = ", ".join(f"{value:.4f}" for value in nll)
            print(f"| {name} | {truth:.4f} | {way} | {statistics.mean(nll):.4f} ({values}) | "
                  f"{statistics.mean(seconds):.0f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

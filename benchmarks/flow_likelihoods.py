"""How well neural spline flows learn four densities in the plane, beside zuko's and the entropy.

    python benchmarks/flow_likelihoods.py [--seeds 3] [--steps 1500] [--sets moons two_spirals]

Five autoregressive transforms of 8 bins, networks 64 x 64, batch 512, Adam 1e-3 with cosine decay, for both libraries;
the test negative log-likelihood in nats over 10,000 points that neither has seen. See benchmarks/README.md.
"""

import argparse
import importlib.util
import os
import statistics

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from keraszoo import data
from keraszoo.data.datasets.points import distribution
from keraszoo.models import NSF

SETS = ("moons", "gaussians8_broad", "checkerboard", "two_spirals")
BATCH, RATE, HIDDEN, BINS, TRANSFORMS = 512, 1e-3, (64, 64), 8, 5


def ours(source, test, steps, seed):
    keras.utils.set_random_seed(seed)
    flow = NSF((2,), transforms=TRANSFORMS, bins=BINS, hidden=HIDDEN)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    flow.compile(keras.optimizers.Adam(rate), steps_per_execution=128)
    flow.fit(data.resident(source, "train", BATCH, seed=seed), epochs=1, steps_per_epoch=steps, verbose=0)
    return -float(np.mean(flow.log_prob(test)))


def zuko_nsf(source, test, steps, seed):
    import torch
    import zuko

    torch.manual_seed(seed)
    flow = zuko.flows.NSF(2, transforms=TRANSFORMS, bins=BINS, hidden_features=list(HIDDEN))
    optimizer = torch.optim.Adam(flow.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    train = torch.from_numpy(source.array("train"))
    order = torch.randperm(len(train))
    for step in range(steps):
        start = step * BATCH % (len(train) - BATCH)
        if start < BATCH:
            order = torch.randperm(len(train))
        loss = -flow().log_prob(train[order[start : start + BATCH]]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return -float(flow().log_prob(torch.from_numpy(test)).mean())


def main():
    parser = argparse.ArgumentParser(description="Test likelihoods of spline flows in the plane, beside zuko.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    options = parser.parse_args()
    libraries = {"KerasZoo": ours}
    if importlib.util.find_spec("zuko"):
        libraries["zuko"] = zuko_nsf
    print(f"{'test NLL, nats':<18}{'best possible':>14}{'mean':>18}  {options.seeds} seeds", flush=True)
    for name in options.sets:
        source = data.load(f"points/{name}")
        test = source.array("test")
        best = -distribution(name).log_prob(test).mean()
        for library, learn in libraries.items():
            values = [learn(source, test, options.steps, seed) for seed in range(options.seeds)]
            each = " ".join(f"{value:.4f}" for value in values)
            print(f"{name:<18}{best:>14.4f}{library:>11}{statistics.mean(values):>8.4f}  {each}", flush=True)


if __name__ == "__main__":
    main()

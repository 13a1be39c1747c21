"""Normalizing flows beside TFP's own classes, zuko and nflows: training, densities and samples of the same network.

    python benchmarks/flows.py [--quick] [--features 2 8 43] [--hidden 64 256] [--kinds spline maf] [--threads 1]

Each row does the same work on the same data; the rows take turns, round after round, and ratios are of one round. See
benchmarks/README.md.
"""

import argparse
import contextlib
import importlib.util
import os
import statistics
from importlib.metadata import version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

with contextlib.suppress(ImportError):  # before TensorFlow: after it, torch 2.14 ends in a segmentation fault
    import torch
    import torch._dynamo

import keras
import numpy as np
import tensorflow as tf
from interleaved import Row, add_option, append, comparisons, in_turn

from keraszoo.data import resident
from keraszoo.data.sources.source import from_arrays
from keraszoo.models import MAF, NSF

BATCH, TRANSFORMS, BINS, ROWS = 512, 5, 8, 51_200
WORK = ("train", "log_prob", "sample")
TEXTS = ("a training step", f"log_prob of {BATCH}", f"{BATCH} samples")


def points(features):
    """Dependent, skewed features: [ROWS, features] float32."""
    random = np.random.default_rng(0)
    x = random.standard_normal((ROWS, features))
    return (x + 0.5 * np.tanh(np.roll(x, 1, axis=1)) ** 2).astype("float32")


def rows(name, *runs):
    """A row for each work."""
    return {work: Row(name, run) for work, run in zip(WORK, runs, strict=True)}


def ours(kind, x, hidden, jit):
    """`fit` on resident data, and `log_prob` and `sample` in a graph."""
    keras.utils.set_random_seed(0)
    size = {"transforms": TRANSFORMS, "hidden": (hidden, hidden)}
    flow = NSF(x.shape[1:], bins=BINS, **size) if kind == "spline" else MAF(x.shape[1:], **size)
    flow.compile(keras.optimizers.Adam(1e-3), steps_per_execution=32, jit_compile=jit)
    source = from_arrays("points", {"train": {"x": x}}, input="x")
    batches, batch = resident(source, "train", BATCH, seed=0), tf.constant(x[:BATCH])
    log_prob = tf.function(flow.log_prob, jit_compile=jit, autograph=False)
    sample = tf.function(lambda seed: flow.decode(draw(seed)), jit_compile=jit, autograph=False)

    def draw(seed):
        return tf.random.stateless_normal([BATCH, x.shape[1]], [seed, 0])

    def train(steps):
        flow.fit(batches, epochs=1, steps_per_epoch=steps, verbose=0)

    def densities(times):
        for _ in range(times):
            log_prob(batch).numpy()

    def samples(times):
        for seed in range(times):
            sample(tf.constant(seed)).numpy()

    return rows("KerasZoo, XLA" if jit else "KerasZoo, graph", train, densities, samples)


def stock(kind, x, hidden):
    """The same flow of TensorFlow Probability's own classes, in a graph."""
    import tensorflow_probability as tfp
    import tf_keras

    features, distributions, bijectors = x.shape[1], tfp.distributions, tfp.bijectors
    keras.utils.set_random_seed(0)

    def spline(parameters):
        logits = tf.split(parameters, [BINS, BINS, BINS - 1], axis=-1)
        sizes = [1e-2 + (10.0 - 1e-2 * BINS) * tf.nn.softmax(values) for values in logits[:2]]
        return bijectors.RationalQuadraticSpline(*sizes, 1e-2 + tf.nn.softplus(logits[2]), range_min=-5.0)

    chain, networks = [], []
    for index in range(TRANSFORMS):
        network = bijectors.AutoregressiveNetwork(
            3 * BINS - 1 if kind == "spline" else 2, event_shape=[features], hidden_units=[hidden, hidden],
            activation="relu", input_order=["left-to-right", "right-to-left"][index % 2],
        )  # fmt: skip
        network(x[:1])
        networks.append(network)
        if kind == "spline":
            step = bijectors.MaskedAutoregressiveFlow(bijector_fn=lambda x, network=network: spline(network(x)))
        else:
            step = bijectors.MaskedAutoregressiveFlow(network)
        chain.append(step)
    base = distributions.MultivariateNormalDiag(tf.zeros([features]), tf.ones([features]))
    flow = distributions.TransformedDistribution(base, bijectors.Chain(chain))
    weights = [weight for network in networks for weight in network.trainable_variables]
    optimizer, data = tf_keras.optimizers.Adam(1e-3), tf.constant(x)
    optimizer.build(weights)

    @tf.function(autograph=False)
    def step(rows):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(flow.log_prob(tf.gather(data, rows)))
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    log_prob = tf.function(flow.log_prob, autograph=False)
    sample = tf.function(lambda seed: flow.sample(BATCH, seed=seed), autograph=False)

    def train(steps):
        rows = np.random.default_rng(0).permutation(len(x))
        for index in range(steps):
            start = index * BATCH % (len(x) - BATCH)
            step(tf.constant(rows[start : start + BATCH]))

    def densities(times):
        for _ in range(times):
            log_prob(data[:BATCH]).numpy()

    def samples(times):
        for seed in range(times):
            sample(tf.constant([seed, 0])).numpy()

    return rows("TFP's classes", train, densities, samples)


def torch_row(name, x, parameters, log_prob, sample):
    optimizer, data = torch.optim.Adam(parameters, lr=1e-3), torch.from_numpy(x)

    def train(steps):
        order = torch.randperm(len(data))
        for step in range(steps):
            start = step * BATCH % (len(data) - BATCH)
            loss = -log_prob(data[order[start : start + BATCH]]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    def densities(times):
        with torch.no_grad():
            for _ in range(times):
                log_prob(data[:BATCH])

    def samples(times):
        with torch.no_grad():
            for _ in range(times):
                sample(BATCH)

    return rows(name, train, densities, samples)


def zuko(kind, x, hidden, compiled):
    import zuko

    torch.manual_seed(0)
    size = {"transforms": TRANSFORMS, "hidden_features": [hidden, hidden]}
    features = x.shape[1]
    flow = zuko.flows.NSF(features, bins=BINS, **size) if kind == "spline" else zuko.flows.MAF(features, **size)

    def log_prob(x):
        return flow().log_prob(x)

    def sample(count):
        return flow().sample((count,))

    if compiled:
        log_prob = torch.compile(log_prob)
    return torch_row("zuko, torch.compile" if compiled else "zuko", x, flow.parameters(), log_prob, sample)


def nflows(kind, x, hidden):
    from nflows.distributions.normal import StandardNormal
    from nflows.flows.base import Flow
    from nflows.transforms import autoregressive, base, permutations

    torch.manual_seed(0)
    features = x.shape[1]
    size = {"features": features, "hidden_features": hidden, "num_blocks": 2, "use_residual_blocks": False}
    transforms = []
    for _ in range(TRANSFORMS):
        if kind == "spline":
            transforms.append(
                autoregressive.MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
                    num_bins=BINS, tails="linear", tail_bound=5.0, **size
                )
            )
        else:
            transforms.append(autoregressive.MaskedAffineAutoregressiveTransform(**size))
        transforms.append(permutations.ReversePermutation(features))
    flow = Flow(base.CompositeTransform(transforms), StandardNormal([features]))
    return torch_row("nflows", x, flow.parameters(), flow.log_prob, flow.sample)


def table(libraries):
    """A line for each library: median ms of each work, in brackets how many times as long zuko takes."""
    reference = next((each for each in libraries if each["train"].name == "zuko"), libraries[0])
    yield f"  {'':<21}{'first step s':>12}" + "".join(f"{name + ' ms':>16}" for name in WORK)
    for each in libraries:
        cells = (
            f"{statistics.median(row.times):.2f} ({reference[work].ratios(row)[1]:.2f})" for work, row in each.items()
        )
        yield f"  {each['train'].name:<21}{each['train'].first:>12.1f}" + "".join(f"{cell:>16}" for cell in cells)


def main():
    parser = argparse.ArgumentParser(description="Flows beside zuko and nflows.")
    parser.add_argument("--features", type=int, nargs="+", default=[2, 8, 43])
    parser.add_argument("--hidden", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--kinds", nargs="+", choices=["spline", "maf"], default=["spline", "maf"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=64, help="steps and densities a round (64)")
    parser.add_argument("--samples", type=int, default=3, help="calls of sample a round (3)")
    parser.add_argument("--threads", type=int, default=1, help="for each side (1)")
    parser.add_argument("--quick", action="store_true", help="2 features, 2 rounds: does it run?")
    parser.add_argument(
        "--no-compile", action="store_true", help="leave out torch.compile, which takes a minute a case"
    )
    add_option(parser)
    options = parser.parse_args()
    if options.quick:
        options.features, options.hidden, options.rounds, options.steps = [2], [64], 2, 32
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    installed = [package for package in ("torch", "zuko", "nflows") if importlib.util.find_spec(package)]
    if "torch" in installed:
        torch.set_num_threads(options.threads)
    packages = ("tensorflow", "keras", "tensorflow-probability", *installed)
    print(", ".join(f"{package} {version(package)}" for package in packages))
    print(f"{TRANSFORMS} transforms, {BINS} bins, batch {BATCH}; threads on each side: {options.threads}")
    print(f"{options.rounds} rounds in turn, medians; in brackets: zuko's time / this time", flush=True)
    for kind in options.kinds:
        for features in options.features:
            for hidden in options.hidden:
                x = points(features)
                libraries = [ours(kind, x, hidden, jit) for jit in (True, False)] + [stock(kind, x, hidden)]
                if "zuko" in installed:
                    libraries += [zuko(kind, x, hidden, compiled=False)]
                    libraries += [] if options.no_compile else [zuko(kind, x, hidden, compiled=True)]
                if "nflows" in installed:
                    libraries += [nflows(kind, x, hidden)]
                for work in WORK:
                    times = options.samples if work == "sample" else options.steps
                    in_turn([each[work] for each in libraries], options.rounds, times)
                print(f"\n{kind}, {features} features, hidden {hidden} x {hidden}")
                print("\n".join(table(libraries)), flush=True)
                title = f"{kind}, {features} features, {hidden} units"
                for work, text in zip(WORK, TEXTS, strict=True):
                    mine, *others = (each[work] for each in libraries)
                    append(options.records, comparisons(title, text, mine, others))
                keras.backend.clear_session()


if __name__ == "__main__":
    main()

"""What a training step costs: `model.fit` beside the same step without Python, without a pipeline, and in PyTorch.

    python benchmarks/step_time.py [--quick] [--replicas 2] [--data-dir DIR]

Every row trains the VAE of the recipe vae/mnist_notebook (or a smaller one) for the same number of steps. The rows
take turns, round after round, and each is compared with the limit of its own round: other work on the machine then
slows both. See benchmarks/README.md.
"""

import argparse
import contextlib
import dataclasses
import importlib.util
import io
import os
import statistics
import sys
import tempfile
import time
from importlib.metadata import version

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

with contextlib.suppress(ImportError):  # before TensorFlow: after it, torch 2.14 ends in a segmentation fault
    import torch
    import torch._dynamo

import keras
import numpy as np
import tensorflow as tf
from interleaved import Row, add_option, append, comparisons, others_seconds

from keraszoo import data, recipes
from keraszoo.core.errors import InputError
from keraszoo.data.sources.source import from_arrays
from keraszoo.training.build import build_model, build_optimizer
from keraszoo.training.cluster.strategy import choose_strategy
from keraszoo.training.loop.progress import Progress
from keraszoo.training.session import STEPS_PER_EXECUTION

WARM_UP_STEPS = 2 * STEPS_PER_EXECUTION
FIT_AIM = 1.05  # of the limit, at most
#: how many times as long as fit the others take, at least; the notebook's fit at most
AIMS = {"torch, a plain loop": 1.1, "pythae's trainer as it comes": 2.2, "pythae, fused Adam": 1.7}
ARRAYS, ARRAYS_AIM = "fit, numpy array", 1.15
QUIET = 0.1  # share of the processors that other programs may use before the aims are left unjudged


@dataclasses.dataclass
class Group:
    """Rows that train the same network on the same batches; the first one is the limit."""

    title: str
    steps: int
    rows: list


# ---------------------------------------------------------------------- ours


def compiled(recipe, steps_per_execution, strategy, jit_compile=False):
    """The recipe's model, new, under a strategy."""
    keras.utils.set_random_seed(recipe.seed)
    with strategy.scope():
        model = build_model(recipe)
        model.compile(
            build_optimizer(recipe.optimizers["optimizer"], 1),
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
        )
    return model


def limit(recipe, source, strategy):
    """The model's loss, gradients and Keras' own optimizer in a loop inside one graph, its data a constant."""
    model = compiled(recipe, 1, strategy)
    with strategy.scope():
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        optimizer.build(model.trainable_variables)
    share = recipe.batch_size // strategy.num_replicas_in_sync
    batches = data.steps_per_epoch(source, "train", recipe.batch_size)
    order = np.random.default_rng(recipe.seed).permutation(batches * recipe.batch_size)
    order = tf.constant(order.reshape(batches, strategy.num_replicas_in_sync, share))
    images = tf.constant(source.array("train"))

    def step(index):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        x = tf.cast(tf.gather(images, order[index % batches, replica]), tf.float32) / 255.0
        with tf.GradientTape() as tape:
            terms = model.loss_terms(x, training=True)
            loss = tf.reduce_sum(tf.add_n([terms[name] for name in model.term_names])) / recipe.batch_size
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    @tf.function(autograph=False)
    def loop(steps):
        def body(index, total):
            return index + 1, total + strategy.reduce("SUM", strategy.run(step, args=(index,)), axis=None)

        return tf.while_loop(lambda index, _: index < steps, body, (0, 0.0), parallel_iterations=1)[1]

    return Row("limit: a loop in the graph", lambda steps: float(loop(tf.constant(steps))) / steps)


def fit(recipe, source, strategy, steps_per_execution=STEPS_PER_EXECUTION, jit_compile=False, pipeline=False):
    """`fit` as `keraszoo train` calls it, on resident data, or on the pipeline for data that are not."""
    model = compiled(recipe, steps_per_execution, strategy, jit_compile)
    if pipeline:
        batches = data.batches(source, "train", recipe.batch_size, training=True, seed=recipe.seed)
    else:
        batches = data.resident(source, "train", recipe.batch_size, seed=recipe.seed)
    logs = tempfile.TemporaryDirectory()

    def run(steps):
        callbacks = [
            Progress(1, steps, stream=io.StringIO()),
            keras.callbacks.TensorBoard(logs.name, write_graph=False),
        ]
        history = model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=callbacks)
        return history.history["loss"][-1]

    name = f"fit, {steps_per_execution} step{'s' * (steps_per_execution > 1)} per execution"
    return Row("the same, compiled by XLA" if jit_compile else "the same, tf.data pipeline" if pipeline else name, run)


def fit_arrays(recipe, source, strategy):
    """`fit` on a numpy array, as in a notebook: with as many steps at once as it likes."""
    model = compiled(recipe, None, strategy)
    images = source.array("train").astype("float32") / 255.0
    rows = data.steps_per_epoch(source, "train", recipe.batch_size) * recipe.batch_size

    def run(steps):
        history = model.fit(images[:rows], batch_size=recipe.batch_size, steps_per_epoch=steps, verbose=0)
        return history.history["loss"][-1]

    return Row(ARRAYS, run)


# ---------------------------------------------------------------------- theirs


def torch_networks(recipe):
    """Encoder and decoder of the recipe in PyTorch, the decoder's outputs logits."""
    from torch import nn

    pixels, (hidden,), latent = int(np.prod(recipe.input_shape)), recipe.arguments["hidden"], 10
    encoder = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
    decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, pixels))
    return encoder, decoder


def torch_images(source):
    images = source.array("train")
    return torch.from_numpy(images.reshape(len(images), -1).astype("float32") / 255.0)


def torch_loop(recipe, source):
    """A plain PyTorch loop: shuffled indices into one tensor of floats, no DataLoader, the fused Adam."""
    from torch.nn import functional as F

    encoder, decoder = torch_networks(recipe)
    rate = recipe.optimizers["optimizer"].learning_rate
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=rate, fused=True)
    images, size = torch_images(source), recipe.batch_size

    def run(steps):
        total = torch.zeros([])
        order, batches = torch.randperm(len(images)), len(images) // size
        for index in range(steps):
            start = index % batches * size
            x = images[order[start : start + size]]
            mean, log_var = encoder(x).chunk(2, dim=1)
            z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
            reconstruction = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
            kl = 0.5 * torch.sum(log_var.exp() + mean.square() - 1.0 - log_var)
            loss = (reconstruction + kl) / size
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return float(total) / steps

    return Row("torch, a plain loop", run)


def pythae_trainer(recipe, source, **optimizer_params):
    """pythae's BaseTrainer: its training loop over its own data loader, without progress bar, saving or prediction."""
    import logging

    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import CallbackHandler

    for name in list(logging.root.manager.loggerDict):  # each of its modules has a level of its own
        if name.startswith("pythae"):
            logging.getLogger(name).setLevel(logging.ERROR)
    networks = torch_networks(recipe)

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.network = networks[0]

        def forward(self, x):
            mean, log_var = self.network(x).chunk(2, dim=1)
            return ModelOutput(embedding=mean, log_covariance=log_var)

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.network = networks[1]

        def forward(self, z):
            return ModelOutput(reconstruction=torch.sigmoid(self.network(z)))

    images = torch_images(source)
    config = VAEConfig(input_dim=(images.shape[1],), latent_dim=10, reconstruction_loss="bce")
    training = BaseTrainerConfig(
        output_dir=tempfile.gettempdir(),  # nothing is written: see `run`
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=recipe.optimizers["optimizer"].learning_rate,
        optimizer_params=optimizer_params or None,
        no_cuda=True,
    )
    model = VAE(config, Encoder(), Decoder())
    trainer = BaseTrainer(model, BaseDataset(images, torch.ones(len(images))), training_config=training)
    trainer.set_optimizer()
    trainer.callback_handler = CallbackHandler([], model)

    def run(steps):
        # Its epochs have no length of their own: the loader goes once over the data set.
        rows = steps * recipe.batch_size
        subset = BaseDataset(images[:rows], torch.ones(len(images[:rows])))
        trainer.train_loader = trainer.get_train_dataloader(subset)
        return trainer.train_step(1)

    return Row("pythae, fused Adam" if optimizer_params else "pythae's trainer as it comes", run)


# ---------------------------------------------------------------------- the table


def measure(groups, rounds):
    """Runs all rows in turn, `rounds` times, after a warm-up that traces and compiles.

    Returns the share of the processors that other programs used meanwhile; None where the system does not tell.
    """
    rows = [(group, row) for group in groups for row in group.rows]
    for _, row in rows:
        row.run(WARM_UP_STEPS)
    started, busy = time.perf_counter(), others_seconds()
    for number in range(rounds):
        for group, row in rows:
            note(f"round {number + 1} of {rounds}: {row.name}, {group.title}")
            row.measure(group.steps)
    note("")
    return busy and (others_seconds() - busy) / (time.perf_counter() - started) / os.cpu_count()


def note(text):
    """The progress, on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text[:79]}\x1b[K")
        sys.stderr.flush()


def table(groups):
    yield f"{'':<30}{'ms per step':^14}{'time / limit':^18}{'CPU ms':>8}"
    yield f"{'':<30}{'median':>7}{'best':>7}{'median':>8}{'half':>6}{'':<4}{'median':>8}{'loss':>9}"
    for group in groups:
        yield f"{group.title}; {group.steps} steps a round"
        for row in group.rows:
            low, middle, high = row.ratios(group.rows[0])
            spread = f"{low:.2f}-{high:.2f}" if row is not group.rows[0] else ""
            yield (
                f"  {row.name:<30}{statistics.median(row.times):>7.2f}{min(row.times):>7.2f}"
                f"{middle:>7.2f} {spread:^11}{statistics.median(row.cpu_times):>7.2f}{row.answer:>9.1f}"
            )


def verdicts(groups, others):
    """One line for each aim. Quartiles on both sides of it tell nothing, nor does a machine with other work."""
    disturbed = others is not None and others > QUIET

    def verdict(met, missed):
        return "unclear" if disturbed else "met" if met else "missed" if missed else "unclear"

    for group in groups:
        limit, ours, *rest = group.rows
        low, ratio, high = ours.ratios(limit)
        yield f"{group.title}: fit / limit {ratio:.2f}, aim <= {FIT_AIM}: {verdict(high <= FIT_AIM, low > FIT_AIM)}"
        for row in rest:
            low, ratio, high = row.ratios(ours)
            aim = AIMS.get(row.name)
            if row.name == ARRAYS:
                judged = verdict(high <= ARRAYS_AIM, low > ARRAYS_AIM)
                yield f"{group.title}: {row.name} / fit {ratio:.2f}, aim <= {ARRAYS_AIM}: {judged}"
            elif aim:
                yield f"{group.title}: {row.name} / fit {ratio:.2f}, aim >= {aim}: {verdict(low >= aim, high < aim)}"
    if others is not None:
        yield f"Other programs used {max(others, 0):.0%} of the processors" + (
            ": run it again on an idle machine" * disturbed
        )


# ---------------------------------------------------------------------- the run


def load(data_dir):
    """MNIST and how to call it; random images of its shape when it is not prepared."""
    try:
        return data.load("mnist", data_dir=data_dir), "MNIST"
    except InputError:
        images = np.random.default_rng(0).integers(0, 256, [60_000, 28, 28, 1], "uint8")
        return from_arrays("random", {"train": {"image": images}}, input="image"), "random pixels (no MNIST prepared)"


def arguments():
    parser = argparse.ArgumentParser(description="Time per training step, beside the limit and beside PyTorch.")
    parser.add_argument("--rounds", type=int, default=7, help="how often each row is measured (7)")
    parser.add_argument("--steps", type=int, default=468, help="steps a round, four times as many for small (468)")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 100 steps: does it run?")
    parser.add_argument("--replicas", type=int, default=1, help="also under this many mirrored parts of the CPU")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="for each side (all cores)")
    parser.add_argument("--data-dir", help="where tensorflow-datasets keeps MNIST (TFDS_DATA_DIR)")
    add_option(parser)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.steps = 3, 100
    return options


def main():
    options = arguments()
    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    strategy = choose_strategy("none")
    mirrored = choose_strategy("mirrored", options.replicas) if options.replicas > 1 else None
    source, what = load(options.data_dir)
    large = recipes.get("vae/mnist_notebook")
    small = large.replace(arguments={**large.arguments, "hidden": (32,)}, batch_size=32)

    rows = [
        limit(large, source, strategy),
        fit(large, source, strategy),
        fit(large, source, strategy, pipeline=True),
        fit(large, source, strategy, jit_compile=True),
        fit(large, source, strategy, steps_per_execution=1),
        fit_arrays(large, source, strategy),
    ]
    installed = [package for package in ("torch", "pythae") if importlib.util.find_spec(package)]
    if "torch" in installed:
        torch.set_num_threads(options.threads)
        torch.manual_seed(0)
        rows.append(torch_loop(large, source))
    if "pythae" in installed:
        rows += [pythae_trainer(large, source), pythae_trainer(large, source, fused=True)]
    groups = [
        Group("784-256-10, batch 128", options.steps, rows),
        Group(
            "784-32-10, batch 32",
            4 * options.steps,
            [limit(small, source, strategy), fit(small, source, strategy), fit(small, source, strategy, pipeline=True)],
        ),
    ]
    if mirrored:
        for recipe, group in ((large, groups[0]), (small, groups[1])):
            pair = [
                limit(recipe, source, mirrored),
                fit(recipe, source, mirrored),
                fit(recipe, source, mirrored, pipeline=True),
            ]
            groups.append(Group(f"{group.title}, {options.replicas} replicas", group.steps, pair))

    print(f"VAE on {what}, Adam; {options.rounds} rounds in turn")
    print(f"threads on each side: {options.threads} of {os.cpu_count()}")
    print(", ".join(f"{package} {version(package)}" for package in ("tensorflow", "keras", *installed)))
    for package in {"torch", "pythae"}.difference(installed):
        print(f"{package} is not installed: its row is left out")
    print(flush=True)
    others = measure(groups, options.rounds)
    print("\n".join(table(groups)))
    for group in groups:
        limit_row, own, *rest = group.rows
        append(options.records, comparisons(f"VAE {group.title}", "a training step", own, [limit_row, *rest]))
    print()
    print("\n".join(verdicts(groups, others)))


if __name__ == "__main__":
    main()

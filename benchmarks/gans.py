"""What a training step of GANs costs: `model.fit` beside a plain loop in PyTorch, and sampling.

    python benchmarks/gans.py [--rounds 5] [--steps 16] [--threads 2]

DCGAN on colour images of 32x32, its step one of the discriminator and one of the generator; WGAN-GP on grey ones of
28x28, dense networks, five steps of the critic for one of the generator (a step here is one of the critic). The loops
in PyTorch are those of its tutorials: the same networks, losses, fused Adam, images in one tensor. See
benchmarks/README.md.
"""

import argparse
import contextlib
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

with contextlib.suppress(ImportError):  # before TensorFlow: after it, torch 2.14 ends in a segmentation fault
    import torch
    import torch._dynamo

import keras
import numpy as np
import tensorflow as tf
from interleaved import Row, add_option, append, comparisons, in_turn, lines

from keraszoo.data import resident
from keraszoo.data.sources.source import from_arrays
from keraszoo.models import DCGAN, WGANGP

BATCH, LATENT, EXAMPLES, SAMPLES = 64, 64, 4096, 256


def ours(model, images, rate, **adam):
    """Rows of training and of sampling."""
    make = lambda: keras.optimizers.Adam(rate, **adam)  # noqa: E731
    model.compile(make(), discriminator_optimizer=make(), steps_per_execution=16)
    batches = resident(from_arrays("images", {"train": {"x": images}}, input="x"), "train", BATCH, seed=0)

    def train(steps):
        model.fit(batches, epochs=1, steps_per_epoch=steps, verbose=0)

    sample = tf.function(lambda seed: model.sample(SAMPLES, seed=seed), autograph=False)

    def draw(times):
        for seed in range(times):
            sample(tf.constant(seed)).numpy()

    return Row("KerasZoo", train), Row("KerasZoo", draw)


def torchs(generator, discriminator, step, images, rate, betas):
    """Rows of a plain loop: `step(index, images, generator, discriminator, their optimizers)`."""
    images = torch.from_numpy(np.ascontiguousarray(np.moveaxis(images, -1, 1)))
    optimizers = [
        torch.optim.Adam(network.parameters(), lr=rate, betas=betas, fused=True)
        for network in (generator, discriminator)
    ]

    def train(steps):
        order = torch.randperm(len(images))
        for index in range(steps):
            start = index * BATCH % (len(images) - BATCH)
            step(index, images[order[start : start + BATCH]], generator, discriminator, *optimizers)

    def draw(times):
        generator.eval()
        with torch.no_grad():
            for _ in range(times):
                generator(torch.randn(SAMPLES, LATENT)).numpy()
        generator.train()

    return Row("torch", train), Row("torch", draw)


# ---------------------------------------------------------------------- DCGAN


def dcgan_networks(channels=(128, 64, 32), side=32):
    nn = torch.nn
    small = side // 2 ** len(channels)
    generator = [nn.Linear(LATENT, channels[0] * small**2, bias=False), nn.Unflatten(1, (channels[0], small, small))]
    generator += [nn.BatchNorm2d(channels[0]), nn.ReLU(True)]
    for before, after in zip(channels, channels[1:], strict=False):
        generator += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
    generator += [nn.ConvTranspose2d(channels[-1], 3, 4, 2, 1), nn.Sigmoid()]
    discriminator = []
    for depth, (before, after) in enumerate(zip((3, *channels[:0:-1]), channels[::-1], strict=True)):
        discriminator += [nn.Conv2d(before, after, 4, 2, 1, bias=depth == 0)]
        discriminator += [nn.BatchNorm2d(after)] if depth else []
        discriminator += [nn.LeakyReLU(0.2, True)]
    discriminator += [nn.Flatten(), nn.Linear(channels[0] * small**2, 1)]
    return nn.Sequential(*generator), nn.Sequential(*discriminator)


def dcgan_step(_, real, generator, discriminator, generator_optimizer, discriminator_optimizer):
    loss, ones, zeros = torch.nn.BCEWithLogitsLoss(), torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    fake = generator(torch.randn(BATCH, LATENT))
    discriminator_optimizer.zero_grad()
    (loss(discriminator(2 * real - 1), ones) + loss(discriminator(2 * fake.detach() - 1), zeros)).backward()
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    loss(discriminator(2 * fake - 1), ones).backward()
    generator_optimizer.step()


# ---------------------------------------------------------------------- WGAN-GP


def wgan_networks(pixels=784, hidden=(512, 512)):
    nn = torch.nn

    def dense(sizes, activation):
        layers = []
        for before, after in zip(sizes, sizes[1:], strict=False):
            layers += [nn.Linear(before, after), activation]
        return layers[:-1]

    generator = [*dense((LATENT, *hidden, pixels), nn.ReLU()), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))]
    return nn.Sequential(*generator), nn.Sequential(nn.Flatten(), *dense((pixels, *hidden, 1), nn.LeakyReLU(0.2)))


def wgan_step(index, real, generator, critic, generator_optimizer, critic_optimizer):
    fake = generator(torch.randn(BATCH, LATENT)).detach()
    position = torch.rand(BATCH, 1, 1, 1)
    between = (position * real + (1 - position) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    penalty = 10 * (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    critic_optimizer.zero_grad()
    (critic(fake).mean() - critic(real).mean() + penalty).backward()
    critic_optimizer.step()
    if index % 5 == 4:
        generator_optimizer.zero_grad()
        (-critic(generator(torch.randn(BATCH, LATENT))).mean()).backward()
        generator_optimizer.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=80, help="steps a round, a multiple of 80 is fair (80)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of each side")
    add_option(parser)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    colour, grey = (random.random((EXAMPLES, *shape), "float32") for shape in ((32, 32, 3), (28, 28, 1)))
    cases = {
        "DCGAN, 32x32x3, batch 64": (
            ours(
                DCGAN((32, 32, 3), LATENT, hidden=(128, 64, 32), discriminator_hidden=(32, 64, 128)),
                colour, 2e-4, beta_1=0.5,
            ),
            torchs(*dcgan_networks(), dcgan_step, colour, 2e-4, (0.5, 0.999)),
        ),
        "WGAN-GP, 784 pixels, 512 x 512 units, batch 64": (
            ours(
                WGANGP((28, 28, 1), LATENT, hidden=(512, 512), discriminator_hidden=(512, 512)),
                grey, 1e-4, beta_1=0.5, beta_2=0.9,
            ),
            torchs(*wgan_networks(), wgan_step, grey, 1e-4, (0.5, 0.9)),
        ),
    }  # fmt: skip
    for title, pair in cases.items():
        works = {"a training step": options.steps, f"{SAMPLES} samples": 8}
        for (work, times), rows in zip(works.items(), zip(*pair, strict=True), strict=True):
            in_turn(rows, options.rounds, times)
            found = comparisons(title, work, rows[0], rows[1:])
            append(options.records, found)
            print("\n".join(lines(found)), flush=True)


if __name__ == "__main__":
    main()

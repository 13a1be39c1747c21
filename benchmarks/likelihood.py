"""How fast a VAE's likelihood is estimated, beside the loop that takes one image at a time.

    python benchmarks/likelihood.py [--images 50] [--samples 5000] [--rounds 3] [--threads 1]

One network, 784-200-200-50 tanh, and binary pixels. See benchmarks/README.md.
"""

import argparse
import contextlib
import importlib.util
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

with contextlib.suppress(ImportError):  # before TensorFlow: after it, torch 2.14 ends in a segmentation fault
    import torch
    import torch._dynamo

import numpy as np
import tensorflow as tf
from interleaved import Row, add_option, append, comparisons, in_turn, lines

from keraszoo.models import VAE

HIDDEN, LATENT, LOOP_BATCH = (200, 200), 50, 100


def ours(x, samples):
    vae = VAE((784,), latent_dim=LATENT, hidden=HIDDEN, activation="tanh")
    weights = [weight.numpy() for weight in vae.weights if weight.dtype == "float32"]

    def found(precision=None):
        return vae.negative_log_likelihood(x, samples, precision=precision)

    return weights, found


def matrix_products(x, samples):
    """The decoder's matrix products of one image's draws, and nothing else: what no implementation can leave out."""
    sizes = (LATENT, *HIDDEN, 784)
    inputs = [tf.random.normal([samples, size]) for size in sizes[:-1]]
    kernels = [tf.random.normal(shape) for shape in zip(sizes, sizes[1:], strict=False)]
    once = tf.function(lambda: sum(tf.reduce_sum(a @ b) for a, b in zip(inputs, kernels, strict=True)))
    return lambda: [once() for _ in x][0]


def pythae_loop(x, samples, weights):
    """pythae's own `get_nll` with the same network: one image after the other, its draws in batches of 100."""
    from pythae.models import VAE as PythaeVAE
    from pythae.models import VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    def network(arrays):
        layers = []
        for kernel, bias in zip(arrays[::2], arrays[1::2], strict=True):
            layer = torch.nn.Linear(*kernel.shape)
            layer.weight.data = torch.from_numpy(kernel.T.copy())
            layer.bias.data = torch.from_numpy(bias)
            layers += [layer, torch.nn.Tanh()]
        return torch.nn.Sequential(*layers[:-1])

    class Encoder(BaseEncoder):
        def __init__(self, arrays):
            super().__init__()
            self.network = network(arrays)

        def forward(self, images):
            mean, log_var = self.network(images).chunk(2, dim=-1)
            return ModelOutput(embedding=mean, log_covariance=log_var)

    class Decoder(BaseDecoder):
        def __init__(self, arrays):
            super().__init__()
            self.network = network(arrays)

        def forward(self, z):
            return ModelOutput(reconstruction=torch.sigmoid(self.network(z)))

    half = len(weights) // 2
    config = VAEConfig(input_dim=(784,), latent_dim=LATENT, reconstruction_loss="bce")
    vae = PythaeVAE(config, encoder=Encoder(weights[:half]), decoder=Decoder(weights[half:])).eval()
    images = torch.from_numpy(x)

    def run():
        with torch.no_grad():
            # its mean is of log p(x) without the constants of both Gaussians, which cancel
            return -vae.get_nll(images, samples, batch_size=LOOP_BATCH)

    return run


def main():
    parser = argparse.ArgumentParser(description="Seconds per image of likelihoods by importance sampling.")
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--samples", type=int, default=5000, help="a multiple of 100 (default: 5000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    add_option(parser)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    x = np.random.default_rng(0).integers(0, 2, [options.images, 784]).astype("float32")
    weights, found = ours(x, options.samples)
    rows = {"KerasZoo": lambda: found().nll.mean(), "KerasZoo in float32": lambda: found("float32").nll.mean()}
    if importlib.util.find_spec("pythae"):
        torch.set_num_threads(options.threads)
        rows["pythae"] = pythae_loop(x, options.samples, weights)
    rows["matrix products"] = matrix_products(x, options.samples)
    rows = [Row(name, once(run)) for name, run in rows.items()]
    in_turn(rows, options.rounds, 1)
    for row in rows[:-1]:
        print(f"{row.name}: -log p(x) {row.answer:.2f}")
    work = f"-log p(x) of {options.images} images, {options.samples} draws"
    chosen, exact = found(), found("float32")
    shift, error = (np.sqrt(np.mean(np.square(each))) for each in (chosen.nll - exact.nll, exact.error))
    print(f"KerasZoo, from float32: {np.mean(chosen.nll - exact.nll):.4f} on average, {shift:.4f} an image (root mean")
    print(f"square), beside a sampling error of {error:.4f}")
    measured = comparisons("VAE 784-200-200-50", work, rows[0], rows[1:])
    append(options.records, measured)
    print("\n".join(lines(measured)))


def once(run):
    """`run` as a row calls it: a number of times, of which only one is asked for."""
    return lambda _: float(run())


if __name__ == "__main__":
    main()

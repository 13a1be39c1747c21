"""How fast a VAE's likelihood is estimated, beside the loop that takes one image at a time.

    python benchmarks/likelihood.py [--images 20] [--samples 5000] [--rounds 3] [--threads 1]

One network, 784-200-200-50 tanh, and binary pixels. See benchmarks/README.md.
"""

import argparse
import importlib.util
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from keraszoo.models import VAE

HIDDEN, LATENT, LOOP_BATCH = (200, 200), 50, 100


def ours(x, samples):
    vae = VAE((784,), latent_dim=LATENT, hidden=HIDDEN, activation="tanh")
    weights = [weight.numpy() for weight in vae.weights if weight.dtype == "float32"]
    return weights, lambda: vae.negative_log_likelihood(x, samples).nll.mean()


def torch_loop(x, samples, weights):
    """The same network in PyTorch: one image after the other, its draws in batches, each of which is encoded.

    It is what pythae's `get_nll` does, with batches of as many draws as its default has.
    """
    import torch

    def network(arrays):
        layers = []
        for kernel, bias in zip(arrays[::2], arrays[1::2], strict=True):
            layer = torch.nn.Linear(*kernel.shape)
            layer.weight.data = torch.from_numpy(kernel.T.copy())
            layer.bias.data = torch.from_numpy(bias)
            layers += [layer, torch.nn.Tanh()]
        return torch.nn.Sequential(*layers[:-1])

    half = len(weights) // 2
    encoder, decoder = network(weights[:half]), network(weights[half:])
    images = torch.from_numpy(x)

    @torch.no_grad()
    def run():
        found = []
        for image in images:
            log_weights = []
            for _ in range(samples // LOOP_BATCH):
                copies = image[None].repeat(LOOP_BATCH, 1)
                mean, log_var = encoder(copies).chunk(2, dim=-1)
                q = torch.distributions.Normal(mean, torch.exp(0.5 * log_var))
                z = q.sample()
                log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)
                probabilities = torch.sigmoid(decoder(z))
                loss = torch.nn.functional.binary_cross_entropy(probabilities, copies, reduction="none").sum(-1)
                log_weights.append(log_prior - loss - q.log_prob(z).sum(-1))
            found.append(np.log(samples) - float(torch.logsumexp(torch.cat(log_weights), 0)))
        return np.mean(found)

    return run


def main():
    parser = argparse.ArgumentParser(description="Seconds per image of likelihoods by importance sampling.")
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--samples", type=int, default=5000, help="a multiple of 100 (default: 5000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    x = np.random.default_rng(0).integers(0, 2, [options.images, 784]).astype("float32")
    weights, run = ours(x, options.samples)
    rows = {"KerasZoo": run}
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(options.threads)
        rows["loop"] = torch_loop(x, options.samples, weights)
    seconds = {name: [] for name in rows}
    for _ in range(options.rounds):
        for name, run in rows.items():
            start = time.perf_counter()
            nll = run()
            seconds[name].append((time.perf_counter() - start) / options.images)
            print(f"{name:<10}{seconds[name][-1] * 1000:>10.1f} ms/image   nll {nll:.2f}", flush=True)
    if "loop" in seconds:
        ratios = [loop / own for loop, own in zip(seconds["loop"], seconds["KerasZoo"], strict=True)]
        print(
            f"faster than the loop: {statistics.median(ratios):.1f} times (from {min(ratios):.1f} to {max(ratios):.1f})"
        )


if __name__ == "__main__":
    main()

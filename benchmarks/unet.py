"""What a training step of U-Net costs: `model.fit` beside the same network in PyTorch.

    python benchmarks/unet.py [--rounds 5] [--steps 8] [--width 16] [--depth 4] [--side 192] [--batch 4] [--threads 2]
    python benchmarks/unet.py --precision float32 bfloat16

Where segmentation_models_pytorch is installed, its U-Net with the encoder resnet50 is compared with ours; else a plain
U-Net in PyTorch of the same shape: two 3x3 convolutions without bias, batch normalisation and ReLU at each resolution,
2x2 transposed convolutions, one logit, cross-entropy, fused Adam. Both train on the same random images. The plain one
has as many weights as ours, that of the library 13 % more. In bfloat16 each computes as its own library does by
default: the policy `mixed_bfloat16` here, `autocast` there, with weights in float32. The rows take turns, round after
round; the ratio is that of the same round. See
benchmarks/README.md.
"""

import argparse
import contextlib
import importlib.util
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

with contextlib.suppress(ImportError):  # before TensorFlow: after it, torch 2.14 ends in a segmentation fault
    import torch
    import torch._dynamo

import keras
import numpy as np
import tensorflow as tf
from interleaved import Row, add_option, append, comparisons, in_turn, lines

from keraszoo.models import UNet


def ours(options, x, y, network, precision):
    keras.utils.set_random_seed(0)
    policy = {"float32": "float32", "bfloat16": "mixed_bfloat16"}[precision]
    model = UNet(x.shape[1:], 1, dropout=0.0, dtype=policy, **network)
    model.compile(keras.optimizers.Adam(1e-3), steps_per_execution=options.steps)
    batches = tf.data.Dataset.from_tensors((x, y)).cache().repeat()

    def run(steps):
        return model.fit(batches, epochs=1, steps_per_epoch=steps, shuffle=False, verbose=0).history["loss"][0]

    weights = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    return run, weights


def torchs(options, x, y, make, precision):
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    images = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    labels = torch.from_numpy(y[:, None].astype("float32"))

    def run(steps):
        total = 0.0
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                loss = torch.nn.functional.binary_cross_entropy_with_logits(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total / steps

    return run, sum(parameter.numel() for parameter in model.parameters())


def plain(width, depth):
    """A function that makes the U-Net."""

    def make():
        nn = torch.nn

        def block(channels, filters):
            layers = []
            for before in (channels, filters):
                layers += [nn.Conv2d(before, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(True)]
            return nn.Sequential(*layers)

        class Plain(nn.Module):
            def __init__(self):
                super().__init__()
                filters = [width * 2**level for level in range(depth + 1)]
                self.down = nn.ModuleList(map(block, [1, *filters[:-1]], filters))
                self.enlarge = nn.ModuleList(nn.ConvTranspose2d(2 * n, n, 2, 2) for n in filters[:-1])
                self.up = nn.ModuleList(block(2 * n, n) for n in filters[:-1])
                self.head = nn.Conv2d(width, 1, 1)

            def forward(self, x):
                skips = []
                for level, layers in enumerate(self.down):
                    x = layers(x if level == 0 else nn.functional.max_pool2d(x, 2))
                    skips.append(x)
                for level in reversed(range(depth)):
                    x = self.up[level](torch.cat([skips[level], self.enlarge[level](x)], 1))
                return self.head(x)

        return Plain()

    return make


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("rounds", 5), ("steps", 8), ("width", 16), ("depth", 4), ("side", 192), ("batch", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of PyTorch")
    parser.add_argument("--precision", nargs="+", choices=("float32", "bfloat16"), default=["float32"])
    add_option(parser)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    x = random.random((options.batch, options.side, options.side, 1), "float32")
    y = random.integers(0, 2, x.shape[:3])
    if importlib.util.find_spec("segmentation_models_pytorch"):
        network = {"encoder": "resnet50", "depth": 5, "width": 16, "up": "upsampling", "normalization": "batch"}
        title = "segmentation_models_pytorch, resnet50"

        def make():
            import segmentation_models_pytorch

            return segmentation_models_pytorch.Unet("resnet50", encoder_weights=None, in_channels=1, classes=1)
    elif importlib.util.find_spec("torch"):
        network = {"depth": options.depth, "width": options.width, "normalization": "batch"}
        title, make = "plain U-Net in torch", plain(options.width, options.depth)
    else:
        raise SystemExit("Neither segmentation_models_pytorch nor torch is installed.")
    rows, weights = {}, {}
    for precision in options.precision:
        for name, (run, count) in (
            ("KerasZoo", ours(options, x, y, network, precision)),
            (title, torchs(options, x, y, make, precision)),
        ):
            rows[name, precision], weights[name] = Row(name, run), count
    in_turn(list(rows.values()), options.rounds, options.steps)
    for (name, precision), row in rows.items():
        print(f"{name:38} {precision:9} {weights[name]:>12,} weights  loss {row.answer:.4f}")
    size = f"{options.batch} x {options.side} x {options.side}"
    found = []
    for precision in options.precision:
        pair = rows["KerasZoo", precision], rows[title, precision]
        found += comparisons(f"U-Net, {size}, {precision}", "a training step", pair[0], pair[1:])
    append(options.records, found)
    print("\n".join(lines(found)))
    first, *others = options.precision
    for precision in others:
        low, middle, high = rows["KerasZoo", precision].ratios(rows["KerasZoo", first])
        print(f"KerasZoo, {precision} / {first}: {middle:.2f}, half from {low:.2f} to {high:.2f}")
    print(f"{options.threads} threads")


if __name__ == "__main__":
    main()

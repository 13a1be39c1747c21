"""The classic networks beside torchvision's: the same random weights must give the same logits.

    python benchmarks/torchvision_logits.py write FILE.npz      # in an environment with torch and torchvision
    python benchmarks/torchvision_logits.py compare FILE.npz    # in that of KerasZoo

`write` draws weights and moving moments for each network, and stores them with two images and their logits; `compare`
puts them into the zoo's network, prints the number of parameters and the largest difference of the logits, and fails
where that is above 1e-4 of their size.
"""

import argparse
import os
import re
import sys

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

TOLERANCE = 1e-4
SIDE, CLASSES, IMAGES = 224, 1000, 2
#: torchvision's name: ours, with the arguments under which it is the same network
NETWORKS = {
    "alexnet": "alexnet_one_tower",
    "vgg11": "vgg11",
    "vgg16": "vgg16",
    "vgg16_bn": {"name": "vgg16", "normalization": "batch"},
    "resnet18": "resnet18",
    "resnet50": "resnet50",
    "googlenet": {"name": "googlenet", "normalization": "batch", "large_kernel": 3},
}


def write(path):
    import torch
    import torchvision

    torch.manual_seed(0)
    image = torch.randn(IMAGES, 3, SIDE, SIDE)
    stored = {"image": image.permute(0, 2, 3, 1).numpy()}
    for name in NETWORKS:
        options = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
        network = getattr(torchvision.models, name)(weights=None, **options).eval()
        place = 0
        with torch.no_grad():
            for module in network.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    for values, low in ((module.weight, 0.5), (module.running_var, 0.5), (module.running_mean, -0.2)):
                        values.uniform_(low, low + 1.0 if low > 0 else 0.2)
                    module.bias.uniform_(-0.2, 0.2)
                    parts = (module.weight, module.bias, module.running_mean, module.running_var)
                    stored[f"{name}/{place}/epsilon"] = module.eps
                elif isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
                    parts = (module.weight,) if module.bias is None else (module.weight, module.bias)
                else:
                    continue
                for number, part in enumerate(parts):
                    stored[f"{name}/{place}/{number}"] = part.numpy()
                place += 1
            stored[f"{name}/logits"] = network(image).numpy()
        stored[f"{name}/parameters"] = sum(part.numel() for part in network.parameters())
    np.savez(path, **stored)


def compare(path):
    import keras

    from keraszoo.layers import BatchNormalization
    from keraszoo.models import Classifier

    worst, stored = 0.0, np.load(path)
    for name, network in NETWORKS.items():
        model = Classifier((SIDE, SIDE, 3), CLASSES, network=network)
        kinds = (keras.layers.Conv2D, keras.layers.Dense, BatchNormalization)
        layers = [layer for layer in model.encoder.layers if isinstance(layer, kinds)]
        # as torchvision's modules: those of a block in the order in which they were made, which numbered names tell
        convolutions = sorted((each for each in layers if isinstance(each, keras.layers.Conv2D)), key=_number)
        norms = sorted((each for each in layers if isinstance(each, BatchNormalization)), key=_number)
        norms = norms or [None] * len(convolutions)
        ordered = [layer for pair in zip(convolutions, norms, strict=True) for layer in pair if layer is not None]
        ordered += [*(each for each in layers if isinstance(each, keras.layers.Dense)), model.head]
        flattened = next((each for each in model.encoder.layers if isinstance(each, keras.layers.Flatten)), None)
        bias = 0.0  # of a convolution before a normalisation, where ours has none
        for place, layer in enumerate(ordered):
            parts = [stored[key] for number in range(4) if (key := f"{name}/{place}/{number}") in stored]
            if isinstance(layer, BatchNormalization):
                layer.epsilon = float(stored[f"{name}/{place}/epsilon"])
                parts[2] = parts[2] - bias
            elif parts[0].ndim == 4:
                parts[0] = parts[0].transpose(2, 3, 1, 0)
                bias = parts.pop() if len(parts) > len(layer.weights) else 0.0
            else:
                kernel = parts[0].T
                if flattened is not None and layer is next(
                    each for each in ordered if isinstance(each, keras.layers.Dense)
                ):
                    height, width, maps = flattened.input.shape[1:]  # torch flattens maps first
                    kernel = kernel.reshape(maps, height, width, -1).transpose(1, 2, 0, 3).reshape(len(kernel), -1)
                parts[0] = kernel
            layer.set_weights(parts)
        logits = stored[f"{name}/logits"]
        difference = float(np.abs(model.logits(stored["image"]) - logits).max())
        parameters = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        worst = max(worst, difference / np.abs(logits).max())
        print(
            f"{name:12} {parameters:>12,} parameters (torchvision {int(stored[name + '/parameters']):>12,}); logits of "
            f"size {np.abs(logits).max():.3g} differ by {difference:.2g}",
            flush=True,
        )
    if worst > TOLERANCE:
        sys.exit(f"Logits differ by {worst:.2g} of their size.")


def _number(layer):
    found = re.findall(r"\d+", layer.name)
    return [int(each) for each in found] if found else [0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("write", "compare"))
    parser.add_argument("file")
    arguments = parser.parse_args()
    {"write": write, "compare": compare}[arguments.what](arguments.file)

"""Stacked MNIST: a thousand modes, of which it is easy to tell how many a model reaches.

Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks" (2017),
https://arxiv.org/abs/1611.02163.
"""

import numpy as np

from ..sources.source import from_arrays


def stack_digits(name, mnist):
    """Three random digits as the channels of an image, labelled 100 a + 10 b + c; the same each time.

    There are as many images as in MNIST, and each digit is used once in each channel.

    Args:
        name: of the new dataset.
        mnist: a `Source` of images [height, width, 1] with labels from 0 to 9, in memory.

    Returns:
        A `Source` of images [height, width, 3] with 1000 classes.
    """
    random = np.random.RandomState(0)  # numpy promises that its numbers never change
    splits = {}
    for split, size in mnist.sizes.items():
        rows = [random.permutation(size) for _ in range(3)]
        images, labels = mnist.array(split)[..., 0], mnist.array(split, mnist.target)
        splits[split] = {
            "image": np.stack([images[order] for order in rows], axis=-1),
            "label": sum(labels[order] * 10**place for order, place in zip(rows, (2, 1, 0), strict=True)),
        }
    return from_arrays(name, splits, input="image", target="label", num_classes=1000)

"""How the classes of samples are distributed.

Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks" (2017),
https://arxiv.org/abs/1611.02163, compare them so.
"""

import numpy as np
from scipy.stats import entropy

from ...core.errors import InputError
from .class_probabilities import check_probabilities


def class_histogram_kl(real: np.ndarray, fake: np.ndarray) -> float:
    """KL(fakes || real) of the histograms of the most probable classes, in nats.

    log(10 / k) where only k of ten equally common classes are made; infinite where one is made that is not in the data.

    Args:
        real, fake: class probabilities, [n, classes] and [m, classes].

    Returns:
        float >= 0.

    Raises:
        InputError: no probabilities, or another number of classes.

    Example:
        >>> real, fake = np.eye(10), np.eye(10)[:5]
        >>> round(class_histogram_kl(real, fake), 4)  # log 2
        0.6931
    """
    real, fake = check_probabilities(real), check_probabilities(fake)
    if real.shape[1] != fake.shape[1]:
        raise InputError(
            f"Both sides need the same classes. Received: real {list(real.shape)}, fake {list(fake.shape)}."
        )
    counts = [np.bincount(side.argmax(axis=1), minlength=side.shape[1]) for side in (fake, real)]
    return float(entropy(*counts))


def classes_reached(fake: np.ndarray) -> int:
    """How many classes are the most probable one of a sample: of 1000, for stacked MNIST.

    Args:
        fake: class probabilities, [n, classes].

    Raises:
        InputError: no probabilities.

    Example:
        >>> classes_reached([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.1, 0.2, 0.7]])
        2
    """
    return len(np.unique(check_probabilities(fake).argmax(axis=1)))

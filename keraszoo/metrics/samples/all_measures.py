"""Every measure of samples at once."""

import numpy as np

from .class_histogram import class_histogram_kl, classes_reached
from .density import density_coverage
from .frechet import frechet_distance
from .inception import inception_score
from .kernel import kernel_distance
from .precision import precision_recall


def compare_samples(
    real: np.ndarray,
    fake: np.ndarray,
    real_probabilities: np.ndarray | None = None,
    fake_probabilities: np.ndarray | None = None,
    neighbours: int = 5,
) -> dict[str, float]:
    """How close fakes are to real samples, by features and class probabilities that a network finds in both.

    Args:
        real, fake: features, [n, d] and [m, d]; n, m > neighbours. Take equally many: some measures depend on it.
        real_probabilities, fake_probabilities: of the classes, [n, classes] and [m, classes], or None.
        neighbours: of precision, recall, density and coverage.

    Returns:
        `{name: value}` of frechet_distance, kernel_distance, precision, recall, density and coverage and, with
        probabilities, inception_score and classes (of the fakes) and class_kl.

    Raises:
        InputError: as the single measures do.

    Example:
        >>> import numpy as np
        >>> real, fake = np.random.default_rng(0).normal(size=[2, 500, 4])
        >>> print(*compare_samples(real, fake))
        frechet_distance kernel_distance precision recall density coverage
    """
    precision, recall = precision_recall(real, fake, neighbours)
    density, coverage = density_coverage(real, fake, neighbours)
    measures = {
        "frechet_distance": frechet_distance(real, fake),
        "kernel_distance": kernel_distance(real, fake),
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
    }
    if real_probabilities is not None and fake_probabilities is not None:
        measures["inception_score"] = inception_score(fake_probabilities)
        measures["class_kl"] = class_histogram_kl(real_probabilities, fake_probabilities)
        measures["classes"] = float(classes_reached(fake_probabilities))
    return measures

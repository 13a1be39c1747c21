"""What every measure of samples asks of its features."""

import numpy as np

from ...core.errors import InputError


def check_pair(real, fake, least):
    """`real` and `fake` as float64 arrays [n, d] and [m, d].

    Raises:
        InputError: other shapes, fewer than `least` rows, NaN or infinity.
    """
    arrays = []
    for name, features in (("real", real), ("fake", fake)):
        features = np.asarray(features, "float64")
        if features.ndim != 2 or features.shape[1] == 0:
            raise InputError(f"Features are [n, d]. Received: {name} {list(features.shape)}.")
        if len(features) < least:
            raise InputError(f"At least {least} samples are needed on each side. Received: {name} {len(features)}.")
        if not np.isfinite(features).all():
            raise InputError(f"Features must be finite. Received: {name} with NaN or infinite values.")
        arrays.append(features)
    real, fake = arrays
    if real.shape[1] != fake.shape[1]:
        raise InputError(
            f"Both sides need equally many features. Received: real {list(real.shape)}, fake {list(fake.shape)}."
        )
    return real, fake

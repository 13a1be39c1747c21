"""The likelihood of data that a decoder describes in standardised numbers."""

import math

from .likelihoods import Likelihood


class Standardized(Likelihood):
    """p(x | output), where the output describes z = (x - mean) / scale: p(z | output) / scale, with means in x's units.

    Args:
        inner: the `Likelihood` of z, of any real numbers.
        standardization: a `keraszoo.layers.Standardization`.
        event_shape: shape of one example.
    """

    def __init__(self, inner, standardization, event_shape):
        self.inner, self.standardization = inner, standardization
        self.outputs, self.sites = inner.outputs, math.prod(event_shape[:-1])

    def check_values(self, x):
        self.inner.check_values(self.standardization(x))

    def negative_log_likelihood(self, x, output):
        standardised = self.inner.negative_log_likelihood(self.standardization(x), output)
        return standardised + self.standardization.log_volume(self.sites)

    def mean(self, output):
        return self.standardization.undo(self.inner.mean(output))

    def start(self, x, output):
        return self.inner.start(self.standardization(x), output)

    def first_share(self, x, output):
        return self.inner.first_share(self.standardization(x), output)

    def get_config(self):
        return self.inner.get_config()

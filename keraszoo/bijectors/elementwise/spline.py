"""The monotone rational-quadratic spline.

Gregory and Delbourgo, "Piecewise Rational Quadratic Interpolation to Monotonic Data" (1982);
Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows" (2019), https://arxiv.org/abs/1906.04032.
"""

import math

import tensorflow as tf

MIN_SIZE = 1e-3  # of a bin, as a share of the box
MIN_SLOPE = 1e-3
_ZERO_SLOPE = math.log(math.expm1(1.0 - MIN_SLOPE))  # softplus of it is 1 - MIN_SLOPE


class RationalQuadraticSpline:
    """A monotone map of [-bound, bound] onto itself, the identity outside.

    Between two knots (x_k, y_k) and (x_k+1, y_k+1) of slopes d_k and d_k+1, with s = height / width of the bin and
    t = (x - x_k) / width,

        y = y_k + height (s t^2 + d_k t (1 - t)) / (s + (d_k+1 + d_k - 2 s) t (1 - t)).

    Args:
        bins: number of bins.
        bound: half the width of the box.
    """

    def __init__(self, bins, bound):
        self.bins, self.bound = bins, bound

    def forward(self, x, widths, heights, slopes):
        """The value at x, and the logarithm of its derivative.

        Args:
            x: [...].
            widths, heights: [..., bins], logits of the bins' sizes.
            slopes: [..., bins + 1], any real numbers; 0 means slope 1.

        Returns:
            y [...] and log dy/dx [...].
        """
        inside = tf.abs(x) <= self.bound  # the edge too: of a circle it is a point like others
        clipped = tf.clip_by_value(x, -self.bound, self.bound)  # outside, the arithmetic below would overflow
        left, width, bottom, height, d0, d1 = self._bin(clipped, widths, heights, slopes)
        s = height / width
        t = (clipped - left) / width
        t1 = t * (1.0 - t)
        curvature = d0 + d1 - 2.0 * s
        denominator = s + curvature * t1
        y = bottom + height * (s * t * t + d0 * t1) / denominator
        log_slope = self._log_slope(s, t, t1, d0, d1, denominator)
        return tf.where(inside, y, x), tf.where(inside, log_slope, tf.zeros_like(x))

    def inverse(self, y, widths, heights, slopes):
        """Where the value is y, and the logarithm of dx/dy: the same shapes as `forward`'s."""
        inside = tf.abs(y) <= self.bound
        clipped = tf.clip_by_value(y, -self.bound, self.bound)
        bottom, height, left, width, d0, d1 = self._bin(clipped, heights, widths, slopes)
        s = height / width
        above = clipped - bottom
        curvature = d0 + d1 - 2.0 * s
        a = height * (s - d0) + above * curvature
        b = height * d0 - above * curvature
        c = -s * above
        root = tf.sqrt(tf.maximum(b * b - 4.0 * a * c, 1e-12))
        t = -2.0 * c / (b + root)  # the form without cancellation
        t1 = t * (1.0 - t)
        x = left + t * width
        log_slope = self._log_slope(s, t, t1, d0, d1, s + curvature * t1)
        return tf.where(inside, x, y), tf.where(inside, -log_slope, tf.zeros_like(y))

    @staticmethod
    def _log_slope(s, t, t1, d0, d1, denominator):
        numerator = s * s * (d1 * t * t + 2.0 * s * t1 + d0 * (1.0 - t) * (1.0 - t))
        return tf.math.log(numerator) - 2.0 * tf.math.log(denominator)

    def _bin(self, value, along, across, slopes):
        """The bin that `value` lies in: its start and size along the axis of `value` and across, and its two slopes."""
        along, across = self._sizes(along), self._sizes(across)
        ends = tf.cumsum(along, axis=-1)[..., :-1] - self.bound
        # 1 for the bins that end before the value, then 0: the sum of their sizes is where the value's bin starts.
        before = tf.cast(value[..., None] >= ends, along.dtype)
        before = tf.concat([tf.ones_like(before[..., :1]), before, tf.zeros_like(before[..., :1])], axis=-1)
        passed = before[..., 1:]
        here = before[..., :-1] - passed

        def sums(mask, values):
            return tf.reduce_sum(mask * values, axis=-1)

        def slope(values):  # made positive once it is chosen: of two knots, not of all
            chosen = sums(here, values)
            return MIN_SLOPE + tf.math.softplus(chosen + tf.constant(_ZERO_SLOPE, chosen.dtype))

        return (
            sums(passed, along) - self.bound,
            sums(here, along),
            sums(passed, across) - self.bound,
            sums(here, across),
            slope(slopes[..., :-1]),
            slope(slopes[..., 1:]),
        )

    def _sizes(self, logits):
        share = MIN_SIZE + (1.0 - MIN_SIZE * self.bins) * tf.nn.softmax(logits, axis=-1)
        return 2.0 * self.bound * share

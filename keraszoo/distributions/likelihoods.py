"""What a decoder's output means: the distribution p(x | z) of the data given the output.

A likelihood is a small serialisable object, so that models take one by name (`"bernoulli"`) or as an instance
(`Gaussian(scale=0.1)`), and so that new ones fit in without touching a model.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..core.errors import InputError, closest
from ..core.types import Array

#: what else to do about data outside the support
ANOTHER = "choose a likelihood for it (gaussian takes any real number)"
QUIET = 0.1  # share of the dependence of the first scales on codes that remains
CHANNELS = ("independent", "conditional")
LEAST_SHARE = 0.01  # of a channel's variance: what the other channels leave of it at first, at least
LOUDEST = 0.3  # of the data's deviation: how far the first means may move with codes


class Likelihood:
    """Base class. A subclass defines `negative_log_likelihood`, `mean` and, if it has arguments, `get_config`."""

    #: the closed interval that data must lie in, or None for the whole real line
    support: tuple[float, float] | None = None
    #: numbers that the decoder gives for each value of an example, see `decoded_shape`
    outputs = 1
    #: whether these numbers are logits
    takes_logits = False
    #: whether it gives levels of data probabilities, so that bits per dimension compare between models
    discrete = False

    def decoded_shape(self, event_shape: Sequence[int]) -> tuple[int, ...]:
        """Shape of the decoder's output for one example: its last axis holds `outputs` numbers for each channel.

        The first of them for every channel come first, then the second for every channel.

        Example:
            >>> GaussianLearnedVariance().decoded_shape((8, 8, 3))
            (8, 8, 6)
        """
        *sides, channels = event_shape
        return (*sides, self.outputs * channels)

    def check_values(self, x: np.ndarray) -> None:
        """Raises InputError where an array of data holds values that have no likelihood; here any have one."""

    def start(self, x: Array, output: Array) -> Any:
        """What an output is best shifted by before anything is learned, or None where there is no rule.

        Args:
            x: examples, [rows, ..., channels].
            output: what the decoder makes of codes that have nothing to do with them, [rows, ..., outputs * channels].

        Returns:
            float64 [outputs * channels], or [..., outputs * channels], as numpy broadcasts it: of the values that the
            caller has reduced `rows` to.
        """

    def first_share(self, x: Array, output: Array) -> Any:
        """What remains of the dependence of a decoder's first output on its codes, or None for all of it.

        Args:
            x, output: see `start`.

        Returns:
            A factor for each number of an output: its shape without the rows.
        """

    def negative_log_likelihood(self, x: Array, output: Array) -> tf.Tensor:
        """-log p(x | output) in nats, summed over everything but the batch: [batch, ...] -> [batch] float32."""
        raise NotImplementedError

    def log_prob_of_each(self, x: Array, outputs: Array, training: bool = False) -> tf.Tensor:
        """log p(x | output) of several outputs for each example.

        Args:
            x: [batch, ...].
            outputs: [batch, count, ...].
            training: whether a gradient will be asked for, which may be dear otherwise.

        Returns:
            [batch, count] float32, nats.
        """
        count, rows = tf.shape(outputs)[1], tf.reshape(outputs, [-1, *outputs.shape[2:]])
        return tf.reshape(-self.negative_log_likelihood(tf.repeat(x, count, axis=0), rows), [-1, count])

    def mean(self, output: Array) -> tf.Tensor:
        """E[x | output], float32, of the shape of the data."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


def _sum_over_example(values):
    return tf.reduce_sum(tf.reshape(values, [tf.shape(values)[0], -1]), axis=-1)


@keras.saving.register_keras_serializable("keraszoo")
class Bernoulli(Likelihood):
    """Independent Bernoulli pixels with the decoder's outputs as logits.

    For grey pixels in [0, 1] the same formula is the cross-entropy that most implementations use; it is then not a
    likelihood (its minimum is the entropy of the pixels, not 0).
    """

    support = (0.0, 1.0)
    takes_logits = True

    def check_values(self, x: Array) -> None:
        if not np.isin(x, (0, 1)).all():
            raise InputError(
                "Grey pixels have no likelihood under Bernoulli. Received: values that are neither 0 nor 1. Train with "
                'the transform "binarize" or another likelihood.'
            )

    def start(self, x: Array, output: Array) -> Any:
        """The logit of the mean, so that the first steps need not find out how bright the data are."""
        return _logit(_mean(x)) - _mean(output)

    def negative_log_likelihood(self, x: Array, output: Array) -> tf.Tensor:
        x, logits = tf.cast(x, tf.float32), tf.cast(output, tf.float32)
        return _sum_over_example(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits))

    def log_prob_of_each(self, x: Array, outputs: Array, training: bool = False) -> tf.Tensor:
        own = type(self).negative_log_likelihood is Bernoulli.negative_log_likelihood
        if training or not own:
            return super().log_prob_of_each(x, outputs, training)
        count, size = tf.shape(outputs)[1], math.prod(outputs.shape[2:])
        x = tf.reshape(tf.cast(x, tf.float32), [-1, 1, size])
        return -_cross_entropy(x, tf.reshape(tf.cast(outputs, tf.float32), [-1, count, size]))

    def mean(self, output: Array) -> tf.Tensor:
        return tf.sigmoid(tf.cast(output, tf.float32))


def _cross_entropy(x, logits):
    """Sums of softplus(logits) - x logits in few passes: [batch, 1, size], [batch, count, size] -> [batch, count].

    It is |l|/2 + (1/2 - x) l - log sigmoid(|l|), and logarithms are dear: one is taken of the product of up to 100
    sigmoids, each of which is 1/2 or more. The gradient of a product is dear in its turn.
    """
    magnitude, size = tf.abs(logits), logits.shape[-1]
    group = max(divisor for divisor in range(1, 101) if size % divisor == 0)
    shares = tf.reshape(tf.sigmoid(magnitude), [*tf.unstack(tf.shape(logits)[:-1]), size // group, group])
    logs = tf.math.log(tf.reduce_prod(shares, axis=-1))
    # Added value by value: the sums are large, and of sure and right pixels 0 remains.
    return 0.5 * tf.reduce_sum(magnitude + (1.0 - 2.0 * x) * logits, axis=-1) - tf.reduce_sum(logs, axis=-1)


@keras.saving.register_keras_serializable("keraszoo")
class Gaussian(Likelihood):
    """Independent Gaussian values around the decoder's outputs, with one fixed standard deviation.

    -log p = |x - mean|^2 / (2 scale^2) + D/2 log(2 pi scale^2). The plain squared error |x - mean|^2 is that of
    scale = sqrt(1/2), up to the constant.

    Args:
        scale: the standard deviation, > 0.
    """

    def __init__(self, scale: float = 1.0) -> None:
        if not scale > 0:
            raise InputError(f"Gaussian's scale is a standard deviation and must be > 0. Received: scale={scale!r}.")
        self.scale = float(scale)

    def start(self, x: Array, output: Array) -> Any:
        return _mean(x) - _mean(output)

    def negative_log_likelihood(self, x: Array, output: Array) -> tf.Tensor:
        x, mean = tf.cast(x, tf.float32), tf.cast(output, tf.float32)
        standardised = (x - mean) / self.scale
        return _sum_over_example(0.5 * tf.square(standardised) + math.log(self.scale) + 0.5 * math.log(2 * math.pi))

    def mean(self, output: Array) -> tf.Tensor:
        return tf.cast(output, tf.float32)

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale}


@keras.saving.register_keras_serializable("keraszoo")
class GaussianLearnedVariance(Likelihood):
    """Independent Gaussian values of which the decoder gives the means, then the logarithms of the standard deviations.

    Where a value is the same in all examples, such as a pixel of the border, the density grows without bound as its
    standard deviation shrinks; hence the latter is exp(log s + softplus(output - log s)) with s = `least_scale`: more
    than s, and almost exp(output) where that is well above it. It is a density: -log p may be negative.

    Rybkin, Daniilidis and Levine, "Simple and Effective VAE Training with Calibrated Decoders" (2021),
    https://arxiv.org/abs/2006.13202, on why to learn it and why to bound it.

    Args:
        least_scale: the lower bound of the standard deviations, > 0. That of an eighth bit's rounding is about 0.001
            of the data's range.
    """

    outputs = 2

    def __init__(self, least_scale: float = 0.01) -> None:
        if not least_scale > 0:
            raise InputError(
                f"least_scale bounds standard deviations from below and must be > 0. Received: {least_scale!r}."
            )
        self.least_scale = float(least_scale)

    def moments(self, output: Array) -> tuple[tf.Tensor, tf.Tensor]:
        """(mean, log_scale) of each value: [batch, ..., 2 * channels] -> [batch, ..., channels] float32 each."""
        mean, log_scale = tf.split(tf.cast(output, tf.float32), 2, axis=-1)
        return mean, _softly_above(math.log(self.least_scale), log_scale)

    def start(self, x: Array, output: Array) -> Any:
        """The mean, and the deviation of the data from what the decoder says of others."""
        return _mean_and_log_scale(x, output, self.least_scale)

    def first_share(self, x: Array, output: Array) -> Any:
        return _means_and_quiet_scales(x, output)

    def negative_log_likelihood(self, x: Array, output: Array) -> tf.Tensor:
        mean, log_scale = self.moments(output)
        standardised = (tf.cast(x, tf.float32) - mean) * tf.exp(-log_scale)
        return _sum_over_example(0.5 * tf.square(standardised) + log_scale + 0.5 * math.log(2 * math.pi))

    def mean(self, output: Array) -> tf.Tensor:
        return self.moments(output)[0]

    def get_config(self) -> dict[str, Any]:
        return {"least_scale": self.least_scale}


def _softly_above(least, values):
    """`values` where they are well above `least`; it is never reached, and a slope remains below it."""
    return least + tf.nn.softplus(values - least)


@keras.saving.register_keras_serializable("keraszoo")
class DiscretizedLogistic(Likelihood):
    """Values on the `levels` 0, 1/(levels - 1), ..., 1: probabilities, so that bits per dimension compare.

    A level has what a logistic distribution has between the middles to its neighbours, the lowest and the highest all
    that is beyond. The decoder gives the logistics' means, then the logarithms of their scales, both in units of the
    data. Data between two levels count as the nearer one.

    Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (2016),
    https://arxiv.org/abs/1606.04934; Salimans et al., "PixelCNN++" (2017), https://arxiv.org/abs/1701.05517.

    With a and b the standardised ends of a level, sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)):
    its logarithm has no cancellation, however far the mean or small the scale. Scales are kept softly above a 20th of
    a level's width, where the level of the mean has all but 1e-4 of the probability, and below exp(10).

    Given its code, a pixel's channels are independent, or each depends on those before it, as in PixelCNN++: red has
    the mean a_r, green a_g + b_gr (red - 1/2), blue a_b + b_br (red - 1/2) + b_bg (green - 1/2). What a decoder misses
    it misses in all channels alike, more or less, so that most of green and blue follows from red. The b are further
    numbers of the decoder, after means and scales: b_gr, b_br, b_bg.

    Args:
        levels: how many values there are, >= 2: 256 for 8-bit images.
        channels: "independent", or "conditional" on the channels before them.

    Example:
        >>> DiscretizedLogistic(channels="conditional").decoded_shape((8, 8, 3))
        (8, 8, 9)
    """

    support = (0.0, 1.0)
    outputs = 2
    discrete = True

    def __init__(self, levels: int = 256, channels: str = "independent") -> None:
        if not isinstance(levels, int) or levels < 2:
            raise InputError(f"levels counts the values that data may have, >= 2. Received: levels={levels!r}.")
        if channels not in CHANNELS:
            raise InputError(f"Unknown channels. Received: channels={channels!r}. {closest(str(channels), CHANNELS)}")
        self.levels, self.channels = levels, channels

    def decoded_shape(self, event_shape: Sequence[int]) -> tuple[int, ...]:
        *sides, count = event_shape
        return (*sides, 2 * count + (count * (count - 1) // 2 if self.channels == "conditional" else 0))

    def check_values(self, x: Array) -> None:
        positions = np.asarray(x, "float64") * (self.levels - 1)
        if np.abs(positions - np.round(positions)).max(initial=0.0) > 0.2:  # in 8 bits sixteenths are rounded ones
            raise InputError(
                f"Likelihoods of {self.levels} levels are those of multiples of 1/{self.levels - 1}. Received: values "
                "between them. Train with the likelihood that has the data's levels, or without transforms that blur."
            )

    def start(self, x: Array, output: Array) -> Any:
        """The mean, and the scale of the logistic of the data's deviation from what the decoder says of others.

        Conditional channels start at the linear regression of that deviation on the channels before.
        """
        count = np.shape(x)[-1]
        output, slopes = np.split(np.asarray(output, "float64"), [2 * count], axis=-1)
        shift = _mean_and_log_scale(x, output, 1.0 / (self.levels - 1), math.sqrt(3.0) / math.pi)
        if not slopes.shape[-1]:
            return shift
        wanted, log_shares = _regressions(x)
        by_slopes = _mean(_given_channels_before_start(x, wanted))
        shift = shift + np.concatenate([-by_slopes, np.broadcast_to(log_shares, by_slopes.shape)], axis=-1)
        return np.concatenate([shift, wanted - _mean(slopes)], axis=-1)

    def first_share(self, x: Array, output: Array) -> Any:
        count = np.shape(x)[-1]
        shares = _means_and_quiet_scales(x, output[..., : 2 * count])
        slopes = np.full((*shares.shape[:-1], output.shape[-1] - 2 * count), QUIET)
        return np.concatenate([shares, slopes], axis=-1)

    def negative_log_likelihood(self, x: Array, output: Array) -> tf.Tensor:
        mean, log_scale, slopes = self._in_levels(output)
        level = tf.round(tf.cast(x, tf.float32) * (self.levels - 1))
        if slopes is not None:
            mean = _given_channels_before(mean, slopes, level - 0.5 * (self.levels - 1))
        inverse_scale = tf.exp(-log_scale)
        log_below = tf.math.log_sigmoid((level + 0.5 - mean) * inverse_scale)  # the level's upper end
        log_above = tf.math.log_sigmoid((mean - level + 0.5) * inverse_scale)  # and its lower end
        between = log_below + log_above + tf.math.log(-tf.math.expm1(-inverse_scale))
        at_ends = tf.where(level == 0, log_below, log_above)
        return -_sum_over_example(tf.where((level == 0) | (level == self.levels - 1), at_ends, between))

    def mean(self, output: Array) -> tf.Tensor:
        """E[x | output]: the sum over the levels k of P(x > k), a level at a time.

        Of a channel that depends on others it is the mean where these are at the centres of their logistics.
        """
        mean, log_scale, slopes = self._in_levels(output)
        if slopes is not None:
            middle, centres = 0.5 * (self.levels - 1), tf.zeros_like(mean)
            for _ in range(mean.shape[-1]):  # each time one more channel is right
                centres = _given_channels_before(mean, slopes, centres - middle)
            mean = centres
        inverse_scale = tf.exp(-log_scale)

        def add(level, total):
            return level + 1.0, total + tf.sigmoid((mean - level - 0.5) * inverse_scale)

        _, total = tf.while_loop(lambda level, _: level < self.levels - 1, add, (0.0, tf.zeros_like(mean)))
        return total / (self.levels - 1)

    def _in_levels(self, output):
        """Mean, log_scale and slopes or None, in units of a level's width, in which levels are exact: 0, 1, ..."""
        output, slopes = tf.cast(output, tf.float32), None
        if self.channels == "conditional":
            numbers = output.shape[-1]  # 2 c + c (c - 1) / 2
            count = (math.isqrt(9 + 8 * numbers) - 3) // 2
            output, slopes = tf.split(output, [2 * count, numbers - 2 * count], axis=-1)
        mean, log_scale = tf.split(output, 2, axis=-1)
        width = 1.0 / (self.levels - 1)
        log_scale = _softly_above(math.log(width / 20), tf.minimum(log_scale, 10.0))
        return mean / width, log_scale - math.log(width), slopes

    def get_config(self) -> dict[str, Any]:
        return {"levels": self.levels, "channels": self.channels}


def _given_channels_before(mean, slopes, deviation):
    """Where the logistic of each channel is, given the deviations of those before it from the middle of their range.

    Args:
        mean, deviation: [..., channels].
        slopes: [..., channels * (channels - 1) / 2]: the one of the second channel, the two of the third, ...
    """
    channels = range(mean.shape[-1])
    of_channel = tf.split(slopes, list(channels), axis=-1)
    told = [tf.reduce_sum(of_channel[c] * deviation[..., :c], axis=-1, keepdims=True) for c in channels]
    return mean + tf.concat(told, axis=-1)


@keras.saving.register_keras_serializable("keraszoo")
class ContinuousBernoulli(Likelihood):
    """Independent values in [0, 1] with densities proportional to exp(logit * x), the decoder's outputs as logits.

    Loaiza-Ganem and Cunningham, "The continuous Bernoulli: fixing a pervasive error in variational autoencoders"
    (2019), https://arxiv.org/abs/1907.06845. It is what `Bernoulli` becomes for grey pixels when it is made to
    integrate to 1: the normaliser is (exp(logit) - 1) / logit, 1 at logit 0. It is a density: -log p may be negative.
    """

    support = (0.0, 1.0)
    takes_logits = True

    def negative_log_likelihood(self, x: Array, output: Array) -> tf.Tensor:
        x, logits = tf.cast(x, tf.float32), tf.cast(output, tf.float32)
        # log of the normaliser = logit/2 + log(sinh(u)/u), u = logit/2
        return _sum_over_example(_log_sinh_ratio(0.5 * logits) + (0.5 - x) * logits)

    def mean(self, output: Array) -> tf.Tensor:
        u = 0.5 * tf.cast(output, tf.float32)
        near = tf.abs(u) < _NEAR
        away = tf.where(near, 1.0, u)
        return 0.5 + 0.5 * tf.where(near, u / 3 - u**3 / 45 + 2 * u**5 / 945, 1 / tf.tanh(away) - 1 / away)


def _mean(values):
    """Over the rows: [rows, ...] -> [...] float64."""
    return np.asarray(values, "float64").mean(axis=0)


def _logit(share):
    """Of shares kept within [0.01, 0.99]: what is black in all examples so far is so in nearly all others."""
    share = np.clip(share, 0.01, 0.99)
    return np.log(share) - np.log1p(-share)


def _mean_and_log_scale(x, output, least, factor=1.0):
    """Shifts of the two halves of an output: to the mean of the data, and to their scale.

    The scale is that of the data and of the decoder's own noise together, one for each channel.

    Args:
        least: the least scale.
        factor: scale of the distribution whose deviation is 1.
    """
    x, (mean, log_scale) = np.asarray(x, "float64"), np.split(np.asarray(output, "float64"), 2, axis=-1)
    rows, noise = x - x.mean(axis=0), mean - mean.mean(axis=0)
    axes = tuple(range(x.ndim - 1))
    scale = factor * np.sqrt(np.square(rows).mean(axis=axes) + np.square(noise).mean(axis=axes))
    wanted = np.log(np.maximum(scale, 2.0 * least))
    shift = np.broadcast_to(wanted - log_scale.mean(axis=axes), x.shape[1:])
    return np.concatenate([_mean(x) - _mean(mean), shift], axis=-1)


def _given_channels_before_start(x, slopes):
    """What the slopes add to the mean of each channel: [..., channels]."""
    return _given_channels_before(tf.zeros(np.shape(x), tf.float64), tf.constant(slopes), np.asarray(x) - 0.5).numpy()


def _regressions(x):
    """Regressions of each channel on the channels before it: `(slopes, log_shares)`.

    Returns:
        slopes: [channels * (channels - 1) / 2], that of the second channel, the two of the third, ...
        log_shares: [channels], the logarithms of the part of each channel's deviation that the others leave.
    """
    x = np.asarray(x, "float64")
    deviation = (x - x.mean(axis=0)).reshape([-1, x.shape[-1]])
    covariance = deviation.T @ deviation / len(deviation)
    slopes, log_shares = [], []
    for channel, variance in enumerate(np.diag(covariance)):
        before, along = covariance[:channel, :channel], covariance[:channel, channel]
        slope = np.linalg.lstsq(before, along, rcond=None)[0]
        remains = (variance - slope @ along) / max(variance, np.finfo("float64").tiny)
        slopes.append(slope)
        log_shares.append(0.5 * math.log(max(remains, LEAST_SHARE)))
    return np.concatenate(slopes), np.array(log_shares)


def _means_and_quiet_scales(x, output):
    """Shares of an output of means and scales.

    Random scales cost many nats, so little remains of them. Of the means nearly all does: a decoder that hardly listens
    to its codes teaches the encoder nothing, and the codes collapse to the prior; but no more than a part of the data's
    own deviation, as what exceeds it is noise.
    """
    means = np.split(output, 2, axis=-1)[0]
    moved, data = (np.sqrt(np.square(values - values.mean(axis=0)).mean()) for values in (means, np.asarray(x)))
    loud = min(1.0, LOUDEST * data / max(moved, np.finfo("float32").tiny))
    return np.concatenate([np.full(means.shape[1:], loud), np.full(means.shape[1:], QUIET)], axis=-1)


_NEAR = 0.3  # where the series is as exact as float32


def _log_sinh_ratio(u):
    """log(sinh(u) / u), with finite gradients everywhere, 0 included."""
    near = tf.abs(u) < _NEAR
    size = tf.abs(tf.where(near, 1.0, u))
    series = tf.square(u) / 6 - u**4 / 180 + u**6 / 2835
    return tf.where(near, series, size + tf.math.log1p(-tf.exp(-2 * size)) - tf.math.log(2 * size))


_BY_NAME = {
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
    "discretized_logistic": DiscretizedLogistic,
    "gaussian": Gaussian,
    "gaussian_learned_variance": GaussianLearnedVariance,
}


def get(identifier):
    """The likelihood of a name, an instance, or what `keras.saving.serialize_keras_object` made of one.

    A name with arguments is a dictionary, which recipes can hold.

    Example:
        >>> get({"name": "discretized_logistic", "levels": 16}).levels
        16
    """
    if isinstance(identifier, Likelihood):
        return identifier
    if isinstance(identifier, dict) and "class_name" in identifier:
        return keras.saving.deserialize_keras_object(identifier)
    arguments = dict(identifier) if isinstance(identifier, dict) else {"name": identifier}
    name = arguments.pop("name", None)
    if not isinstance(name, str) or name not in _BY_NAME:
        raise InputError(f"Unknown likelihood. Received: {identifier!r}. {closest(str(name), _BY_NAME)}")
    try:
        return _BY_NAME[name](**arguments)
    except TypeError as error:
        known = ", ".join(_BY_NAME[name]().get_config()) or "none"
        raise InputError(f"The arguments of {name!r} are: {known}. Received: {identifier!r}.") from error

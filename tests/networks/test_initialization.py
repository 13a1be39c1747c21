"""How weights start: with the variance of the rule that is named."""

import numpy as np
import pytest

from keraszoo.core.errors import InputError
from keraszoo.models import VAE
from keraszoo.networks.initialization import initializers


def decoder_weights(initialization):
    """[kernel, bias, ...] of a dense decoder 4-400-300-784."""
    model = VAE((28, 28, 1), 4, hidden=(300, 400), initialization=initialization)
    return [np.asarray(weight) for weight in model.decoder.trainable_variables]


def test_glorot_kernels_have_the_variance_of_both_fans_and_the_first_that_of_its_inputs():
    """Glorot and Bengio (2010): 2 / (inputs + outputs); after the code LeCun's (1998): 1 / inputs."""
    kernels = [weight for weight in decoder_weights("glorot") if weight.ndim == 2]
    assert [kernel.shape for kernel in kernels] == [(4, 400), (400, 300), (300, 784)]
    for kernel, variance in zip(kernels, (1 / 4, 2 / 700, 2 / 1084), strict=True):
        assert kernel.var() == pytest.approx(variance, rel=0.1)


def test_fan_in_weights_and_biases_fill_their_interval():
    """Uniform within +-1/sqrt(inputs), as PyTorch's linear layers."""
    weights = decoder_weights("fan_in")
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        limit = 1 / np.sqrt(kernel.shape[0])
        for values in (kernel, bias):
            assert 0.9 * limit < np.abs(values).max() <= limit
            assert values.var() == pytest.approx(limit**2 / 3, rel=0.2)


def test_another_word_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="Received: 'glorott'. .*glorot"):
        initializers("glorott", 3)

"""What generator and discriminator lower against each other: pairs of functions of the discriminator's logits.

Each takes and returns [batch] float32; a logit is positive for what the discriminator takes for real.
"""

import typing

import tensorflow as tf

from ..core.errors import InputError, closest


class AdversarialLoss(typing.NamedTuple):
    """A pair of losses.

    Attributes:
        discriminator: function of (logits of real examples, logits of generated ones, target for the real ones).
        generator: function of the logits of generated examples.
        has_target: whether the target for real examples, 1 or a little less, means anything.
        has_zero: whether a logit of zero means anything. Where not, or only outside a margin, the logit's bias gets no
            gradient.
    """

    discriminator: typing.Callable
    generator: typing.Callable
    has_target: bool = True
    has_zero: bool = True


def cross_entropy_discriminator(real, fake, target=1.0):
    """-log D(real) - log(1 - D(fake)), D the sigmoid of the logit.

    Goodfellow et al., "Generative Adversarial Nets" (2014), https://arxiv.org/abs/1406.2661. A target below 1 is
    one-sided label smoothing (Salimans et al., 2016): cross-entropy from it for real examples, from 0 for the others.
    """
    return tf.nn.softplus(real) - target * real + tf.nn.softplus(fake)


def minimax_generator(fake):
    """log(1 - D(fake)): what the paper's theory has. Its gradient vanishes where D is sure of a fake."""
    return -tf.nn.softplus(fake)


def non_saturating_generator(fake):
    """-log D(fake): what the paper trains with."""
    return tf.nn.softplus(-fake)


def least_squares_discriminator(real, fake, target=1.0):
    """Half the squares of (real - target) and fake.

    Mao et al., "Least Squares Generative Adversarial Networks" (2017), https://arxiv.org/abs/1611.04076.
    """
    return 0.5 * (tf.square(real - target) + tf.square(fake))


def least_squares_generator(fake):
    """Half the square of fake - 1."""
    return 0.5 * tf.square(fake - 1.0)


def hinge_discriminator(real, fake, target=1.0):
    """max(0, 1 - real) + max(0, 1 + fake).

    Lim and Ye, "Geometric GAN" (2017), https://arxiv.org/abs/1705.02894; Miyato et al. (2018).
    """
    return tf.nn.relu(1.0 - real) + tf.nn.relu(1.0 + fake)


def wasserstein_discriminator(real, fake, target=1.0):
    """fake - real: over 1-Lipschitz critics its least value is minus the Wasserstein distance.

    Arjovsky, Chintala and Bottou, "Wasserstein GAN" (2017), https://arxiv.org/abs/1701.07875.
    """
    return fake - real


def wasserstein_generator(fake):
    """-fake; for the hinge loss too."""
    return -fake


LOSSES = {
    "non_saturating": AdversarialLoss(cross_entropy_discriminator, non_saturating_generator),
    "minimax": AdversarialLoss(cross_entropy_discriminator, minimax_generator),
    "least_squares": AdversarialLoss(least_squares_discriminator, least_squares_generator),
    "hinge": AdversarialLoss(hinge_discriminator, wasserstein_generator, has_target=False, has_zero=False),
    "wasserstein": AdversarialLoss(wasserstein_discriminator, wasserstein_generator, has_target=False, has_zero=False),
}


def adversarial_loss(name: str) -> AdversarialLoss:
    """The `AdversarialLoss` of that name.

    Raises:
        InputError: with the closest names when there is none.
    """
    if name not in LOSSES:
        raise InputError(f"Unknown loss. Received: loss={name!r}. {closest(str(name), LOSSES)}")
    return LOSSES[name]

"""CycleGAN.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks" (2017),
https://arxiv.org/abs/1703.10593. The generators have SiLU where the paper has ReLU: at its kinks, rounding that
differs between devices becomes a difference in what is learned.
"""

from .recipe import Optimizer, Recipe


def adam(learning_rate):
    """As in the paper, but for the rate."""
    return Optimizer("adam", learning_rate, decay="cosine", arguments={"beta_1": 0.5})


RECIPES = (
    Recipe(
        name="cyclegan/digits",
        title="Threes become eights and eights threes, on scikit-learn's 8x8 digits; offline",
        model="CycleGAN",
        input_shape=(2, 8, 8, 1),
        arguments={"hidden": (16, 32), "blocks": 1, "activation": "silu", "discriminator_hidden": (32,)},
        dataset="digits",
        domains=(3, 8),
        optimizers={"discriminator_optimizer": adam(2e-3), "optimizer": adam(2e-3)},
        batch_size=16,
        epochs=60,
        expected={"test/cycle": (2.65, 0.2), "test/discriminator": (0.44, 0.04)},
        minutes=0.7,
    ),
    Recipe(
        name="cyclegan/photos",
        title="Patches of scikit-learn's photograph of a palace become those of a flower, and back; offline",
        model="CycleGAN",
        input_shape=(2, 32, 32, 3),
        arguments={"hidden": (16, 32, 64), "blocks": 3, "activation": "silu", "discriminator_hidden": (32, 64)},
        dataset="photos",
        domains=("china", "flower"),
        optimizers={"discriminator_optimizer": adam(1e-3), "optimizer": adam(1e-3)},
        batch_size=8,
        epochs=10,
        expected={"test/cycle": (6.1, 0.6)},
        minutes=2.8,
    ),
)

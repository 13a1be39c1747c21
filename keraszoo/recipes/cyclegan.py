"""CycleGAN.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks" (2017),
https://arxiv.org/abs/1703.10593.
"""

from .recipe import Optimizer, Recipe

ADAM = Optimizer("adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5})

RECIPES = (
    Recipe(
        name="cyclegan/digits",
        title="Zeros become ones and ones zeros, on scikit-learn's 8x8 digits; offline",
        model="CycleGAN",
        input_shape=(2, 8, 8, 1),
        arguments={"hidden": (16, 32), "blocks": 2, "discriminator_hidden": (32,)},
        dataset="digits",
        domains=(3, 8),
        optimizers={"discriminator_optimizer": ADAM, "optimizer": ADAM},
        batch_size=16,
        epochs=100,
        expected={"test/cycle": (1.0, 1.0)},
        minutes=1,
    ),
    Recipe(
        name="cyclegan/photos",
        title="Patches of scikit-learn's photograph of a palace become those of a flower, and back; offline",
        model="CycleGAN",
        input_shape=(2, 32, 32, 3),
        arguments={"hidden": (16, 32, 64), "blocks": 3, "discriminator_hidden": (32, 64)},
        dataset="photos",
        domains=("china", "flower"),
        optimizers={"discriminator_optimizer": ADAM, "optimizer": ADAM},
        batch_size=8,
        epochs=10,
        expected={"test/cycle": (1.0, 1.0)},
        minutes=5,
    ),
)

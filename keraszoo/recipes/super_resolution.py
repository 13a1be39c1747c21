"""Super-resolution autoencoders.

Dong et al., "Image Super-Resolution Using Deep Convolutional Networks" (2016), https://arxiv.org/abs/1501.00092.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="super_resolution/digits",
        title="scikit-learn's 8x8 digits from 4x4; offline",
        model="SuperResolutionAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"factor": 2, "hidden": (32,)},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=10,
        expected={"test/psnr": (19.7, 0.4)},
        minutes=0.2,
    ),
    Recipe(
        name="super_resolution/mnist",
        title="MNIST at 32x32 from 16x16",
        model="SuperResolutionAutoencoder",
        input_shape=(32, 32, 1),
        arguments={"factor": 2, "hidden": (32, 64)},
        dataset="mnist",
        transforms=(("pad", 32),),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=2,
        expected={"test/psnr": (30.2, 0.5)},
        minutes=3,
    ),
)

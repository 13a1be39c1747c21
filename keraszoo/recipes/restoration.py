"""Models that restore images."""

from .data import Data
from .recipe import Optimizer, Recipe

RECIPES = (
    # Denoising autoencoders.
    #
    # Vincent et al., "Stacked Denoising Autoencoders", JMLR 11 (2010).
    Recipe(
        name="denoising/digits",
        title="Gaussian noise of .3 removed from scikit-learn's 8x8 digits; offline",
        model="DenoisingAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"amount": 0.3, "hidden": (16, 32)},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=10,
        expected={"train/psnr": (17.0, 0.3), "test/psnr": (17.0, 0.3)},
        minutes=0.2,
    ),
    Recipe(
        name="denoising/mnist",
        title="Gaussian noise of .5 removed from MNIST at 32x32",
        model="DenoisingAutoencoder",
        input_shape=(32, 32, 1),
        arguments={"amount": 0.5, "hidden": (24, 48)},
        data=Data("mnist", transforms=(("pad", 32),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=2,
        expected={"test/psnr": (20.4, 0.3)},
        minutes=5,
    ),
    Recipe(
        name="denoising/cifar10",
        title="Gaussian noise of .1 removed from CIFAR-10",
        model="DenoisingAutoencoder",
        input_shape=(32, 32, 3),
        arguments={"amount": 0.1, "hidden": (24, 48)},
        data=Data("cifar10", transforms=(("flip",),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=64,
        epochs=3,
        expected={"test/psnr": (27.34, 0.3)},
        minutes=3,
    ),
    # Inpainting autoencoders.
    #
    # Pathak et al., "Context Encoders: Feature Learning by Inpainting" (2016), https://arxiv.org/abs/1604.07379.
    Recipe(
        name="inpainting/digits",
        title="Holes of 3x3 in scikit-learn's 8x8 digits; offline",
        model="InpaintingAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"hole": (3, 3), "hidden": (32, 64)},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=20,
        expected={"test/hole_squared_error": (0.044, 0.004)},
        minutes=0.2,
    ),
    Recipe(
        name="inpainting/mnist",
        title="Holes of 12x12 in MNIST at 32x32",
        model="InpaintingAutoencoder",
        input_shape=(32, 32, 1),
        arguments={"hole": (12, 12), "hidden": (24, 48, 96)},
        data=Data("mnist", transforms=(("pad", 32),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=5,
        expected={"test/hole_squared_error": (0.0396, 0.002)},
        minutes=7,
    ),
    # Colourisation autoencoders.
    #
    # Zhang, Isola and Efros, "Colorful Image Colorization" (2016), https://arxiv.org/abs/1603.08511.
    Recipe(
        name="colorization/photos",
        title="Patches of two photographs of scikit-learn in colour again; offline",
        model="ColorizationAutoencoder",
        input_shape=(32, 32, 3),
        arguments={"target": "mean", "stride": 1, "hidden": (16, 32)},
        data=Data("photos"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=10,
        expected={"test/psnr": (29.3, 0.7)},
        minutes=0.5,
    ),
    Recipe(
        name="colorization/cifar10",
        title="Colours of CIFAR-10 as classes, rebalanced, from the lightness",
        model="ColorizationAutoencoder",
        input_shape=(32, 32, 3),
        arguments={"hidden": (48, 96, 192)},
        data=Data("cifar10", transforms=(("flip",),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=64,
        epochs=3,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed
        expected={"test/cross_entropy": (893.0, 20.0), "test/chroma": (13.7, 1.5)},
        minutes=4,
    ),
    # Super-resolution autoencoders.
    #
    # Dong et al., "Image Super-Resolution Using Deep Convolutional Networks" (2016), https://arxiv.org/abs/1501.00092.
    Recipe(
        name="super_resolution/digits",
        title="scikit-learn's 8x8 digits from 4x4; offline",
        model="SuperResolutionAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"factor": 2, "hidden": (32,)},
        data=Data("digits"),
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
        data=Data("mnist", transforms=(("pad", 32),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=2,
        expected={"test/psnr": (30.2, 0.5)},
        minutes=3,
    ),
    Recipe(
        name="super_resolution/cifar10",
        title="CIFAR-10 at 32x32 from 16x16",
        model="SuperResolutionAutoencoder",
        input_shape=(32, 32, 3),
        arguments={"factor": 2, "hidden": (32, 64)},
        data=Data("cifar10", transforms=(("flip",),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=64,
        epochs=3,
        # one seed
        expected={"test/psnr": (27.59, 0.3)},
        minutes=2.4,
    ),
)

"""Generative adversarial networks."""

from .data import Data
from .recipe import Optimizer, Recipe


def adam(learning_rate):
    """As in the paper, but for the rate."""
    return Optimizer("adam", learning_rate, decay="cosine", arguments={"beta_1": 0.5})


#: of dense GANs of 8x8 digits. Without the penalty on the gradient (Mescheder et al., 2018) they lose classes.
DIGITS = {
    "latent_dim": 16,
    "hidden": (128, 128),
    "discriminator_hidden": (128, 128),
    "average": 0.99,
    "r1": 1.0,
}

RECIPES = (
    # Generative adversarial networks.
    #
    # Goodfellow et al., "Generative Adversarial Nets" (2014), https://arxiv.org/abs/1406.2661.
    Recipe(
        name="gan/digits",
        title="A small GAN on scikit-learn's 8x8 digits; offline",
        model="GAN",
        input_shape=(8, 8, 1),
        arguments=DIGITS,
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=80,
        expected={
            "samples/frechet_distance": (0.771, 0.71),
            "samples/recall": (0.954, 0.1),
            "samples/coverage": (0.748, 0.14),
            "samples/class_kl": (0.0238, 0.05),
        },
        minutes=0.6,
    ),
    Recipe(
        name="gan/gaussians25",
        title="The plain GAN on 25 Gaussians in the plane, which loses modes",
        model="GAN",
        input_shape=(2,),
        arguments={
            "latent_dim": 2,
            "hidden": (128, 128, 128),
            "discriminator_hidden": (128, 128, 128),
            "value_range": None,
        },
        data=Data("points/gaussians25"),
        optimizers={
            "optimizer": Optimizer("adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5}),
        },
        batch_size=256,
        epochs=41,
        expected={"samples/modes": (25.0, 4.0), "samples/high_quality": (0.95, 0.15)},
        minutes=1.5,
    ),
    # Deep convolutional GANs.
    #
    # Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
    # Networks" (2016), https://arxiv.org/abs/1511.06434.
    Recipe(
        name="dcgan/digits",
        title="Convolutions and batch normalisation on 8x8 digits; offline",
        model="DCGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (64, 32), "discriminator_hidden": (32, 64), "average": 0.99},
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.0005, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.0005, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=60,
        expected={
            "samples/frechet_distance": (0.712, 0.84),
            "samples/recall": (0.973, 0.061),
            "samples/coverage": (0.802, 0.18),
            "samples/class_kl": (0.0257, 0.059),
        },
        minutes=0.5,
    ),
    Recipe(
        name="dcgan/cifar10",
        title="Convolutions and batch normalisation on CIFAR-10",
        model="DCGAN",
        input_shape=(32, 32, 3),
        arguments={"latent_dim": 64, "hidden": (128, 64, 32), "discriminator_hidden": (32, 64, 128), "average": 0.999},
        data=Data("cifar10", transforms=(("flip",),)),
        optimizers={
            "optimizer": Optimizer("adam", 2e-4, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 2e-4, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=24,
        # two seeds, on 20,000 training images that JPEG of quality 75 has smoothed; 26 CPU minutes
        expected={
            "samples/frechet_distance": (3.75, 1.5),
            "samples/recall": (0.625, 0.12),
            "samples/coverage": (0.717, 0.1),
            "samples/class_kl": (0.0856, 0.1),
        },
        minutes=18.0,
    ),
    # Least squares GANs.
    #
    # Mao et al., "Least Squares Generative Adversarial Networks" (2017), https://arxiv.org/abs/1611.04076.
    Recipe(
        name="lsgan/digits",
        title="The least squares GAN on 8x8 digits; offline",
        model="LSGAN",
        input_shape=(8, 8, 1),
        arguments=DIGITS,
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=80,
        expected={
            "samples/frechet_distance": (0.657, 0.49),
            "samples/recall": (0.951, 0.11),
            "samples/coverage": (0.789, 0.13),
            "samples/class_kl": (0.0138, 0.054),
        },
        minutes=0.6,
    ),
    # GANs with spectral normalisation.
    #
    # Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks" (2018),
    # https://arxiv.org/abs/1802.05957.
    Recipe(
        name="sngan/digits",
        title="Spectral normalisation and the hinge loss on 8x8 digits; offline",
        model="SNGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (64, 32), "discriminator_hidden": (32, 64), "average": 0.99},
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.0005, arguments={"beta_1": 0.0, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer("adam", 0.0005, arguments={"beta_1": 0.0, "beta_2": 0.9}),
        },
        batch_size=64,
        epochs=60,
        expected={
            "samples/frechet_distance": (0.872, 1.4),
            "samples/recall": (0.963, 0.084),
            "samples/coverage": (0.857, 0.092),
            "samples/class_kl": (0.0223, 0.054),
        },
        minutes=0.3,
    ),
    Recipe(
        name="sngan/mnist",
        title="Spectral normalisation and the hinge loss on MNIST",
        model="SNGAN",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 64, "hidden": (64, 32), "discriminator_hidden": (32, 64), "average": 0.999},
        data=Data("mnist"),
        optimizers={
            "optimizer": Optimizer("adam", 4e-4, decay="cosine", arguments={"beta_1": 0.0, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer(
                "adam", 8e-4, decay="cosine", arguments={"beta_1": 0.0, "beta_2": 0.9}
            ),
        },
        batch_size=64,
        epochs=36,
        expected={"test/discriminator": (1.876, 0.05)},
        minutes=24.0,
    ),
    # Its residual networks, told the class by projection and by conditional batch normalisation: Miyato and Koyama,
    # "cGANs with Projection Discriminator" (2018), https://arxiv.org/abs/1802.05637.
    Recipe(
        name="sngan/digits_projection",
        title="Residual blocks, spectral normalisation and a projection of the class, on 8x8 digits; offline",
        model="ProjectionGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (32, 16), "discriminator_hidden": (16, 32), "average": 0.99},
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.0005, arguments={"beta_1": 0.0, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.0, "beta_2": 0.9}),
        },
        batch_size=64,
        epochs=60,
        expected={
            "samples/frechet_distance": (1.45, 2.8),
            "samples/recall": (0.484, 0.53),
            "samples/coverage": (0.829, 0.2),
            "samples/class_kl": (0.00276, 0.04),
        },
        minutes=2.0,
    ),
    Recipe(
        name="sngan/cifar10",
        title="Residual blocks, spectral normalisation and a projection of the class, on CIFAR-10",
        model="ProjectionGAN",
        input_shape=(32, 32, 3),
        arguments={
            "latent_dim": 64,
            "hidden": (64, 32, 16),
            "discriminator_hidden": (16, 32, 64, 64),
            "average": 0.999,
        },
        data=Data("cifar10", transforms=(("flip",),)),
        optimizers={
            "optimizer": Optimizer("adam", 2e-4, arguments={"beta_1": 0.0, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer("adam", 4e-4, arguments={"beta_1": 0.0, "beta_2": 0.9}),
        },
        batch_size=64,
        epochs=16,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed; 46 CPU minutes
        expected={
            "samples/frechet_distance": (1.51, 0.8),
            "samples/recall": (0.733, 0.12),
            "samples/coverage": (0.856, 0.1),
            "samples/class_kl": (0.0344, 0.06),
        },
        minutes=30.0,
    ),
    # Wasserstein GANs with clipped weights.
    #
    # Arjovsky, Chintala and Bottou, "Wasserstein GAN" (2017), https://arxiv.org/abs/1701.07875.
    Recipe(
        name="wgan/digits",
        title="The Wasserstein GAN on 8x8 digits; offline",
        model="WGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (128, 128), "discriminator_hidden": (128, 128), "clip": 0.03},
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("rmsprop", 0.0005),
            "discriminator_optimizer": Optimizer("rmsprop", 0.0005),
        },
        batch_size=64,
        epochs=150,
        expected={
            "samples/frechet_distance": (2.16, 3.3),
            "samples/recall": (0.945, 0.13),
            "samples/coverage": (0.544, 0.16),
            "samples/class_kl": (0.041, 0.16),
        },
        minutes=0.1,
    ),
    # Wasserstein GANs with gradient penalty.
    #
    # Gulrajani et al., "Improved Training of Wasserstein GANs" (2017), https://arxiv.org/abs/1704.00028.
    Recipe(
        name="wgan_gp/digits",
        title="The gradient penalty on 8x8 digits; offline",
        model="WGANGP",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (128, 128), "discriminator_hidden": (128, 128), "average": 0.99},
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5, "beta_2": 0.9}),
        },
        batch_size=64,
        epochs=150,
        expected={
            "samples/frechet_distance": (0.694, 0.7),
            "samples/recall": (0.972, 0.06),
            "samples/coverage": (0.659, 0.23),
            "samples/class_kl": (0.0251, 0.042),
        },
        minutes=0.4,
    ),
    Recipe(
        name="wgan_gp/gaussians25",
        title="All 25 Gaussians in the plane; offline",
        model="WGANGP",
        input_shape=(2,),
        arguments={
            "latent_dim": 2,
            "hidden": (128, 128, 128),
            "discriminator_hidden": (128, 128, 128),
            "value_range": None,
            "average": 0.999,
            "n_critic": 2,
            "gradient_penalty": 1.0,
        },
        data=Data("points/gaussians25"),
        optimizers={
            "optimizer": Optimizer("adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer(
                "adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5, "beta_2": 0.9}
            ),
        },
        batch_size=256,
        epochs=103,
        expected={
            "samples/modes": (25.0, 0.5),
            "samples/high_quality": (0.943, 0.05),
            "samples/mode_kl": (0.006, 0.04),
        },
        minutes=5.0,
    ),
    # Packed GANs.
    #
    # Lin, Khetan, Fanti and Oh, "PacGAN: The power of two samples in generative adversarial networks" (2018),
    # https://arxiv.org/abs/1712.04086.
    Recipe(
        name="pacgan/digits",
        title="A discriminator of pairs of 8x8 digits; offline",
        model="PacGAN",
        input_shape=(8, 8, 1),
        arguments=DIGITS,
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=80,
        expected={
            "samples/frechet_distance": (1.19, 1.3),
            "samples/recall": (0.932, 0.16),
            "samples/coverage": (0.581, 0.17),
            "samples/class_kl": (0.0351, 0.1),
        },
        minutes=0.7,
    ),
    Recipe(
        name="pacgan/gaussians25",
        title="All 25 Gaussians in the plane; offline",
        model="PacGAN",
        input_shape=(2,),
        arguments={
            "latent_dim": 2,
            "hidden": (128, 128, 128),
            "discriminator_hidden": (128, 128, 128),
            "value_range": None,
            "average": 0.999,
            "gradient_penalty": 0.1,
        },
        data=Data("points/gaussians25"),
        optimizers={
            "optimizer": Optimizer("adam", 1e-3, decay="cosine", arguments={"beta_1": 0.5, "beta_2": 0.9}),
            "discriminator_optimizer": Optimizer(
                "adam", 2e-3, decay="cosine", arguments={"beta_1": 0.5, "beta_2": 0.9}
            ),
        },
        batch_size=256,
        epochs=62,
        expected={
            "samples/modes": (25.0, 0.5),
            "samples/high_quality": (0.944, 0.05),
            "samples/mode_kl": (0.006, 0.04),
        },
        minutes=4.5,
    ),
    # Conditional GANs.
    #
    # Mirza and Osindero, "Conditional Generative Adversarial Nets" (2014), https://arxiv.org/abs/1411.1784.
    Recipe(
        name="conditional_gan/digits",
        title="8x8 digits of any class; offline",
        model="ConditionalGAN",
        input_shape=(8, 8, 1),
        arguments=DIGITS,
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=80,
        expected={
            "samples/frechet_distance": (0.877, 0.83),
            "samples/recall": (0.844, 0.25),
            "samples/coverage": (0.875, 0.08),
            "samples/class_kl": (0.0037, 0.04),
        },
        minutes=0.8,
    ),
    # Auxiliary-classifier GANs.
    #
    # Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary Classifier GANs" (2017),
    # https://arxiv.org/abs/1610.09585.
    Recipe(
        name="acgan/digits",
        title="8x8 digits of any class, which the discriminator names; offline",
        model="ACGAN",
        input_shape=(8, 8, 1),
        arguments=DIGITS,
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=80,
        expected={
            "samples/frechet_distance": (0.645, 0.3),
            "samples/recall": (0.677, 0.24),
            "samples/coverage": (0.881, 0.08),
            "samples/class_kl": (0.00227, 0.04),
        },
        minutes=0.8,
    ),
    # InfoGAN.
    #
    # Chen et al., "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial
    # Nets"
    # (2016), https://arxiv.org/abs/1606.03657.
    Recipe(
        name="infogan/digits",
        title="Codes that find the kinds of 8x8 digits without labels; offline",
        model="InfoGAN",
        input_shape=(8, 8, 1),
        arguments=DIGITS,
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 0.001, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=80,
        expected={
            "samples/frechet_distance": (1.3, 1.5),
            "samples/recall": (0.909, 0.16),
            "samples/coverage": (0.653, 0.18),
            "samples/class_kl": (0.0343, 0.088),
        },
        minutes=0.8,
    ),
    # CycleGAN.
    #
    # Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks" (2017),
    # https://arxiv.org/abs/1703.10593. The generators have SiLU where the paper has ReLU: at its kinks, rounding that
    # differs between devices becomes a difference in what is learned.
    Recipe(
        name="cyclegan/digits",
        title="Threes become eights and eights threes, on scikit-learn's 8x8 digits; offline",
        model="CycleGAN",
        input_shape=(2, 8, 8, 1),
        arguments={"hidden": (16, 32), "blocks": 1, "activation": "silu", "discriminator_hidden": (32,)},
        data=Data("digits", prepare=(("unpaired", 3, 8),)),
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
        data=Data("photos", prepare=(("unpaired", "china", "flower"),)),
        optimizers={"discriminator_optimizer": adam(1e-3), "optimizer": adam(1e-3)},
        batch_size=8,
        epochs=10,
        expected={"test/cycle": (6.1, 0.6)},
        minutes=2.8,
    ),
)

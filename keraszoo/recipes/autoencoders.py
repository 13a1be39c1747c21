"""Autoencoders."""

from .data import Data
from .recipe import Optimizer, Recipe

RECIPES = (
    # Autoencoders.
    #
    # Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks", Science 313 (2006).
    Recipe(
        name="autoencoder/digits",
        title="A dense autoencoder on scikit-learn's 8x8 digits; offline",
        model="Autoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,)},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (16.1, 0.3), "test/loss": (16.8, 0.3)},
        minutes=0.2,
    ),
    Recipe(
        name="autoencoder/mnist",
        title="A dense autoencoder on MNIST, 784-256-16",
        model="Autoencoder",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 16, "hidden": (256,)},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=128,
        epochs=15,
        expected={"train/loss": (70.9, 0.5), "test/loss": (71.3, 0.5)},
        minutes=0.8,
    ),
    Recipe(
        name="autoencoder/mnist_convolutional",
        title="A convolutional autoencoder on MNIST, trained by squared error",
        model="ConvolutionalAutoencoder",
        input_shape=(28, 28, 1),
        arguments={
            "latent_dim": 16,
            "hidden": (32, 64),
            "likelihood": "gaussian",
        },
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=5,
        expected={"train/loss": (724.0, 0.3), "test/loss": (724.0, 0.3)},
        minutes=3,
    ),
    # Sparse autoencoders.
    #
    # Ng, "Sparse autoencoder", CS294A lecture notes (2011).
    Recipe(
        name="sparse/digits",
        title="64 sigmoid units of which 5 % are active, on scikit-learn's digits; offline",
        model="SparseAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 64, "hidden": (), "penalty": "kl", "target": 0.05, "weight": 20.0},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"test/activation": (0.05, 0.01), "test/reconstruction": (25.1, 1.0)},
        minutes=0.2,
    ),
    Recipe(
        name="sparse/mnist",
        title="256 sigmoid units of which 5 % are active, on MNIST",
        model="SparseAutoencoder",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 256, "hidden": (), "penalty": "kl", "target": 0.05, "weight": 20.0},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=256,
        epochs=10,
        expected={"test/activation": (0.05, 0.01), "test/reconstruction": (109.0, 3.0)},
        minutes=0.7,
    ),
    # Contractive autoencoders.
    #
    # Rifai et al., "Contractive Auto-Encoders: Explicit Invariance During Feature Extraction", ICML 2011.
    Recipe(
        name="contractive/digits",
        title="The exact Jacobian penalty on scikit-learn's digits; offline",
        model="ContractiveAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 16, "hidden": (64,), "weight": 0.5},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=30,
        expected={"test/loss": (18.4, 0.5)},
        minutes=0.2,
    ),
    Recipe(
        name="contractive/mnist",
        title="The Jacobian penalty by one random direction a step, on MNIST",
        model="ContractiveAutoencoder",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 32, "hidden": (256,), "weight": 1.0, "probes": 1},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=128,
        epochs=5,
        expected={"test/loss": (89.3, 1.0)},
        minutes=1,
    ),
    # Semi-supervised autoencoders.
    #
    # Ranzato and Szummer, "Semi-supervised Learning of Compact Document Representations with Deep Networks", ICML 2008.
    Recipe(
        name="semi_supervised/digits",
        title="scikit-learn's digits with 50 labels; offline",
        model="SemiSupervisedAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"hidden": (128,), "weight": 10.0},
        data=Data("digits", prepare=(("few_labels", 50),)),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=64,
        epochs=20,
        expected={"test/accuracy": (0.81, 0.04)},
        minutes=0.2,
    ),
    Recipe(
        name="semi_supervised/mnist",
        title="MNIST with 100 labels",
        model="SemiSupervisedAutoencoder",
        input_shape=(28, 28, 1),
        arguments={"hidden": (512, 256), "weight": 30.0},
        data=Data("mnist", prepare=(("few_labels", 100),)),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=256,
        epochs=10,
        expected={"test/accuracy": (0.79, 0.03)},
        minutes=2,
    ),
    # Adversarial autoencoders.
    #
    # Makhzani et al., "Adversarial Autoencoders" (2015), https://arxiv.org/abs/1511.05644.
    Recipe(
        name="adversarial/digits",
        title="An adversarial autoencoder on scikit-learn's 8x8 digits; offline",
        model="AdversarialAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 4, "hidden": (128,), "discriminator_hidden": (64, 64)},
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 2e-3),
            "discriminator_optimizer": Optimizer("adam", 1e-3, arguments={"beta_1": 0.5}),
            "encoder_optimizer": Optimizer("adam", 1e-3, arguments={"beta_1": 0.5}),
        },
        batch_size=64,
        epochs=60,
        expected={
            "test/reconstruction": (19.3, 1.0),
            "test/discriminator": (0.68, 0.05),
            "samples/frechet_distance": (1.75, 1.0),
            "samples/recall": (0.783, 0.12),
            "samples/coverage": (0.849, 0.08),
            "samples/class_kl": (0.0348, 0.094),
            "codes/active_units": (4.0, 1.0),
        },
        minutes=0.2,
    ),
    Recipe(
        name="adversarial/mnist",
        title="An adversarial autoencoder on MNIST, 8 latent units",
        model="AdversarialAutoencoder",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 8, "hidden": (512, 256), "discriminator_hidden": (256, 256)},
        data=Data("mnist"),
        optimizers={
            "optimizer": Optimizer("adam", 1e-3, decay="cosine"),
            "discriminator_optimizer": Optimizer("adam", 2e-4, decay="cosine", arguments={"beta_1": 0.5}),
            "encoder_optimizer": Optimizer("adam", 5e-4, decay="cosine", arguments={"beta_1": 0.5}),
        },
        batch_size=128,
        epochs=10,
        expected={
            "test/reconstruction": (92.2, 3.1),
            "test/discriminator": (0.681, 0.028),
            "samples/frechet_distance": (1.75, 1.3),
            "samples/recall": (0.915, 0.06),
            "samples/coverage": (0.827, 0.12),
            "samples/class_kl": (0.016, 0.044),
        },
        minutes=1.5,
    ),
    # Wasserstein autoencoders.
    #
    # Tolstikhin, Bousquet, Gelly and Schoelkopf, "Wasserstein Auto-Encoders" (2018), https://arxiv.org/abs/1711.01558.
    Recipe(
        name="wasserstein/digits",
        title="Codes that follow N(0, I) as a whole, by their discrepancy, on scikit-learn's digits; offline",
        model="WassersteinAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "weight": 100.0},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={
            "test/reconstruction": (17.3, 0.4),
            "train/discrepancy": (0.09, 0.09),
            "samples/frechet_distance": (1.47, 0.94),
            "samples/recall": (0.922, 0.14),
            "samples/coverage": (0.642, 0.18),
            "samples/class_kl": (0.0279, 0.045),
            "codes/active_units": (8.0, 1.0),
        },
        minutes=0.2,
    ),
    # Regularised autoencoders.
    #
    # Ghosh et al., "From Variational to Deterministic Autoencoders" (2020), https://arxiv.org/abs/1903.12436.
    Recipe(
        name="regularized/digits",
        title="A smooth decoder, and a normal density of the codes, on scikit-learn's digits; offline",
        model="RegularizedAutoencoder",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "regularizer": "l2"},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={
            "test/reconstruction": (17.0, 0.4),
            "test/code": (0.255, 0.03),
            "samples/frechet_distance": (1.5, 1.0),
            "samples/recall": (0.942, 0.19),
            "samples/coverage": (0.62, 0.36),
            "samples/class_kl": (0.0218, 0.04),
            "codes/active_units": (8.0, 1.0),
        },
        minutes=0.2,
    ),
)

"""beta-VAEs.

Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework" (ICLR 2017).
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="beta_vae/digits",
        title="A beta-VAE (beta 2) on scikit-learn's 8x8 digits; offline",
        model="BetaVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "beta": 2.0},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (26.7, 0.3), "test/loss": (26.8, 0.3)},
        minutes=0.2,
    ),
    Recipe(
        name="beta_vae/digits_normalized",
        title="beta-VAE with a normalised beta (1/4, which is beta 2) on the digits; offline",
        model="BetaVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "beta": 0.25, "normalized": True},
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (26.7, 0.3), "test/loss": (26.8, 0.3)},
        minutes=0.2,
    ),
    Recipe(
        name="beta_vae/digits_warm_up",
        title="beta-VAE whose beta grows to 2 in the first half of the training, on the digits; offline",
        model="BetaVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "beta": {"schedule": "linear", "start": 0.0, "end": 2.0, "steps": 1350},
        },
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (26.7, 0.3), "test/loss": (26.8, 0.3)},
        minutes=0.2,
    ),
    Recipe(
        name="beta_vae/digits_cyclic",
        title="beta-VAE whose beta grows to 2 four times, on the digits; offline",
        model="BetaVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "beta": {"schedule": "cyclic", "start": 0.0, "end": 2.0, "period": 675, "rising": 0.5},
        },
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (26.7, 0.3), "test/loss": (26.8, 0.3)},
        minutes=0.2,
    ),
    Recipe(
        name="beta_vae/mnist",
        title="A beta-VAE (beta 4) on MNIST",
        model="BetaVAE",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 10, "hidden": (256,), "beta": 4.0},
        dataset="mnist",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=128,
        epochs=15,
        expected={"train/loss": (148.3, 0.6), "test/loss": (147.9, 0.6)},
        minutes=0.8,
    ),
)

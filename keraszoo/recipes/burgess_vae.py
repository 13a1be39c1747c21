"""beta-VAEs with a capacity.

Burgess et al., "Understanding disentangling in beta-VAE" (2018), https://arxiv.org/abs/1804.03599.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="burgess_vae/digits",
        title="A VAE whose code grows to 6 nats, on scikit-learn's 8x8 digits; offline",
        model="BurgessVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "capacity": {"schedule": "linear", "start": 0.0, "end": 6.0, "steps": 2000},
            "gamma": 10.0,
        },
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (21.4, 0.6), "test/loss": (21.7, 0.6), "test/kl": (6.0, 0.3)},
        minutes=0.2,
    ),
)

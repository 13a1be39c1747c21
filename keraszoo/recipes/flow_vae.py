"""VAEs with normalizing flows.

Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770; Kingma et
al., "Improved Variational Inference with Inverse Autoregressive Flow" (2016), https://arxiv.org/abs/1606.04934.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="flow_vae/digits",
        title="Inverse autoregressive posterior, RealNVP prior, 8x8 digits; offline",
        model="FlowVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "posterior": "iaf",
            "posterior_transforms": 2,
            "prior": "realnvp",
            "prior_transforms": 4,
        },
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"test/loss": (24.15, 0.3)},
        minutes=0.6,
    ),
)

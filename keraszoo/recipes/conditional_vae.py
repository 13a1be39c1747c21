"""Conditional VAEs.

Sohn, Lee and Yan, "Learning Structured Output Representation using Deep Conditional Generative Models" (2015).
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="conditional_vae/digits",
        title="8x8 digits of any class, in any style; offline",
        model="ConditionalVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "likelihood": {"name": "discretized_logistic", "levels": 17},
        },
        dataset="digits",
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        with_labels=True,
        batch_size=32,
        epochs=60,
        expected={"train/loss": (78.5, 1.0), "test/loss": (85.5, 1.0)},
        minutes=0.2,
    ),
)

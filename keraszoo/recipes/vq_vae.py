"""VQ-VAEs with a PixelCNN as prior.

Van den Oord, Vinyals and Kavukcuoglu, "Neural Discrete Representation Learning" (2017),
https://arxiv.org/abs/1711.00937.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="vq_vae/digits",
        title="A VQ-VAE of 2x2 codes out of 32 on scikit-learn's 8x8 digits; offline",
        model="VQVAE",
        input_shape=(8, 8, 1),
        arguments={
            "codes": 32,
            "code_dim": 8,
            "hidden": (16, 32),
            "residual_blocks": 1,
            "prior_filters": 32,
        },
        dataset="digits",
        optimizers={
            "optimizer": Optimizer("adam", 3e-3, decay="cosine"),
            "prior_optimizer": Optimizer("adam", 3e-3, decay="cosine"),
        },
        batch_size=64,
        epochs=40,
        expected={"test/reconstruction": (18.1, 0.4), "test/prior": (12.5, 0.3)},
        minutes=0.3,
    ),
    Recipe(
        name="vq_vae/mnist",
        title="A VQ-VAE of 7x7 codes out of 128 on MNIST",
        model="VQVAE",
        input_shape=(28, 28, 1),
        arguments={"codes": 128, "code_dim": 16, "hidden": (32, 64), "residual_blocks": 1, "prior_filters": 32},
        dataset="mnist",
        optimizers={
            "optimizer": Optimizer("adam", 2e-3, decay="cosine"),
            "prior_optimizer": Optimizer("adam", 2e-3, decay="cosine"),
        },
        batch_size=128,
        epochs=5,
        expected={"test/reconstruction": (53.7, 1.0), "test/prior": (125.8, 2.5)},
        minutes=16,
    ),
)

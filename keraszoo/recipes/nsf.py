"""Neural spline flows.

Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows" (2019), https://arxiv.org/abs/1906.04032.
"""

from .recipe import Optimizer, Recipe

RECIPES = (
    Recipe(
        name="nsf/moons",
        title="Coupling splines on two moons; offline",
        model="NSF",
        input_shape=(2,),
        arguments={"form": "coupling", "transforms": 3, "bins": 8, "hidden": (64, 64)},
        dataset="points/moons",
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.318, 0.03)},
        minutes=0.6,
    ),
)

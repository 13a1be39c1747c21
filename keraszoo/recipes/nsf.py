"""Neural spline flows.

Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows" (2019), https://arxiv.org/abs/1906.04032.
"""

from .recipe import Optimizer, Recipe


def _autoregressive(name, title, dataset, nll, minutes):
    return Recipe(
        name=name,
        title=title,
        model="NSF",
        input_shape=(2,),
        arguments={"transforms": 5, "bins": 8, "hidden": (64, 64)},
        dataset=dataset,
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (nll, 0.03)},
        minutes=minutes,
    )


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
    _autoregressive(
        "nsf/gaussians8", "Autoregressive splines on 8 Gaussians; offline", "points/gaussians8_broad", 2.852, 0.5
    ),
    _autoregressive(
        "nsf/checkerboard", "Autoregressive splines on a checkerboard; offline", "points/checkerboard", 3.55, 0.5
    ),
    _autoregressive(
        "nsf/two_spirals", "Autoregressive splines on two spirals; offline", "points/two_spirals", 2.705, 0.5
    ),
)

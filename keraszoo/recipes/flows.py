"""Normalizing flows."""

from .data import Data
from .recipe import Optimizer, Recipe


def _autoregressive(name, title, dataset, nll, minutes):
    return Recipe(
        name=name,
        title=title,
        model="NSF",
        input_shape=(2,),
        arguments={"transforms": 5, "bins": 8, "hidden": (64, 64)},
        data=Data(dataset),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (nll, 0.03)},
        minutes=minutes,
    )


def _flow_matching(points, path, title, nll):
    return Recipe(
        name=f"continuous_flow/{points}_flow_matching",
        title=title,
        model="ContinuousFlow",
        input_shape=(2,),
        arguments={
            "objective": "flow_matching", "path": path, "hidden": (64, 64, 64), "activation": "lipswish",
            "standardize": True,
        },
        data=Data(f"points/{points}"),
        optimizers={"optimizer": Optimizer("adam", 2e-2, decay="cosine")},
        batch_size=512,
        epochs=40,
        expected={"test/negative_log_likelihood": (nll, 0.03)},
        minutes=0.5,
    )  # fmt: skip


RECIPES = (
    # RealNVP.
    #
    # Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP" (2017), https://arxiv.org/abs/1605.08803.
    Recipe(
        name="realnvp/moons",
        title="Affine couplings on two moons; offline",
        model="RealNVP",
        input_shape=(2,),
        arguments={"transforms": 8, "hidden": (64, 64)},
        data=Data("points/moons"),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.336, 0.03)},
        minutes=1.0,
    ),
    # Masked autoregressive flows.
    #
    # Papamakarios, Pavlakou and Murray, "Masked Autoregressive Flow for Density Estimation" (2017),
    # https://arxiv.org/abs/1705.07057.
    Recipe(
        name="maf/moons",
        title="Autoregressive affine steps on two moons; offline",
        model="MAF",
        input_shape=(2,),
        arguments={"transforms": 10, "hidden": (64, 64)},
        data=Data("points/moons"),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.338, 0.03)},
        minutes=0.6,
    ),
    # Inverse autoregressive flows.
    #
    # Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (2016),
    # https://arxiv.org/abs/1606.04934.
    Recipe(
        name="iaf/moons",
        title="MAF the other way round, on two moons; offline",
        model="IAF",
        input_shape=(2,),
        arguments={"transforms": 5, "hidden": (64, 64)},
        data=Data("points/moons"),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.359, 0.03)},
        minutes=0.5,
    ),
    # Neural spline flows.
    #
    # Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows" (2019), https://arxiv.org/abs/1906.04032.
    Recipe(
        name="nsf/moons",
        title="Coupling splines on two moons; offline",
        model="NSF",
        input_shape=(2,),
        arguments={"form": "coupling", "transforms": 3, "bins": 8, "hidden": (64, 64)},
        data=Data("points/moons"),
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
    # Glow.
    #
    # Kingma and Dhariwal, "Glow: Generative Flow with Invertible 1x1 Convolutions" (2018),
    # https://arxiv.org/abs/1807.03039.
    Recipe(
        name="glow/digits",
        title="Convolutional affine couplings at two scales on 8x8 digits; offline",
        model="Glow",
        input_shape=(8, 8, 1),
        arguments={"scales": 2, "steps": 2, "filters": 32, "levels": 17, "logit": 0.01},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={
            "test/bits_per_dimension": (2.19, 0.06),
            "samples/frechet_distance": (2.26, 0.92),
            "samples/recall": (0.94, 0.11),
            "samples/coverage": (0.597, 0.1),
            "samples/class_kl": (0.0291, 0.073),
        },
        minutes=0.5,
    ),
    Recipe(
        name="glow/mnist",
        title="Glow at two scales on MNIST, in logit space",
        model="Glow",
        input_shape=(28, 28, 1),
        arguments={"scales": 2, "steps": 8, "filters": 64, "levels": 256, "logit": 1e-6},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=128,
        epochs=6,
        expected={"test/logit_nll": (968.6, 20.0), "test/bits_per_dimension": (1.281, 0.03)},
        minutes=25.0,
    ),
    Recipe(
        name="glow/cifar10",
        title="Glow at three scales on CIFAR-10, in bits per dimension",
        model="Glow",
        input_shape=(32, 32, 3),
        arguments={"scales": 3, "steps": 6, "filters": 64, "levels": 256},
        data=Data("cifar10"),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=32,
        epochs=6,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed; 19 CPU minutes
        expected={"test/bits_per_dimension": (3.35, 0.06)},
        minutes=12,
    ),
    # Planar flows.
    #
    # Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770.
    Recipe(
        name="planar_flow/moons",
        title="Many planar steps on two moons; offline",
        model="PlanarFlow",
        input_shape=(2,),
        arguments={"transforms": 32},
        data=Data("points/moons"),
        optimizers={"optimizer": Optimizer("adam", 5e-3, decay="cosine")},
        batch_size=512,
        epochs=8,
        expected={"test/negative_log_likelihood": (0.411, 0.03)},
        minutes=0.8,
    ),
    # Continuous flows.
    #
    # Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, "FFJORD" (2019), https://arxiv.org/abs/1810.01367.
    Recipe(
        name="continuous_flow/moons",
        title="A differential equation on two moons; offline",
        model="ContinuousFlow",
        input_shape=(2,),
        arguments={"hidden": (64, 64), "steps": 8},
        data=Data("points/moons"),
        optimizers={"optimizer": Optimizer("adam", 5e-3, decay="cosine")},
        batch_size=512,
        epochs=5,
        expected={"test/negative_log_likelihood": (0.366, 0.03)},
        minutes=1.0,
    ),
    # Flow matching.
    #
    # Lipman, Chen, Ben-Hamu, Nickel and Le, "Flow Matching for Generative Modeling" (2023),
    # https://arxiv.org/abs/2210.02747.
    _flow_matching("moons", "optimal_transport", "Straight paths to two moons; offline", 0.314),
    _flow_matching("checkerboard", "variance_preserving", "Circular paths to a checkerboard; offline", 3.671),
    # Residual flows.
    #
    # Chen, Behrmann, Duvenaud and Jacobsen, "Residual Flows for Invertible Generative Modeling" (2019),
    # https://arxiv.org/abs/1906.02735.
    Recipe(
        name="residual_flow/moons",
        title="Residual blocks of bounded steepness on two moons; offline",
        model="ResidualFlow",
        input_shape=(2,),
        arguments={"transforms": 8, "hidden": (64, 64)},
        data=Data("points/moons"),
        optimizers={"optimizer": Optimizer("adam", 5e-3, decay="cosine")},
        batch_size=512,
        epochs=5,
        expected={"test/negative_log_likelihood": (0.309, 0.03)},
        minutes=1.0,
    ),
)

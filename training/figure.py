"""Figures of densities and of what they learn from data: the whole of `keraszoo figure`."""

import keras
import numpy as np

from keraszoo.analysis.figures import histogram_figure, kernels_figure, mixture_figure, samples_figure
from keraszoo.core.errors import InputError, closest
from keraszoo.data import load
from keraszoo.data.datasets.points import known_density
from keraszoo.models import GaussianMixture, Histogram, KernelDensity

from .image_files import check_png, write_figure

ITERATIONS = 100  # of EM, at most, before samples are drawn
DENSITIES = {"histogram": Histogram, "kernels": KernelDensity, "mixture": GaussianMixture}


def histogram(out, dataset="points/two_bumps", *, count=200, bins=12, seed=0, data_dir=None):
    """Writes a histogram of some examples, its bins at several places.

    Args:
        out: PNG to write; a file that is there is replaced.
        dataset: as `keraszoo.data.load` takes it, with one feature.
        count: how many examples at most, >= 2: that many rows drawn by the seed.
        bins: between the lowest and the highest of them.
        seed: integer; the same seed gives the same figure.
        data_dir: where tensorflow-datasets keeps its data.

    Raises:
        InputError: unknown data or data with other features, impossible numbers, a file that cannot be written.
    """
    check_png(out)
    _check_integers(bins=(bins, 1))
    x = _examples(dataset, 1, count, seed, data_dir)
    write_figure(out, histogram_figure(x, bins, true=_log_density(dataset)))


def kernels(
    out, dataset="points/two_bumps", *, count=40, bandwidth="likelihood", kernel="gaussian", seed=0, data_dir=None
):
    """Writes each example's kernel and their sum, of a rule's bandwidth, half and double.

    Args:
        out, dataset, count, seed, data_dir: as for `histogram`.
        bandwidth: a number > 0 or a rule, as `KernelDensity` takes it.
        kernel: as `KernelDensity` takes it.

    Raises:
        InputError: as for `histogram`, and an unknown rule or kernel.
    """
    check_png(out)
    x = _examples(dataset, 1, count, seed, data_dir)
    write_figure(out, kernels_figure(x, bandwidth, kernel=kernel, true=_log_density(dataset)))


def mixture(
    out, dataset="points/two_clouds", *, count=500, components=2, iterations=(0, 1, 2, 5, 20), seed=0, data_dir=None
):
    """Writes a mixture of Gaussians after some iterations of EM.

    Args:
        out, count, seed, data_dir: as for `histogram`; the seed also chooses the examples that are the first means.
        dataset: as `keraszoo.data.load` takes it, with two features.
        components: number of Gaussians, from 1 to 5.
        iterations: rising integers >= 0.

    Raises:
        InputError: as for `histogram`.
    """
    check_png(out)
    x = _examples(dataset, 2, count, seed, data_dir)
    write_figure(out, mixture_figure(x, components, iterations, seed))


def samples(out, dataset="points/two_clouds", *, count=1000, density="mixture", components=2, seed=0, data_dir=None):
    """Writes examples beside samples of a density that is fitted to them.

    Args:
        out, count, seed, data_dir: as for `histogram`.
        dataset: as `keraszoo.data.load` takes it, with two features.
        density: "histogram", "kernels" or "mixture".
        components: of the mixture.

    Raises:
        InputError: as for `histogram`, and an unknown density.
    """
    check_png(out)
    if density not in DENSITIES:
        raise InputError(f"Unknown density. Received: {density!r}. {closest(density, DENSITIES)}")
    x = _examples(dataset, 2, count, seed, data_dir)
    options = {"components": components} if density == "mixture" else {}
    if density == "kernels":
        options = {"bandwidth": "likelihood", "examples": len(x)}
    model = DENSITIES[density]((2,), **options)
    model.compile()
    epochs = ITERATIONS if density == "mixture" else 1
    stop = keras.callbacks.EarlyStopping("loss", min_delta=1e-4, patience=1)
    model.fit(x, epochs=epochs, callbacks=[stop], verbose=0)
    write_figure(out, samples_figure(x, model, density, seed))


def _examples(dataset, size, count, seed, data_dir):
    """Rows [count, size] of the training split, drawn by the seed."""
    _check_integers(count=(count, 2), seed=(seed, 0))
    source = load(dataset, data_dir=data_dir)
    if source.shapes[source.input] != (size,):
        nearest = {1: "points/two_bumps", 2: "points/two_clouds"}[size]
        raise InputError(
            f"This figure is of examples with {size} feature{'s' * (size > 1)}. Received: {dataset}, of shape "
            f"{source.shapes[source.input]}. Nearest: {nearest}."
        )
    x = source.array("train" if "train" in source.sizes else next(iter(source.sizes)))
    return x[np.sort(np.random.default_rng(seed).choice(len(x), min(count, len(x)), replace=False))]


def _check_integers(**bounds):
    for name, (value, least) in bounds.items():
        if not isinstance(value, int) or value < least:
            raise InputError(f"{name} must be an integer >= {least}. Received: {value!r}.")


def _log_density(dataset):
    known = known_density(dataset)
    return None if known is None else known.log_prob

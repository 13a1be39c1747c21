"""Figures of densities without a network: what their settings do, and what they learn.

matplotlib is imported when a figure is drawn. The densities are models of `keraszoo.models`.
"""

import numpy as np

from ..core.errors import InputError
from ..models.density.gaussian_mixture import GaussianMixture
from ..models.density.histogram import Histogram
from ..models.density.kernel_density import KernelDensity

SIDE = 160  # places along each side of the plane where a density is computed
LEVELS = 10  # contours of -log p
DEEPEST = 8.0  # nats above the least -log p that contours reach
PALETTE = np.array([[0.85, 0.33, 0.1], [0.0, 0.42, 0.7], [0.2, 0.6, 0.25], [0.5, 0.3, 0.65], [0.75, 0.6, 0.0]])
TRUE = {"color": "black", "linestyle": "--", "linewidth": 1.2}  # lines of the density that the data are of


def histogram_figure(x, bins=12, shifts=(0.0, 0.25, 0.5, 0.75), true=None):
    """The histogram of the same examples, of equal bins that begin at several places.

    Args:
        x: [n, 1].
        bins: number of bins between the lowest and the highest example; one more covers what a shift leaves.
        shifts: of the first edge below the lowest example, in widths of a bin, from 0 to 1.
        true: function [m, 1] -> [m], the log density of the data, drawn beside; or None.

    Returns:
        `matplotlib.figure.Figure`.
    """
    x = _examples(x, 1)
    figure, panels = _panels(len(shifts), columns=2, width=4.6, height=2.6)
    places = _places(x)
    for panel, shift in zip(panels, shifts, strict=True):
        edges = shifted_edges(x, bins, shift)
        heights = bin_heights(x, edges)
        panel.stairs(heights, edges, fill=True, color="#9ecae1", edgecolor="#3182bd", linewidth=0.8)
        _rug(panel, x)
        _line(panel, places, true)
        panel.set_title(f"edges moved by {shift:g} of a bin", fontsize=10)
    return _finished(figure, panels, "x", "density", legend=true is not None)


def shifted_edges(x, bins, shift):
    """The edges of equal bins that cover the examples [n, 1], the first `shift` bins below the lowest: [bins + 2].

    Example:
        >>> shifted_edges(np.array([[0.0], [4.0]]), bins=2, shift=0.5)
        array([-1.,  1.,  3.,  5.])
    """
    low, high = float(np.min(x)), float(np.max(x))
    width = (high - low) / bins if high > low else 1.0
    return low + width * (np.arange(bins + 2) - shift)


def bin_heights(x, edges):
    """The density of a `Histogram` of the examples [n, 1] in each bin: [bins]."""
    model = Histogram((1,), edges=[edges], dtype="float64")
    model.adapt(x)
    return np.exp(model.log_prob(0.5 * (edges[1:] + edges[:-1])[:, None]))


def kernels_figure(x, bandwidth="likelihood", factors=(0.5, 1.0, 2.0), kernel="gaussian", true=None):
    """Each example's kernel, and their sum, with a rule's bandwidth and multiples of it.

    Args:
        x: [n, 1].
        bandwidth, kernel: of `KernelDensity`.
        factors: of the bandwidth.
        true: function [m, 1] -> [m], the log density of the data, drawn beside; or None.

    Returns:
        `matplotlib.figure.Figure`.
    """
    x = _examples(x, 1)
    chosen = _kernels(x, bandwidth, kernel)
    width = float(chosen.scale_tril.numpy()[0, 0])
    places = _places(x, 3.0 * max(factors) * width)
    figure, panels = _panels(len(factors), columns=1, width=7.0, height=2.3)
    for panel, factor in zip(panels, factors, strict=True):
        model = _kernels(x, factor * width, kernel)
        panel.plot(places, kernel_curves(model, places).T, color="#3182bd", linewidth=0.6, alpha=0.7)
        panel.plot(places, np.exp(model.log_prob(places[:, None])), color="#d95f0e", linewidth=2.2, label="their sum")
        _rug(panel, x)
        _line(panel, places, true)
        rule = f"{factor:g} x {bandwidth}, " if isinstance(bandwidth, str) else ""
        panel.set_title(f"{rule}bandwidth {factor * width:.3g}", fontsize=10)
    return _finished(figure, panels, "x", "density", legend=True)


def kernel_curves(model, places):
    """What each example adds to the density of a `KernelDensity` of one feature: places [m] -> [n, m]."""
    width, points = float(model.scale_tril.numpy()[0, 0]), model.points.numpy()[:, 0] + float(model.center.numpy()[0])
    squares = np.square((np.asarray(places, "float64") - points[:, None]) / width)
    logs = np.asarray(model.kernel.log_profile(squares)) + model.log_weights.numpy()[:, None]
    return np.exp(logs + model.kernel.log_constant(1)) / width


def _kernels(x, bandwidth, kernel):
    model = KernelDensity((1,), bandwidth=bandwidth, kernel=kernel, examples=len(x), dtype="float64")
    model.adapt(x)
    return model


def mixture_figure(x, components=2, iterations=(0, 1, 2, 5, 20), seed=0):
    """EM: the Gaussians after some iterations, the examples in the colours of their responsibilities, and -log p.

    It starts from examples as means and the covariance of all, so that there is something to see.

    Args:
        x: [n, 2].
        components: from 1 to 5.
        iterations: rising integers >= 0.
        seed: of the examples that are the first means.

    Returns:
        `matplotlib.figure.Figure`: a panel for each of the iterations, and one of the last -log p.
    """
    x = _examples(x, 2)
    if not 1 <= components <= len(PALETTE):
        raise InputError(f"A figure has colours for 1 to {len(PALETTE)} components. Received: {components}.")
    rising = list(iterations) == sorted(set(iterations)) and min(iterations, default=-1) >= 0
    if not rising or not all(isinstance(each, int) for each in iterations):
        raise InputError(f"iterations are rising integers >= 0. Received: {list(iterations)}.")
    figure, panels = _panels(len(iterations) + 1, columns=2 if len(iterations) < 4 else 3, width=3.6, height=3.4)
    model, done = _started(x, components, seed), 0
    for panel, wanted in zip(panels, iterations, strict=False):
        if wanted > done:
            model.fit(x, epochs=wanted - done, shuffle=False, verbose=0)  # an epoch is an iteration
            done = wanted
        shares = np.asarray(model.responsibilities(x))
        panel.scatter(*x.T, s=7, c=np.clip(shares @ PALETTE[:components], 0.0, 1.0), linewidths=0, alpha=0.7)
        for mean, covariance, colour in zip(model.means.numpy(), model.covariances().numpy(), PALETTE, strict=False):
            for distance in (1.0, 2.0):
                panel.plot(*ellipse(mean, covariance, distance).T, color=colour, linewidth=1.6)
            panel.plot(*mean, "+", color="black", markersize=8)
        plural = "" if wanted == 1 else "s"
        panel.set_title(f"{wanted} iteration{plural}: log L = {np.sum(model.log_prob(x)):.1f}", fontsize=10)
    _bar(figure, panels[-1], _contours(panels[-1], model, np.stack([panels[0].get_xlim(), panels[0].get_ylim()], 1)))
    panels[-1].set_title(f"{done} iterations: -log p", fontsize=10)
    return _finished(figure, panels, "x0", "x1")


def _started(x, components, seed):
    """A mixture with examples as means."""
    if len(x) < components:
        raise InputError(f"A mixture has no more components than examples. Received: {components}, {len(x)} examples.")
    model = GaussianMixture((2,), components, dtype="float64")
    means = x[np.random.default_rng(seed).choice(len(x), components, replace=False)]
    covariance = np.cov(x.T, bias=True) + 1e-6 * np.eye(2)
    model.assign(np.ones(components), means, covariance)
    model.compile()
    return model


def ellipse(mean, covariance, distance, count=100):
    """The places of the plane that are so many standard deviations from the mean of a Gaussian: [count, 2].

    Args:
        mean: [2].
        covariance: [2, 2].
        distance: Mahalanobis', > 0; within it is the share 1 - exp(-distance^2 / 2).
        count: of places, the first again at the end.

    Example:
        >>> ellipse([1.0, 0.0], [[4.0, 0.0], [0.0, 1.0]], distance=1.0, count=5).round(6) + 0.0
        array([[ 3.,  0.],
               [ 1.,  1.],
               [-1.,  0.],
               [ 1., -1.],
               [ 3.,  0.]])
    """
    angles = np.linspace(0.0, 2.0 * np.pi, count)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(mean) + distance * circle @ np.linalg.cholesky(covariance).T


def samples_figure(x, model, name, seed=0):
    """Examples beside as many samples of a density that was fitted to them, each over its -log p.

    Args:
        x: [n, 2].
        model: with `log_prob` and `sample`.
        name: of the model, for the title.
        seed: of the samples.

    Returns:
        `matplotlib.figure.Figure`.
    """
    x = _examples(x, 2)
    figure, panels = _panels(2, columns=2, width=4.4, height=4.2)
    samples = np.asarray(model.sample(len(x), seed=seed))
    both = np.concatenate([x, samples])
    low, high = both.min(axis=0), both.max(axis=0)
    margin = 0.08 * (high - low) + 1e-6
    titles = (f"{len(x)} examples", f"{len(x)} samples of the {name}")
    for panel, points, title in zip(panels, (x, samples), titles, strict=True):
        drawn = _contours(panel, model, np.stack([low - margin, high + margin]))
        panel.scatter(*points.T, s=6, color="#d95f0e", linewidths=0, alpha=0.8)
        panel.set_title(title, fontsize=10)
    _bar(figure, panels[-1], drawn)
    return _finished(figure, panels, "x0", "x1")


def _contours(panel, model, corners):
    """Contours of -log p between the corners (lowest, highest) of the plane; darker is more probable."""
    x, y = np.linspace(*corners, SIDE).T
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype("float32")
    values = -np.asarray(model.log_prob(grid), "float64").reshape(SIDE, SIDE)
    levels = values.min() + np.linspace(0.0, DEEPEST, LEVELS + 1)
    values = np.minimum(values, values.min() + 10 * DEEPEST)  # the density may be 0
    panel.contour(x, y, values, levels=levels, colors="white", linewidths=0.4)
    return panel.contourf(x, y, values, levels=levels, cmap="Blues_r", extend="max", zorder=-1)


def _bar(figure, panel, contours):
    bar = figure.colorbar(contours, ax=panel, format="%.1f")
    bar.set_label("-log p (nats)", fontsize=9)
    bar.ax.tick_params(labelsize=8)


# ---------------------------------------------------------------------- what figures have in common


def _examples(x, size):
    x = np.asarray(x, "float64")
    if x.ndim != 2 or x.shape[1] != size or len(x) < 2 or not np.isfinite(x).all():
        raise InputError(
            f"This figure is of two or more finite examples with {size} feature{'s' * (size > 1)}. "
            f"Received: shape {x.shape}."
        )
    return x


def _panels(count, columns, width, height):
    """A figure without the state of pyplot, and its panels, which share their axes; sizes in inches."""
    from matplotlib.figure import Figure

    rows = -(-count // columns)
    figure = Figure((width * columns, height * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
    for panel in panels[count:]:
        panel.remove()
    return figure, panels[:count]


def _places(x, margin=0.0):
    space = max(margin, 0.15 * float(np.ptp(x)))
    return np.linspace(x.min() - space, x.max() + space, 600)


def _line(panel, places, true):
    if true is not None:
        panel.plot(places, np.exp(true(places[:, None])), label="true density", **TRUE)


def _rug(panel, x):
    """A mark below the axis for each example."""
    panel.plot(x[:, 0], np.zeros(len(x)), "|", color="black", markersize=9, alpha=0.5, clip_on=False)


def _finished(figure, panels, across, upwards, legend=False):
    columns = panels[0].get_subplotspec().get_gridspec().ncols
    for number, panel in enumerate(panels):
        panel.tick_params(labelsize=8, labelbottom=number >= len(panels) - columns)
        if number >= len(panels) - columns:  # nothing below
            panel.set_xlabel(across, fontsize=9)
        if number % columns == 0:
            panel.set_ylabel(upwards, fontsize=9)
    if legend:
        panels[0].legend(fontsize=8, frameon=False)
    return figure

"""Figures of densities: what is drawn is what the models say, and the command writes it or refuses in a line."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from scipy import stats

from keraszoo.__main__ import main
from keraszoo.analysis.figures import (
    PALETTE,
    bin_heights,
    ellipse,
    histogram_figure,
    kernel_curves,
    kernels_figure,
    mixture_figure,
    samples_figure,
    shifted_edges,
)
from keraszoo.core.errors import InputError
from keraszoo.data.datasets.points import distribution
from keraszoo.models import GaussianMixture, KernelDensity


def bumps(count=60):
    return distribution("two_bumps").sample(count, np.random.RandomState(0))[0]


def clouds(count=300):
    return distribution("two_clouds").sample(count, np.random.RandomState(0))[0]


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 0.9])
def test_moved_bins_are_as_wide_hold_all_and_integrate_to_one(shift):
    x = bumps()
    edges, still = shifted_edges(x, 7, shift), shifted_edges(x, 7, 0.0)
    width = np.ptp(x) / 7
    np.testing.assert_allclose(np.diff(edges), width)
    np.testing.assert_allclose(still - edges, shift * width)
    heights = bin_heights(x, edges)
    assert heights @ np.diff(edges) == pytest.approx(1.0, abs=1e-9)
    np.testing.assert_allclose(heights, np.histogram(x, edges, density=True)[0], rtol=1e-9)


def test_a_panel_for_each_place_of_the_edges_and_the_true_density_in_all():
    true = distribution("two_bumps").log_prob
    figure = histogram_figure(bumps(), 9, (0.0, 0.5, 0.75), true)
    assert len(figure.axes) == 3
    for panel, shift in zip(figure.axes, (0.0, 0.5, 0.75), strict=True):
        (steps,) = panel.patches
        np.testing.assert_allclose(steps.get_data().edges, shifted_edges(bumps(), 9, shift))
        (line,) = (line for line in panel.lines if line.get_label() == "true density")
        np.testing.assert_allclose(line.get_ydata(), np.exp(true(line.get_xdata()[:, None])))
    (panel, *_) = histogram_figure(bumps(), 9).axes
    assert panel.get_legend() is None and "true density" not in {line.get_label() for line in panel.lines}


@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "exponential"])
def test_kernels_add_up_to_the_density(kernel):
    x, places = bumps(), np.linspace(-5.0, 6.0, 301)
    model = KernelDensity((1,), bandwidth=0.37, kernel=kernel, examples=len(x), dtype="float64")
    model.adapt(x)
    curves = kernel_curves(model, places)
    assert curves.shape == (60, 301)
    np.testing.assert_allclose(curves.sum(axis=0), np.exp(model.log_prob(places[:, None])), atol=1e-9)
    np.testing.assert_allclose(places[curves.argmax(axis=1)], x[:, 0], atol=0.02)


def test_lines_of_the_kernels_add_up_to_the_thick_one_at_each_bandwidth():
    x = bumps(20)
    figure = kernels_figure(x, 0.4, true=distribution("two_bumps").log_prob)
    assert len(figure.axes) == 3
    peaks = []
    for panel in figure.axes:
        by_label = {line.get_label(): line for line in panel.lines}
        total, marks = by_label["their sum"].get_ydata(), [line for line in panel.lines if line.get_marker() == "|"]
        thin = [line.get_ydata() for line in panel.lines if line.get_linewidth() < 1.0]
        assert len(thin) == 20
        np.testing.assert_allclose(np.sum(thin, axis=0), total, atol=1e-5)
        np.testing.assert_allclose(marks[0].get_xdata(), x[:, 0])
        assert np.trapezoid(total, by_label["their sum"].get_xdata()) == pytest.approx(1.0, abs=1e-3)
        peaks.append(np.max(thin))
    np.testing.assert_allclose(peaks, np.array([2.0, 1.0, 0.5]) * stats.norm.pdf(0) / 0.4 / 20, rtol=1e-3)


@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0])
def test_an_ellipse_is_as_far_from_the_mean_everywhere_and_holds_its_share(distance):
    mean, covariance = np.array([1.0, -2.0]), np.array([[2.0, 0.9], [0.9, 0.7]])
    places = ellipse(mean, covariance, distance, 400)
    away = places - mean
    squares = np.einsum("na,ab,nb->n", away, np.linalg.inv(covariance), away)
    np.testing.assert_allclose(np.sqrt(squares), distance)
    np.testing.assert_allclose(places[0], places[-1])
    x, y = places.T  # the area, by Gauss, of a Gaussian's level
    area = 0.5 * abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    assert area == pytest.approx(np.pi * distance**2 * np.sqrt(np.linalg.det(covariance)), rel=1e-3)
    drawn = np.random.default_rng(0).multivariate_normal(mean, covariance, 50_000) - mean
    inside = np.einsum("na,ab,nb->n", drawn, np.linalg.inv(covariance), drawn) < squares.mean()
    assert inside.mean() == pytest.approx(1 - np.exp(-(distance**2) / 2), abs=0.01)


def test_panels_of_a_mixture_are_iterations_of_em():
    x = clouds()
    figure = mixture_figure(x, 2, (0, 1, 4), seed=3)
    *panels, contours, bar = figure.axes
    titles = [panel.get_title() for panel in panels]
    assert [title.split(":")[0] for title in titles] == ["0 iterations", "1 iteration", "4 iterations"]
    found = [float(re.search(r"log L = (-[\d.]+)", title)[1]) for title in titles]
    assert found == sorted(found) and found[0] < found[1] < found[2]
    mixture = GaussianMixture((2,), 2, dtype="float64")
    start = np.stack([line.get_xydata()[0] for line in panels[0].lines if line.get_marker() == "+"])
    mixture.assign([1, 1], start, np.cov(x.T, bias=True))
    mixture.compile()
    for wanted, value, panel in zip((0, 1, 3), found, panels, strict=True):
        if wanted:
            mixture.fit(x, epochs=wanted, verbose=0)
        assert np.sum(mixture.log_prob(x)) == pytest.approx(value, abs=0.1)
        colours = panel.collections[0].get_facecolors()[:, :3]
        np.testing.assert_allclose(colours, np.asarray(mixture.responsibilities(x)) @ PALETTE[:2], atol=0.01)
        rings = [line for line in panel.lines if line.get_marker() != "+"]
        covariance = mixture.covariances().numpy()[1]
        np.testing.assert_allclose(rings[2].get_xydata(), ellipse(mixture.means.numpy()[1], covariance, 1.0), atol=0.01)
        np.testing.assert_allclose(to_rgb(rings[2].get_color()), PALETTE[1])
    assert contours.collections and bar.get_ylabel() == "-log p (nats)"


def test_samples_are_the_models_and_stand_beside_as_many_examples():
    x = clouds(100)
    model = GaussianMixture((2,), 2)
    model.adapt(x)
    left, right, _ = samples_figure(x, model, "mixture", seed=5).axes
    drawn = [panel.collections[-1].get_offsets() for panel in (left, right)]
    np.testing.assert_allclose(drawn[0], x, rtol=1e-6)
    np.testing.assert_allclose(drawn[1], model.sample(100, seed=5), rtol=1e-6)


def test_impossible_figures_are_refused():
    with pytest.raises(InputError, match=r"2 features. Received: shape \(60, 1\)"):
        mixture_figure(bumps())
    with pytest.raises(InputError, match="1 feature. Received"):
        histogram_figure(clouds())
    with pytest.raises(InputError, match="colours for 1 to 5 components. Received: 6"):
        mixture_figure(clouds(), 6)
    with pytest.raises(InputError, match=r"rising integers >= 0. Received: \[3, 1\]"):
        mixture_figure(clouds(), iterations=(3, 1))


# ---------------------------------------------------------------------- the command


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Paths of tables of one, two and three columns, by their number."""
    folder, made = tmp_path_factory.mktemp("tables"), {}
    for size in (1, 2, 3):
        made[size] = folder / f"{size}.csv"
        rows = np.random.default_rng(size).normal(size=(80, size))
        np.savetxt(made[size], rows, delimiter=",", header=",".join("abc"[:size]), comments="")
    return made


@pytest.mark.parametrize(
    ("name", "size", "options"),
    [
        ("histogram", 1, ["--bins", "5"]),
        ("kernels", 1, ["--bandwidth", "0.3", "--kernel", "epanechnikov"]),
        ("mixture", 2, ["--iterations", "0", "2", "--components", "3"]),
        ("samples", 2, ["--density", "kernels"]),
        ("samples", 2, ["--density", "histogram"]),
    ],
)
@pytest.mark.by_default(every=3)
def test_the_command_draws_a_users_table_the_same_each_time(name, size, options, tables, tmp_path, capsys):
    written = []
    for out in (tmp_path / "a.png", tmp_path / "b.png"):
        command = ["figure", name, "--dataset", str(tables[size]), "--count", "40", "--out", str(out), *options]
        assert main(command) == 0
        assert f"The figure is in {out}" in capsys.readouterr().out
        written.append(out.read_bytes())
    assert written[0] == written[1] and written[0].startswith(b"\x89PNG") and len(written[0]) > 5_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["histogram", "kernels", "mixture", "samples"])
def test_the_command_draws_the_points_of_the_zoo(name, tmp_path):
    out = tmp_path / f"{name}.png"
    assert main(["figure", name, "--out", str(out)]) == 0
    assert out.stat().st_size > 20_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["histgram"], "Unknown figure. Received: 'histgram'. Closest: histogram"),
        (["histogram", "--dataset", "{2}"], r"1 feature. .*2.csv, of shape \(2,\). Nearest: points/two_bumps"),
        (["kernels", "--dataset", "digits"], r"1 feature. Received: digits, of shape \(8, 8, 1\)"),
        (["mixture", "--dataset", "{1}"], "2 features.*Nearest: points/two_clouds"),
        (["samples", "--dataset", "{3}"], r"of shape \(3,\)"),
        (["samples", "--dataset", "{2}", "--density", "kernel"], "Unknown density. .*'kernel'. Closest: kernels"),
        (["samples", "--dataset", "nosuch.csv"], "No such file"),
        (["histogram", "--dataset", "{1}", "--bins", "0"], "bins must be an integer >= 1. Received: 0"),
        (["histogram", "--dataset", "{1}", "--count", "1"], "count must be an integer >= 2. Received: 1"),
        (["kernels", "--dataset", "{1}", "--bandwidth", "scot"], "Closest: scott"),
        (["kernels", "--dataset", "{1}", "--bandwidth", "-1"], "bandwidth is a number > 0"),
        (["kernels", "--dataset", "{1}", "--kernel", "gausian"], "Closest: gaussian"),
        (["mixture", "--dataset", "{2}", "--iterations", "2", "2"], "rising integers"),
        (["mixture", "--dataset", "{2}", "--components", "9"], "1 to 5 components"),
        (["histogram", "--dataset", "{1}", "--out", "x.jpg"], "Pictures are written as .png. Received: x.jpg"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_line_and_leaves_nothing(arguments, message, tables, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    paths = {f"{{{size}}}": str(path) for size, path in tables.items()}
    assert main(["figure", *(paths.get(argument, argument) for argument in arguments)]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("Preparing the dataset")]
    assert len(lines) == 1 and re.search(message, lines[0]), lines
    assert list(tmp_path.iterdir()) == []

"""Histograms beside numpy's."""

import numpy as np
import pytest

from keraszoo.core.errors import InputError
from keraszoo.models import Histogram


def cloud(rows=500, size=1, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, size)) * np.arange(1, size + 1) + 5.0


def fitted(x, **options):
    histogram = Histogram(x.shape[1:], dtype="float64", **options)
    histogram.compile()
    histogram.fit(x, verbose=0)
    return histogram


def middles(edges):
    return np.stack(np.meshgrid(*[(e[1:] + e[:-1]) / 2 for e in edges], indexing="ij"), -1).reshape(-1, len(edges))


@pytest.mark.parametrize("bins", ["fd", "scott", 7])
def test_one_feature_is_numpys(bins):
    x = cloud()
    density, edges = np.histogram(x[:, 0], bins, density=True)
    np.testing.assert_allclose(np.exp(fitted(x, bins=bins).log_prob(middles([edges]))), density, rtol=1e-5)


@pytest.mark.parametrize("size", [2, 3])
def test_more_features_are_numpys(size):
    x = cloud(2000, size)
    histogram = fitted(x)
    bins = histogram.used.numpy().astype(int)
    density, edges = np.histogramdd(x, bins, density=True)
    np.testing.assert_allclose(np.exp(histogram.log_prob(middles(edges))), density.reshape(-1), rtol=1e-5)


def test_more_features_have_fewer_bins():
    """A width times n^(-1/(2 + d))."""
    x = cloud(2000, 1)
    one, two = fitted(x), fitted(np.repeat(x, 2, axis=1))
    assert two.used.numpy()[0] / one.used.numpy()[0] == pytest.approx(2000 ** (1 / 4 - 1 / 3), rel=0.1)


def test_given_edges_need_not_be_even():
    x, edges = cloud(), [0.0, 4.0, 4.5, 5.0, 9.0]
    density, _ = np.histogram(x[:, 0], edges, density=True)
    histogram = fitted(x, edges=edges)
    np.testing.assert_allclose(np.exp(histogram.log_prob(middles([np.array(edges)]))), density, rtol=1e-6)
    inside = (x[:, 0] >= 0) & (x[:, 0] <= 9)
    assert float(np.sum(histogram.counts.numpy())) == inside.sum()


def test_it_integrates_to_one_and_is_nothing_outside():
    histogram = fitted(cloud(500, 2), bins=5, pseudocount=0.5)
    grid = middles([np.linspace(-5, 15, 801), np.linspace(-10, 20, 801)])
    density = np.exp(histogram.log_prob(grid))
    assert density.sum() * (20 / 800) * (30 / 800) == pytest.approx(1.0, abs=0.02)
    assert density[0] == 0.0 and np.isneginf(histogram.log_prob(grid[:1])).all()


def test_the_extremes_belong_to_it_in_either_precision():
    x = cloud()
    histogram = fitted(x)
    extremes = np.array([x.min(axis=0), x.max(axis=0)])
    assert np.isfinite(histogram.log_prob(extremes)).all()
    assert np.isfinite(histogram.log_prob(extremes.astype("float32"))).all()


def test_samples_fill_the_cells_alike():
    x = cloud(400, 2)
    histogram = fitted(x, bins=4)
    samples = np.asarray(histogram.sample(100_000, seed=0))
    edges = [row[:5] for row in histogram.edges.numpy()]
    share, _ = np.histogramdd(samples, edges)
    expected, _ = np.histogramdd(x, edges)
    np.testing.assert_allclose(share / 100_000, expected / 400, atol=0.01)


def test_weights_count_examples():
    x = cloud(50)
    weights = np.random.default_rng(1).integers(0, 4, 50).astype("float32")
    weighted = Histogram((1,), bins=5, range=(0.0, 10.0), dtype="float64")
    weighted.compile()
    weighted.fit(x, sample_weight=weights, verbose=0)
    repeated = fitted(np.repeat(x, weights.astype(int), axis=0), bins=5, range=(0.0, 10.0))
    np.testing.assert_allclose(weighted.counts.numpy(), repeated.counts.numpy())


def test_epochs_count_anew():
    x = cloud(50)
    histogram = fitted(x)
    histogram.fit(x, epochs=3, verbose=0)
    assert histogram.counts.numpy().sum() == 50


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"event_shape": (4,)}, "one to three features"),
        ({"event_shape": (1,), "bins": "freedman"}, "Nearest: 'fd'|one of|known"),
        ({"event_shape": (2,), "bins": (3, 4, 5)}, "one for each of the 2"),
        ({"event_shape": (1,), "edges": [1.0, 0.0]}, "rising"),
        ({"event_shape": (2,), "range": (1.0, 0.0)}, "lowest, highest"),
        ({"event_shape": (1,), "pseudocount": -1}, "pseudocount must be a number >= 0"),
        ({"event_shape": (1,), "bins": 2.5}, "bins must be made of integers"),
        ({"event_shape": (1,), "bins": None}, "bins must be made of integers"),
        ({"event_shape": None}, "event_shape must be made of integers"),
        ({"event_shape": (1,), "range": (0.0, np.inf)}, "lowest, highest"),
        ({"event_shape": (1,), "range": "a"}, "made of numbers"),
        ({"event_shape": (1,), "edges": [0.0, np.inf]}, "two finite"),
        ({"event_shape": (1,), "edges": [0.0, np.nan, 1.0]}, "two finite"),
        ({"event_shape": (2,), "edges": [0.0, 1.0]}, "each of the 2"),
        ({"event_shape": (1,), "edges": [1e6, 1e6 + 1e-6]}, "finite float32 numbers"),
        ({"event_shape": (2,), "edges": [np.arange(1000.0), [0.0, 1.0]]}, "up to 256 bins"),
    ],
)
def test_refusals_are_one_line(arguments, says):
    with pytest.raises(InputError, match=says) as error:
        Histogram(**arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("options", [{}, {"edges": [[0.0, 1.0, 3.0], [0.0, 0.5]]}, {"bins": (2, 3)}])
def test_before_it_is_fitted_each_cell_is_as_probable(options):
    histogram = Histogram((2,), dtype="float64", **options)
    edges = [row[: int(used) + 1] for row, used in zip(histogram.edges.numpy(), histogram.used.numpy(), strict=True)]
    volumes = np.multiply.outer(*map(np.diff, edges)).ravel()
    np.testing.assert_allclose(np.exp(histogram.log_prob(middles(edges))) * volumes, 1 / len(volumes))
    assert np.isfinite(histogram.sample(5, seed=0)).all()


def test_a_histogram_of_nothing_is_refused():
    with pytest.raises(InputError, match="none of them there"):
        Histogram((1,), edges=[0.0, 1.0]).adapt(cloud() + 100)
    Histogram((1,), edges=[0.0, 1.0], pseudocount=1.0).adapt(cloud() + 100)
    with pytest.raises(InputError, match="learns from examples. Received: none"):
        Histogram((1,)).adapt(cloud()[:0])


def test_bins_are_not_narrower_than_its_numbers():
    x = (1e6 + np.random.default_rng(0).normal(size=(500, 1))).astype("float32")  # they come in sixteenths
    histogram = Histogram((1,), bins=1000)
    histogram.adapt(x)
    assert np.isfinite(histogram.log_prob(x)).all()

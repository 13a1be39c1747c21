"""What every transform of a flow must obey, and the flows made of them."""

import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from tensorflow_probability.python import bijectors as tfb
from tensorflow_probability.python import distributions as tfd

from keraszoo.bijectors import (
    ActNorm,
    Autoregressive,
    BatchNorm,
    Continuous,
    Coupling,
    Householder,
    Inverted,
    Logit,
    LULinear,
    MaskedNetwork,
    Permutation,
    Planar,
    Radial,
    ReadyMade,
    Reshape,
    Residual,
    Standardize,
    Sylvester,
)
from keraszoo.core.errors import InputError
from keraszoo.models import IAF, MAF, NSF, Flow, RealNVP, ResidualFlow

TRANSFORMS = {
    "nice coupling": lambda **kw: Coupling(4, "shift", hidden=(16,), **kw),
    "affine coupling": lambda **kw: Coupling(4, "affine", mask="odd", hidden=(16,), **kw),
    "spline coupling": lambda **kw: Coupling(4, "spline", mask=(True, True, False, True), hidden=(16,), **kw),
    "circular coupling": lambda **kw: Coupling(4, "circular_spline", hidden=(16,), **kw),
    "affine autoregressive": lambda **kw: Autoregressive(4, "affine", order=(2, 0, 3, 1), hidden=(16, 16), **kw),
    "residual autoregressive": lambda **kw: Autoregressive(4, "affine", hidden=(16, 16), residual=True, **kw),
    "spline autoregressive": lambda **kw: Autoregressive(4, "spline", order="reverse", hidden=(16,), **kw),
    "circular autoregressive": lambda **kw: Autoregressive(4, "circular_spline", hidden=(16,), **kw),
    "inverse autoregressive": lambda **kw: Inverted(Autoregressive(4, "affine", hidden=(16,), **kw)),
    "planar": lambda **kw: Planar(4, **kw),
    "radial": lambda **kw: Radial(4, **kw),
    "continuous": lambda **kw: Continuous(4, (16, 16), **kw),
    "deep continuous": lambda **kw: Continuous(4, (8, 8, 8), activation="softplus", **kw),
    "residual block": lambda **kw: Residual(4, (16, 16), **kw),
    "lu": lambda **kw: LULinear((4,), permute=1, **kw),
    "lu of pixels": lambda **kw: LULinear((2, 2, 3), permute=1, **kw),
    "householder": lambda **kw: Householder(4, 3, **kw),
    "permutation": lambda **kw: Permutation(4, "random", **kw),
    "actnorm": lambda **kw: ActNorm((2, 2, 3), **kw),
    "standardize": lambda **kw: Standardize((4,), **kw),
    "batch norm": lambda **kw: BatchNorm((4,), **kw),
    "logit": lambda **kw: Logit((4,), 0.01, **kw),
    "reshape": lambda **kw: Reshape((2, 2, 1), **kw),
    "tfp": lambda **kw: ReadyMade(tfb.Chain([tfb.Shift(1.0), tfb.Scale([0.5, 2.0, 3.0, -1.0])]), (4,), **kw),
}
KINDS_WITH_CONTEXT = ("coupling", "autoregressive", "planar", "radial", "continuous", "residual")
WITH_CONTEXT = [name for name in TRANSFORMS if any(kind in name for kind in KINDS_WITH_CONTEXT)]
ROWS = 5


def shaken(layer, size=0.3, seed=0):
    """The layer with weights far from where they start; moments stay moments."""
    random = np.random.default_rng(seed)
    for weight in layer.weights:
        fan_in = weight.shape[0] if len(weight.shape) > 1 else 1
        if not weight.path.endswith(("seed_generator_state", "adapted", "iterations")):
            change = size / math.sqrt(fan_in) * random.standard_normal(weight.shape)
            weight.assign_add(np.abs(change) if "variance" in weight.path else change)
    return layer


def examples(transform, seed=1):
    """Data that the transform takes."""
    x = tf.random.stateless_normal([ROWS, *transform.event_shape], (seed, 0))
    if isinstance(transform, Logit):
        return tf.sigmoid(x)
    angles = getattr(getattr(transform, "map", None), "period", None)
    return x if angles is None else math.pi * tf.tanh(x)


@pytest.fixture(params=TRANSFORMS, ids=lambda name: name.replace(" ", "_"))
def transform(request):
    return shaken(TRANSFORMS[request.param]())


def test_inverse_undoes_forward_and_its_log_det(transform):
    x = examples(transform)
    z, log_det = transform.inverse_and_log_det(x)
    back, log_det_back = transform.forward_and_log_det(z)
    np.testing.assert_allclose(back, x, atol=1e-5)
    np.testing.assert_allclose(log_det_back, -log_det, atol=2e-5)
    assert z.shape == (ROWS, *transform.latent_shape) and log_det.shape == (ROWS,)


@pytest.mark.by_default(every=2)
def test_log_det_is_that_of_the_jacobian(transform):
    x = examples(transform)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z, log_det = transform.inverse_and_log_det(x)
    size = math.prod(transform.event_shape)
    jacobian = tf.reshape(tape.batch_jacobian(z, x, experimental_use_pfor=False), [ROWS, size, size])
    np.testing.assert_allclose(log_det, np.linalg.slogdet(np.float64(jacobian))[1], atol=2e-5)


@pytest.mark.by_default(every=2)
def test_the_bijector_is_the_transform(transform):
    x, bijector = examples(transform), transform.bijector()
    z, log_det = transform.inverse_and_log_det(x)
    np.testing.assert_allclose(bijector.inverse(x), z, atol=1e-6)
    rank = len(transform.event_shape)
    np.testing.assert_allclose(bijector.inverse_log_det_jacobian(x, rank), log_det, atol=1e-5)
    assert bijector.forward_event_shape(transform.latent_shape) == transform.event_shape
    several = tf.stack([z, z])  # dimensions before the batch
    np.testing.assert_allclose(bijector.forward(several)[1], transform.forward_and_log_det(z)[0], atol=1e-5)


def test_config_makes_the_same_transform(transform):
    twin = type(transform).from_config(transform.get_config())
    twin.set_weights(transform.get_weights())
    x = examples(transform)
    np.testing.assert_array_equal(twin.inverse_and_log_det(x)[0], transform.inverse_and_log_det(x)[0])


@pytest.mark.parametrize("name", WITH_CONTEXT, ids=lambda name: name.replace(" ", "_"))
@pytest.mark.by_default(every=2)
def test_a_context_changes_the_map_and_keeps_its_laws(name):
    transform = shaken(TRANSFORMS[name](context_dim=2))
    x, context = examples(transform), tf.random.stateless_normal([ROWS, 2], (3, 0))
    z, log_det = transform.inverse_and_log_det(x, context)
    back, log_det_back = transform.forward_and_log_det(z, context)
    np.testing.assert_allclose(back, x, atol=1e-5)
    np.testing.assert_allclose(log_det_back, -log_det, atol=2e-5)
    other, _ = transform.inverse_and_log_det(x, context + 1.0)
    changed = np.abs(z - other).max(axis=0) > 1e-4
    assert changed.sum() >= (4 if "autoregressive" in name else 1)  # the first feature of an order too


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_masks_let_a_feature_see_only_those_before_it(order, residual):
    network = shaken(MaskedNetwork(4, 2, (16, 16), order=order, residual=residual))
    x = tf.random.stateless_normal([3, 4], (0, 0))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = network(x)
    seen = np.abs(tape.batch_jacobian(y, x)).max(axis=(0, 2)) > 0  # [feature, of which]
    rank = np.argsort(order)
    np.testing.assert_array_equal(seen, rank[None, :] < rank[:, None])
    for feature in range(4):
        np.testing.assert_allclose(network.of_feature(tf.constant(feature), x), y[:, feature], atol=1e-6)


@pytest.mark.parametrize("kind", ["coupling", "autoregressive"])
def test_splines_are_straight_and_have_finite_gradients_far_outside_their_box(kind):
    flow = shaken(NSF((2,), form=kind, transforms=2, bins=4, bound=3.0, hidden=(16,)))
    x = tf.constant([[60.0, -60.0], [-60.0, 0.1], [3.0, -3.0], [3.0 - 1e-7, 2.9999998]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        log_prob = flow.log_prob(x)
        back = flow.forward(flow.inverse(x)[0])[0]
    for target in (log_prob, back):
        gradients = tape.gradient(target, [x, *[weight.value for weight in flow.trainable_variables]])
        assert all(np.isfinite(gradient).all() for gradient in gradients if gradient is not None)
    np.testing.assert_allclose(back, x, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(flow.inverse(x[:1])[1], 0.0, atol=1e-6)


def test_a_spline_passes_its_knots_with_its_slopes():
    """Two bins of [-2, 2] of sizes 1 and 3 along x, 3 and 1 along y, slopes 1, 0.5 and 1."""
    from keraszoo.bijectors.elementwise.spline import MIN_SIZE, MIN_SLOPE, RationalQuadraticSpline

    def logits(shares):
        return np.log((np.array(shares) - MIN_SIZE) / (1 - 2 * MIN_SIZE))

    def raw(slope):  # what the spline adds 1 to and makes positive
        return math.log(math.expm1(slope - MIN_SLOPE)) - math.log(math.expm1(1 - MIN_SLOPE))

    spline = RationalQuadraticSpline(2, 2.0)
    arguments = [tf.constant(a, tf.float64) for a in (logits([0.25, 0.75]), logits([0.75, 0.25]), [0.0, raw(0.5), 0.0])]
    x = tf.constant([-1.0, -2.0 + 1e-9, 2.0 - 1e-9, 0.5], tf.float64)
    y, log_slope = spline.forward(x, *(a[None] for a in arguments))
    np.testing.assert_allclose(y[:3], [1.0, -2.0, 2.0], atol=1e-6)
    np.testing.assert_allclose(np.exp(log_slope[:3]), [0.5, 1.0, 1.0], atol=1e-6)
    # in the second bin, half way: t = 1/2, s = 1/3, slopes 1/2 and 1
    s, t = 1 / 3, 0.5
    expected = 1 + 1 * (s * t * t + 0.5 * t * (1 - t)) / (s + (1.5 - 2 * s) * t * (1 - t))
    np.testing.assert_allclose(y[3], expected, atol=1e-9)


# ---------------------------------------------------------------------- whole flows

FLOWS = {
    "realnvp": lambda **kw: RealNVP((2,), transforms=3, hidden=(16,), **kw),
    "maf": lambda **kw: MAF((2,), transforms=2, hidden=(16,), mixing="lu", normalization="act", **kw),
    "iaf": lambda **kw: IAF((2,), transforms=2, hidden=(16,), **kw),
    "coupling splines": lambda **kw: NSF((2,), form="coupling", transforms=3, hidden=(16,), **kw),
    "autoregressive splines": lambda **kw: NSF((2,), transforms=2, hidden=(16,), mixing="reverse", **kw),
    "residual blocks": lambda **kw: ResidualFlow((2,), transforms=3, hidden=(16, 16), normalization="none", **kw),
}


@pytest.fixture(params=FLOWS, ids=lambda name: name.replace(" ", "_"))
def flow(request):
    return shaken(FLOWS[request.param](), 0.5)


def plane(low, high, side):
    """Points of a grid [side * side, 2], and the area of a cell."""
    edge = np.linspace(low, high, side, endpoint=False, dtype="float32") + (high - low) / (2 * side)
    return np.stack(np.meshgrid(edge, edge, indexing="ij"), axis=-1).reshape(-1, 2), ((high - low) / side) ** 2


def test_density_integrates_to_one(flow):
    points, area = plane(-8.0, 8.0, 600)
    assert area * np.exp(flow.log_prob(points)).sum() == pytest.approx(1.0, abs=2e-3)


@pytest.mark.by_default("maf", "iaf", "realnvp")
def test_samples_follow_the_density(flow):
    """The share of samples in each of 16 cells is the integral of the density there."""
    samples, (points, area) = np.asarray(flow.sample(4000, seed=0)), plane(-8.0, 8.0, 600)
    edges = [np.quantile(samples[:, axis], [0.25, 0.5, 0.75]) for axis in range(2)]

    def cells(x):
        return 4 * np.searchsorted(edges[0], x[:, 0]) + np.searchsorted(edges[1], x[:, 1])

    mass = np.bincount(cells(points), area * np.exp(flow.log_prob(points)), minlength=16)
    counts = np.bincount(cells(samples), minlength=16)
    assert stats.chisquare(counts, counts.sum() * mass / mass.sum()).pvalue > 1e-3


def test_flow_is_its_tfp_distribution(flow):
    x = flow.sample(6, seed=1)
    distribution = flow.distribution()
    np.testing.assert_allclose(distribution.log_prob(x), flow.log_prob(x), atol=1e-5)
    assert distribution.sample((3, 4), seed=(0, 1)).shape == (3, 4, 2)


@pytest.mark.parametrize("form", ["coupling", "autoregressive"])
def test_value_and_log_det_run_a_network_once(form):
    """As TFP's own classes are put together, the density would run it again for the log-determinant."""
    flow = NSF((4,), form=form, transforms=2, hidden=(8, 8), bins=4, mixing="reverse")

    def matmuls(density):
        graph = tf.function(density, autograph=False).get_concrete_function(tf.TensorSpec([None, 4])).graph
        return sum(operation.type == "MatMul" for operation in graph.get_operations())

    assert matmuls(flow.log_prob) == matmuls(lambda x: flow.distribution().log_prob(x)) == 2 * 3


@pytest.mark.by_default(every=2)
def test_half_the_precision_costs_less_than_a_ten_thousandth(flow):
    double = type(flow).from_config({**flow.get_config(), "dtype": "float64"})
    double.set_weights(flow.get_weights())
    x = flow.sample(500, seed=2)
    np.testing.assert_allclose(flow.log_prob(x), double.log_prob(tf.cast(x, "float64")), atol=1e-4)
    np.testing.assert_allclose(flow.forward(flow.inverse(x)[0])[0], x, atol=2e-5)


@pytest.mark.by_default("iaf")
def test_keras_sees_and_trains_all_weights(flow):
    """A flow whose networks Keras does not see has no weights, and its loss never moves."""
    x = tf.random.stateless_normal([64, 2], (5, 0)) * [0.3, 2.0] + [1.0, -1.0]
    with tf.GradientTape() as tape:
        nll = -tf.reduce_mean(flow.log_prob(x))
    gradients = tape.gradient(nll, [weight.value for weight in flow.trainable_variables])
    assert len(gradients) >= 4 and all(gradient is not None for gradient in gradients)
    flow.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    losses = flow.fit(x, epochs=8, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < losses[0] - 0.2


def test_conditional_density_differs_between_contexts():
    flow = shaken(MAF((2,), transforms=2, hidden=(16,), context_dim=3), 0.5)
    x, context = tf.zeros([4, 2]), np.eye(3, dtype="float32")[[0, 1, 2, 0]]
    log_prob = flow.log_prob(x, context).numpy()
    assert len(np.unique(log_prob.round(4))) == 3 and log_prob[0] == log_prob[3]
    np.testing.assert_allclose(flow.log_prob(x, context[0]), log_prob[0], atol=1e-6)  # one context for all
    samples = flow.sample(5, seed=0, context=context[1])
    np.testing.assert_allclose(flow.decode(flow.encode(samples, context[1]), context[1]), samples, atol=1e-5)


def test_a_flow_of_classes_answers_for_each_of_them():
    flow = shaken(MAF((2,), transforms=1, hidden=(16,), num_classes=3), 0.5)
    x = tf.random.stateless_normal([4, 2], (0, 0))
    assert flow(x).shape == (4, 3)
    np.testing.assert_allclose(flow(x)[:, 1], flow.log_prob(x, [1, 1, 1, 1]), atol=1e-6)


def test_densities_on_the_circle_integrate_to_one_and_close():
    flow = shaken(NSF((2,), circular=True, transforms=2, hidden=(16,)), 0.5)
    points, area = plane(-math.pi, math.pi, 200)
    assert area * np.exp(flow.log_prob(points)).sum() == pytest.approx(1.0, abs=1e-3)
    edge = tf.constant([[math.pi - 1e-5, 0.3], [-math.pi + 1e-5, 0.3]])
    left, right = flow.log_prob(edge).numpy()
    assert left == pytest.approx(right, abs=1e-3)


@pytest.mark.parametrize("context_dim", [0, 3])
def test_sylvester_log_det_is_that_of_the_jacobian(context_dim):
    transform = shaken(Sylvester(4, rank=3, context_dim=context_dim), 1.0)
    z = tf.random.stateless_normal([ROWS, 4], (1, 0))
    context = tf.random.stateless_normal([ROWS, 3], (2, 0)) if context_dim else None
    with tf.GradientTape() as tape:
        tape.watch(z)
        x, log_det = transform.forward_and_log_det(z, context)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(np.float64(tape.batch_jacobian(x, z)))[1], atol=2e-5)


def test_planar_steps_stay_invertible_wherever_their_weights_go():
    planar = Planar(3)
    for weight in planar.weights:
        weight.assign(30.0 * np.random.default_rng(len(weight.shape)).standard_normal(weight.shape))
    u, w, _, slope = planar.constrained()
    along = float(tf.reduce_sum(u * w))
    assert along > -1.0 and 1.0 + along == pytest.approx(float(slope[0]), rel=1e-3, abs=1e-3)


@pytest.mark.slow
def test_runge_kutta_is_of_fourth_order():
    z = tf.random.stateless_normal([50, 2], (0, 0), dtype=tf.float64)

    def solved(steps):
        keras.utils.set_random_seed(0)
        flow = shaken(Continuous(2, (16, 16), steps=steps, dtype="float64"), 1.0)
        return tf.concat([flow.forward_and_log_det(z)[0], flow.forward_and_log_det(z)[1][:, None]], axis=1)

    exact = solved(64)
    coarse, fine = (np.abs(solved(steps) - exact).max() for steps in (4, 8))
    assert 10 < coarse / fine < 24 and fine < 1e-3


def test_hutchinson_estimates_the_trace():
    exact = shaken(Continuous(4, (16, 16), steps=2), 1.0)
    estimated = Continuous(4, (16, 16), steps=2, trace="hutchinson")
    for mine, theirs in zip(estimated.network.weights, exact.network.weights, strict=True):
        mine.assign(theirs)
    x = tf.tile(tf.random.stateless_normal([1, 4], (0, 0)), [5000, 1])
    values = estimated.inverse_and_log_det(x, training=True)[1].numpy()
    expected = float(exact.inverse_and_log_det(x[:1], training=True)[1][0])
    assert values.std() > 0
    assert values.mean() == pytest.approx(expected, abs=4 * values.std() / np.sqrt(len(values)))
    expected = float(exact.inverse_and_log_det(x[:1])[1][0])
    assert float(estimated.inverse_and_log_det(x[:1])[1][0]) == pytest.approx(expected, abs=1e-6)


def test_dequantised_levels_have_the_probability_of_their_cell():
    """A uniform flow gives each of 4 levels of 2 pixels 1/16: -log p = 0 in the unit square, 2 bits a dimension."""
    flow = Flow((2,), [tfb.Identity()], base=tfd.Independent(tfd.Uniform([0.0, 0.0], [1.0, 1.0]), 1), levels=4)
    terms = flow.loss_terms(tf.constant([[0.0, 1 / 3], [1.0, 1.0]]))
    np.testing.assert_allclose(terms["negative_log_likelihood"], 0.0, atol=1e-6)
    np.testing.assert_allclose(terms["bits_per_dimension"], 2.0, atol=1e-6)
    assert set(np.unique(np.round(3 * flow.sample(100, seed=0), 5))) == {0.0, 1.0, 2.0, 3.0}


def test_logit_nll_is_the_density_of_the_logits():
    flow = Flow((2,), [Logit((2,), 1e-6)], levels=256)
    x = tf.constant([[0.2, 0.9]])
    point = (x * 255 + 0.5) / 256
    inner = 1e-6 + (1 - 2e-6) * point
    logits = np.log(inner / (1 - inner))
    measured = flow._measures(point, -flow.log_prob(x))
    np.testing.assert_allclose(measured["logit_nll"], -stats.norm.logpdf(logits).sum(axis=1), rtol=1e-5)


def test_adapting_standardises_the_data():
    flow = MAF((2,), transforms=1, hidden=(8,), standardize=True, normalization="act")
    x = np.random.default_rng(0).normal([100.0, -5.0], [50.0, 0.01], (500, 2)).astype("float32")
    flow.compile(jit_compile=False)
    flow.fit(x, epochs=1, batch_size=250, verbose=0)
    z = flow.chain[0].inverse_and_log_det(tf.constant(x))[0]
    np.testing.assert_allclose([z.numpy().mean(), z.numpy().std()], [0.0, 1.0], atol=1e-3)
    before = [weight.numpy() for weight in flow.chain[0].weights]
    flow.fit(x + 7.0, epochs=1, batch_size=250, verbose=0)
    np.testing.assert_array_equal(before, [weight.numpy() for weight in flow.chain[0].weights])


def test_batch_norm_normalises_by_the_batch_in_training_only():
    transform = BatchNorm((2,), epsilon=0.0)
    x = tf.constant([[1.0, 0.0], [3.0, 10.0]])
    z, log_det = transform.inverse_and_log_det(x, training=True)
    np.testing.assert_allclose(z, [[-1, -1], [1, 1]], atol=1e-6)
    np.testing.assert_allclose(log_det, -math.log(5.0), atol=1e-6)
    np.testing.assert_allclose(transform.moving_mean, [0.2, 0.5], atol=1e-6)
    assert np.abs(transform.inverse_and_log_det(x)[0] - z).max() > 0.1


def test_any_tfp_base_survives_the_file(tmp_path):
    mixture = tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.3, 0.7]),
        tfd.MultivariateNormalDiag([[-2.0, 0.0], [2.0, 0.0]], [[1.0, 1.0], [0.5, 2.0]]),
    )
    flow = Flow((2,), [Coupling(2, hidden=(8,)), tfb.Softplus(), Permutation(2)], base=mixture)
    flow.save(tmp_path / "flow.keras")
    restored = keras.saving.load_model(tmp_path / "flow.keras")
    x = flow.sample(5, seed=0)
    np.testing.assert_array_equal(restored.log_prob(x), flow.log_prob(x))
    np.testing.assert_allclose(flow.chain[-1].forward_and_log_det(x)[1], 0.0)


def test_mistakes_are_told_in_one_line():
    cases = [
        (lambda: Flow((2,), []), "empty"),
        (lambda: Flow((2,), [Coupling(3)]), r"takes \(3,\), but gets \(2,\)"),
        (lambda: Flow((2,), [keras.layers.Dense(2)]), "Dense at position 0"),
        (lambda: Flow((2,), [Coupling(2, context_dim=2)]), "the flow has 0"),
        (lambda: Flow((2,), [tfb.Shift(tf.Variable([1.0, 2.0]))]), "Keras does not see the variables of"),
        (lambda: Flow((2,), [Coupling(2)], base=tfd.Normal([0.0, 0.0], 1.0)), "Nearest: tfd.Independent"),
        (lambda: Flow((2,), [Sylvester(2)]).log_prob(np.zeros([1, 2])), "Sylvester has no inverse direction.*Planar"),
        (lambda: Flow((2,), [Inverted(Sylvester(2))]).sample(1), "Sylvester has no inverse direction.*Planar"),
        (lambda: MAF((2,), context_dim=2).log_prob(np.zeros([1, 2])), "depends on a context"),
        (lambda: MAF((2,), context_dim=2).log_prob(np.zeros([1, 2]), np.zeros([1, 3])), r"\(None, 2\)"),
        (lambda: MAF((2,)).log_prob(np.zeros([1, 2]), np.zeros([1, 3])), "without a context"),
        (lambda: MAF((2,), num_classes=3).log_prob(np.zeros([1, 2]), [3]), "from 0 to 2"),
        (lambda: NSF((2,), form="couplings"), "Known: autoregressive, coupling"),
        (lambda: NSF((2,), bins=1), "at least 2 bins"),
        (lambda: NSF((2,), bound=-1.0), "bound must be > 0"),
        (lambda: RealNVP((1,)), "at least two features"),
        (lambda: RealNVP((2,), mixing="lo"), "Closest: lu|Known: "),
        (lambda: Coupling(2, "spleen"), "Closest: spline"),
        (lambda: Autoregressive(3, order=(0, 1, 1)), "once"),
        (lambda: Logit((2,), 0.5), "alpha"),
    ]
    for make, message in cases:
        with pytest.raises(InputError, match=message) as error:
            make()
        assert "\n" not in str(error.value)
    flow = MAF((2,), logit=1e-6)
    flow.compile(jit_compile=False)
    with pytest.raises(InputError, match=r"from 0 to 1\. Received: x from -3 to 1"):
        flow.fit(np.array([[-3.0, 1.0]], "float32"), verbose=0)
    with pytest.raises(InputError, match=r"\(None, 2\)"):
        flow.fit(np.zeros([4, 3], "float32"), verbose=0)

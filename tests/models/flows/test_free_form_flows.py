"""Flows whose maps are free-form networks: residual blocks and differential equations."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate
from test_flows import shaken

from keraszoo.bijectors import Continuous, LipschitzNetwork, Residual, TangentNetwork
from keraszoo.bijectors.networks.lipschitz import spectral_bound
from keraszoo.bijectors.networks.log_det_series import log_det_series
from keraszoo.bijectors.networks.tangent import ACTIVATIONS, lipswish
from keraszoo.core.errors import InputError
from keraszoo.models import ContinuousFlow, ResidualFlow

# ---------------------------------------------------------------------- networks with derivatives


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_are_those_of_the_activation_and_at_most_one(activation):
    x = tf.linspace(tf.constant(-20.0, tf.float64), 20.0, 4001)
    with tf.GradientTape() as tape:
        tape.watch(x)
        height, slope = ACTIVATIONS[activation](x)
    np.testing.assert_allclose(slope, tape.gradient(height, x), atol=1e-12)
    assert np.abs(slope).max() <= 1.0


@pytest.mark.parametrize("sharpness", [0.1, 1.0, 30.0])
def test_lipswish_is_never_steeper_than_one_however_sharp(sharpness):
    slope = lipswish(tf.linspace(tf.constant(-200.0, tf.float64), 200.0, 100001), sharpness)[1].numpy()
    assert slope.max() == pytest.approx(1.0998 / 1.1, abs=1e-4) and slope.min() > -1.0


NETWORKS = {
    "two layers": lambda: TangentNetwork(3, (8, 8), condition_dim=2),
    "three layers": lambda: TangentNetwork(3, (8, 8, 8), activation="softplus", condition_dim=2),
    "bounded": lambda: LipschitzNetwork(3, (8, 8), condition_dim=2),
}


@pytest.mark.parametrize("name", NETWORKS, ids=lambda name: name.replace(" ", "_"))
def test_tangents_agree_with_automatic_differentiation(name):
    network = shaken(NETWORKS[name](), 1.0)
    x, v, condition = (tf.random.stateless_normal([4, n], (n, i)) for i, n in enumerate((3, 3, 2)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = network(x, condition)
    expected = tape.batch_jacobian(value, x)
    np.testing.assert_allclose(network.with_jacobian(x, condition)[1], expected, atol=1e-6)
    np.testing.assert_allclose(network.with_trace(x, condition)[1], tf.linalg.trace(expected), atol=1e-6)
    same_value, product = network.linearized(x, condition)
    np.testing.assert_array_equal(same_value, value)
    np.testing.assert_array_equal(network.frozen(condition)(x), value)
    np.testing.assert_allclose(product(v), tf.linalg.matvec(expected, v), atol=1e-6)


# ---------------------------------------------------------------------- bounded steepness


def singular_values(network):
    """The largest singular value of each kernel as it is applied."""
    return [np.linalg.norm(kernel.numpy(), 2) for kernel in network._kernels()]


def test_large_kernels_are_brought_to_the_bound_and_small_ones_stay():
    network = LipschitzNetwork(3, (16, 16), lipschitz=0.5)
    network.kernels[0].assign(5.0 * network.kernels[0])
    network.kernels[2].assign(0.01 * network.kernels[2])
    bound = 0.5 ** (1 / 3)
    assert 3 ** (-1 / 512) - 1e-5 <= singular_values(network)[0] / bound <= 1 + 1e-5
    np.testing.assert_array_equal(network._kernels()[2], network.kernels[2])


def steepest(function, x, size=1e-2):
    """The greatest |f(x) - f(y)| / |x - y| of each row's neighbours and of all pairs of rows."""
    values, neighbours = function(x).numpy(), x + size * tf.random.stateless_normal(x.shape, (9, 9), dtype=x.dtype)
    near = np.linalg.norm(function(neighbours) - values, axis=1) / np.linalg.norm(neighbours - x, axis=1)
    distances = np.linalg.norm(x[:, None] - x[None], axis=-1) + np.eye(len(x))
    far = np.linalg.norm(values[:, None] - values[None], axis=-1) / distances
    return max(near.max(), far.max())


@pytest.mark.slow
def test_blocks_stay_contractions_while_they_learn():
    """The data want more than the bound allows: two far clusters."""
    random = np.random.default_rng(0)
    x = (np.sign(random.standard_normal((256, 2))) * [3, 1] + 0.05 * random.standard_normal((256, 2))).astype("float32")
    flow = ResidualFlow((2,), transforms=2, hidden=(32, 32))
    flow.compile(keras.optimizers.Adam(0.02), jit_compile=False)
    flow.fit(x, batch_size=32, epochs=10, verbose=0)
    networks = [block.network for block in flow.chain[1::2]]
    assert min(max(np.linalg.norm(kernel.numpy(), 2) for kernel in network.kernels) for network in networks) > 1.5
    for network in networks:
        assert np.prod(singular_values(network)) <= 0.97 * (1 + 1e-5)
        assert steepest(network, tf.constant(x)) <= 0.97 * (1 + 1e-3)  # differences of float32
    np.testing.assert_allclose(flow.decode(flow.encode(x)), x, atol=1e-4)


def test_no_singular_value_exceeds_the_bound():
    """The worst cases are one large singular value and all alike; a kernel of zeros has no steepness and no NaN."""
    random = np.random.default_rng(0)
    left, right = (np.linalg.qr(random.standard_normal((64, n)))[0] for n in (64, 20))
    spectra = [np.ones(20), [1.0] + 19 * [0.1], np.linspace(0.9, 1.0, 20), 1e4 * np.ones(20), 1e-4 * np.ones(20)]
    for values in map(np.array, spectra):
        kernel = (left[:, :20] * values) @ right[:20, :20]
        for matrix in (kernel, kernel.T):
            bound = float(spectral_bound(tf.constant(matrix, tf.float32)))
            largest = np.linalg.norm(matrix, 2)
            assert largest * (1 - 1e-5) <= bound <= largest * 20 ** (1 / 512) * (1 + 1e-5)
    zeros = tf.zeros([3, 4])
    with tf.GradientTape() as tape:
        tape.watch(zeros)
        bound = spectral_bound(zeros)
    assert float(bound) < 1e-12 and np.isfinite(tape.gradient(bound, zeros)).all()


# ---------------------------------------------------------------------- the series


def test_the_series_is_unbiased():
    """Of a fixed J, 20000 draws: mean within 4 standard errors."""
    jacobian = np.random.default_rng(0).standard_normal((5, 5))
    jacobian *= 0.8 / np.linalg.norm(jacobian, 2)
    noise, rows = keras.random.SeedGenerator(0), 10

    @tf.function
    def draw():
        return log_det_series(lambda v: tf.matmul(v, jacobian.T), tf.zeros([rows, 5], tf.float64), noise)

    means = np.array([np.mean(draw()) for _ in range(2000)])  # the rows of a draw share its length
    expected = np.linalg.slogdet(np.eye(5) + jacobian)[1]
    assert means.std() > 0
    assert means.mean() == pytest.approx(expected, abs=4 * means.std() / np.sqrt(len(means)))


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.by_default("False")
def test_gradients_through_the_series_are_unbiased(jit):
    exact = shaken(Residual(3, (8, 8)), 1.0)
    block = Residual(3, (8, 8), log_det="series")
    for mine, theirs in zip(block.network.weights, exact.network.weights, strict=True):
        mine.assign(theirs)
    x = tf.random.stateless_normal([1, 3], (0, 0))
    kernel = exact.network.kernels[1].value

    def slope(block, x, training, kernel):
        with tf.GradientTape() as tape:
            log_det = tf.reduce_mean(block.inverse_and_log_det(x, training=training)[1])
        return tape.gradient(log_det, kernel)

    expected = slope(exact, x, False, kernel).numpy()
    several = tf.tile(x, [100, 1])
    estimate = tf.function(lambda: slope(block, several, True, block.network.kernels[1].value), jit_compile=jit)
    draws = np.array([estimate().numpy() for _ in range(400)])
    deviation = np.abs(draws.mean(axis=0) - expected) / (draws.std(axis=0) / np.sqrt(len(draws)) + 1e-6)
    assert np.abs(expected).max() > 1e-3 and np.mean(deviation < 4) > 0.97


def test_the_series_is_for_training_and_many_features():
    assert Residual(16, (8,)).log_det == "exact" and Residual(17, (8,)).log_det == "series"
    block = shaken(Residual(20, (16,)), 1.0)
    x = tf.random.stateless_normal([4, 20], (0, 0))
    evaluated, again = block.inverse_and_log_det(x)[1], block.inverse_and_log_det(x)[1]
    np.testing.assert_array_equal(evaluated, again)
    one, other = (block.inverse_and_log_det(x, training=True)[1] for _ in range(2))
    assert np.abs(one - other).max() > 1e-6


# ---------------------------------------------------------------------- the way back


@pytest.mark.slow
def test_the_fixed_point_has_the_gradients_of_the_inverse():
    """dx/dz = (dz/dx)^-1, and x(z(x)) = x whatever the weights, so their gradients through it vanish."""
    block = shaken(Residual(3, (8, 8), dtype="float64"), 1.0)
    x = tf.random.stateless_normal([4, 3], (0, 0), dtype=tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z, _ = block.inverse_and_log_det(x)
        back, log_det = block.forward_and_log_det(z)
        loss = tf.reduce_sum(back**2 * [1.0, 2.0, 3.0])
    there = tape.batch_jacobian(z, x)
    with tf.GradientTape() as other:
        other.watch(z)
        returned, _ = block.forward_and_log_det(z)
    np.testing.assert_allclose(other.batch_jacobian(returned, z) @ there, np.eye(3) + np.zeros((4, 1, 1)), atol=1e-9)
    for gradient in tape.gradient(loss, [weight.value for weight in block.trainable_variables]):
        np.testing.assert_allclose(gradient, 0.0, atol=1e-9)
    assert log_det.shape == (4,)


@pytest.mark.slow
@pytest.mark.parametrize("log_det", ["exact", "series"])
def test_residual_flows_survive_the_file(log_det, tmp_path):
    flow = ResidualFlow((3,), transforms=2, hidden=(8,), log_det=log_det, lipschitz=0.9, num_classes=2)
    x, y = np.random.default_rng(0).standard_normal((40, 3)).astype("float32"), np.arange(40) % 2
    flow.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    flow.fit(x, y, epochs=2, verbose=0)
    flow.save(tmp_path / "flow.keras")
    restored = keras.saving.load_model(tmp_path / "flow.keras")
    np.testing.assert_array_equal(restored.log_prob(x, y), flow.log_prob(x, y))
    np.testing.assert_array_equal(restored.sample(6, seed=0), flow.sample(6, seed=0))
    block = Residual.from_config(restored.chain[1].get_config())
    assert block.log_det == log_det and block.network.lipschitz == 0.9 and block.context_dim == 2


def test_mistakes_are_told_in_one_line():
    cases = [
        (lambda: Residual(3, lipschitz=1.0), r"in \(0, 1\).*lipschitz=1.0"),
        (lambda: Residual(3, log_det="serie"), "Closest: series|series"),
        (lambda: ResidualFlow((3,), activation="relu"), "LipSwish.*activation='relu'"),
        (lambda: Residual(3, hidden=()), "at least one hidden layer"),
    ]
    for mistake, words in cases:
        with pytest.raises(InputError, match=words) as error:
            mistake()
        assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- differential equations


def test_only_training_takes_half_the_steps():
    """So a density that is reported does not profit from an error that training found."""
    z = tf.random.stateless_normal([5, 2], (0, 0))
    coarse, fine = (shaken(Continuous(2, (16, 16), steps=steps), 1.0) for steps in (2, 4))
    fine.set_weights(coarse.get_weights())
    np.testing.assert_array_equal(fine.forward_and_log_det(z, training=True)[1], coarse.forward_and_log_det(z)[1])
    assert np.abs(coarse.forward_and_log_det(z, training=True)[1] - coarse.forward_and_log_det(z)[1]).max() > 1e-7


def test_continuous_flow_follows_the_equation():
    """scipy's adaptive solver, on the network's velocity and trace, finds the same x and log-determinant."""
    block = shaken(Continuous(2, (16, 16), steps=16, dtype="float64"), 1.0)
    z = np.array([[0.3, -1.2]])

    def change(time, state):
        velocity, trace = block.network.with_trace(tf.constant(state[None, :2]), tf.constant([[time]], tf.float64))
        return np.append(velocity, trace)

    end = integrate.solve_ivp(change, (0.0, 1.0), [*z[0], 0.0], rtol=1e-9, atol=1e-9).y[:, -1]
    x, log_det = block.forward_and_log_det(tf.constant(z))
    np.testing.assert_allclose([*x[0], log_det[0]], end, atol=1e-6)


@pytest.mark.slow
def test_samples_of_a_continuous_flow_come_back():
    flow = shaken(ContinuousFlow((2,), hidden=(16, 16), transforms=2), 0.5)
    for seed, temperature in itertools.product((0, 1), (0.5, 1.0)):
        z = flow.sample_latent(20, seed, temperature)
        np.testing.assert_allclose(flow.encode(flow.decode(z)), z, atol=1e-5)

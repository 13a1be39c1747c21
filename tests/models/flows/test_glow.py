"""The laws of flows on images: every step, several scales of them, and the model."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.bijectors import ActNorm, ImageCoupling, LULinear, MultiScale, Squeeze
from keraszoo.core.errors import InputError
from keraszoo.models import Glow
from keraszoo.recipes import get
from keraszoo.runs.run import Run
from keraszoo.training.build import build_model

SHAPE = (4, 4, 2)

STEPS = {
    "squeeze": lambda: Squeeze(SHAPE),
    "coupling": lambda: ImageCoupling(SHAPE, filters=8),
    "coupling of odd channels": lambda: ImageCoupling((4, 4, 3), filters=8),
    "spline coupling": lambda: ImageCoupling(SHAPE, "spline", filters=8, options={"bins": 4, "bound": 3.0}),
    "prior": lambda: ImageCoupling(SHAPE, filters=0),
    "1x1 convolution": lambda: LULinear(SHAPE, permute=1),
    "actnorm": lambda: ActNorm(SHAPE),
    "one scale": lambda: MultiScale((4, 4, 1), scales=1, steps=2, filters=8),
    "two scales": lambda: MultiScale(SHAPE, scales=2, steps=2, filters=8),
    "two scales in a context": lambda: MultiScale(SHAPE, scales=2, steps=2, filters=8, context_dim=3),
}


def shaken(layer, scale=0.1):
    """The layer with weights as if it had learned something: at its start it is near the identity."""
    random = np.random.default_rng(1)
    for weight in layer.trainable_weights:
        weight.assign_add(scale * random.standard_normal(weight.shape).astype("float32"))
    return layer


def normal(*shape, seed=0):
    return tf.random.stateless_normal(shape, (seed, 0))


@pytest.fixture(params=STEPS)
def step(request):
    return shaken(STEPS[request.param]())


def context_of(step, rows):
    return normal(rows, step.context_dim, seed=5) if step.context_dim else None


def test_inverse_undoes_forward(step):
    z = normal(6, *step.latent_shape)
    x, log_det = step.forward_and_log_det(z, context_of(step, 6))
    again, other = step.inverse_and_log_det(x, context_of(step, 6))
    assert x.shape == (6, *step.event_shape) and again.shape == z.shape and log_det.shape == (6,)
    np.testing.assert_allclose(again, z, atol=2e-5)
    np.testing.assert_allclose(log_det, -other, atol=2e-5)


@pytest.mark.by_default("one scale", "coupling")
def test_log_determinant_is_that_of_the_jacobian(step):
    x = normal(3, *step.event_shape, seed=2)
    size = int(np.prod(step.event_shape))
    with tf.GradientTape() as tape:
        tape.watch(x)
        z, log_det = step.inverse_and_log_det(x, context_of(step, 3))
    jacobian = tape.batch_jacobian(z, x).numpy().reshape(3, size, size)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(jacobian.astype("float64"))[1], atol=2e-5)


def test_every_weight_gets_a_gradient(step):
    with tf.GradientTape() as tape:
        z, log_det = step.inverse_and_log_det(normal(8, *step.event_shape, seed=3), context_of(step, 8))
        loss = tf.reduce_sum(z**2) - tf.reduce_sum(log_det)
    gradients = tape.gradient(loss, [weight.value for weight in step.trainable_weights])
    for weight, gradient in zip(step.trainable_weights, gradients, strict=True):
        assert gradient is not None and np.abs(gradient).max() > 0, weight.path
        assert np.isfinite(gradient).all(), weight.path


def test_saving_restores_the_step(step):
    again = type(step).from_config(step.get_config())
    again.set_weights(step.get_weights())
    x = normal(2, *step.event_shape)
    np.testing.assert_array_equal(again(x, context_of(step, 2)), step(x, context_of(step, 2)))


def test_squeeze_gathers_each_square_of_pixels():
    z, _ = Squeeze((4, 4, 1)).inverse_and_log_det(tf.reshape(tf.range(16.0), [1, 4, 4, 1]))
    np.testing.assert_array_equal(z[0, 0, 0], [0, 1, 4, 5])
    np.testing.assert_array_equal(z[0, 1, 1], [10, 11, 14, 15])


def test_first_half_of_the_channels_stays():
    x = normal(3, 4, 4, 3)
    z, _ = shaken(ImageCoupling((4, 4, 3), filters=8)).inverse_and_log_det(x)
    np.testing.assert_array_equal(z[..., :1], x[..., :1])
    assert np.all(z[..., 1:] != x[..., 1:])


def test_a_change_of_what_stays_reaches_the_pixels_around_it():
    """The network sees 5 x 5 pixels: 3 x 3, then 1 x 1, then 3 x 3."""
    x = np.zeros((2, 8, 8, 2), "float32")
    x[1, 4, 4, 0] = 1.0
    z, _ = shaken(ImageCoupling((8, 8, 2), filters=8)).inverse_and_log_det(tf.constant(x))
    rows, columns = np.nonzero(np.abs(z[0, ..., 1] - z[1, ..., 1]) > 1e-6)  # examples may be rounded differently
    assert {rows.min(), columns.min()} == {2} and {rows.max(), columns.max()} == {6}


def test_a_multi_scale_flow_starts_near_orthogonal():
    """Shifts, scales and networks start at 0, nearly, so what is left are the permutations of the channels."""
    x = normal(4, 8, 8, 2)
    z, log_det = MultiScale((8, 8, 2), scales=3, steps=2, filters=8).inverse_and_log_det(x)
    np.testing.assert_allclose(log_det, 0.0, atol=0.5)
    np.testing.assert_allclose(tf.norm(z, axis=1), tf.norm(tf.reshape(x, [4, -1]), axis=1), rtol=0.02)


def test_half_of_the_values_leave_at_each_scale_but_the_last():
    """What comes after a scale changes nothing of what left before it."""
    flow, x = shaken(MultiScale((8, 8, 1), scales=3, steps=1, filters=8)), normal(1, 8, 8, 1)
    z, _ = flow.inverse_and_log_det(x)
    assert flow.latent_shape == (64,) and z.shape == (1, 64)
    for deeper, left in ((flow.rest.rest, 48), (flow.rest, 32)):
        shaken(deeper)
        changed = np.asarray(flow.inverse_and_log_det(x)[0] != z)[0]
        assert not changed[:left].any() and changed[left:].all()


def test_what_leaves_depends_on_what_stays_through_the_prior():
    """z = (leaving - mean(staying)) / scale(staying), by the convolution's two numbers for each value."""
    flow = MultiScale((4, 4, 1), scales=2, steps=1, filters=8)
    prior = shaken(flow.level[-1])
    assert [layer.kernel_size for layer in prior.conditioner.layers] == [(3, 3)]
    x = normal(2, 4, 4, 1)
    z, _ = flow.inverse_and_log_det(x)
    before = x
    for step in flow.level[:-1]:
        before = step.inverse_and_log_det(before)[0]
    staying, leaving = tf.split(before, 2, axis=-1)
    parameters = tf.reshape(prior.conditioner(staying), [2, 2, 2, 2, 2])
    expected, _ = prior.map.inverse(leaving, parameters)
    np.testing.assert_allclose(z[:, :8], tf.reshape(expected, [2, 8]), atol=1e-6)


def actnorms(flow):
    return [step for step in flow.level if isinstance(step, ActNorm)] + (actnorms(flow.rest) if flow.rest else [])


@pytest.mark.parametrize("context_dim", [0, 3])
def test_adapt_brings_each_actnorm_to_mean_0_and_deviation_1(monkeypatch, context_dim):
    flow = shaken(MultiScale(SHAPE, scales=2, steps=2, filters=8, context_dim=context_dim))
    x = 3.0 + 2.0 * normal(64, *SHAPE)
    context = context_of(flow, 64)
    flow.adapt(x, context)
    seen, usual = [], ActNorm.inverse_and_log_det

    def watched(self, *arguments):
        seen.append(usual(self, *arguments))
        return seen[-1]

    monkeypatch.setattr(ActNorm, "inverse_and_log_det", watched)
    flow.inverse_and_log_det(x, context)
    assert len(seen) == len(actnorms(flow)) == 4
    for z, _ in seen:
        np.testing.assert_allclose(tf.reduce_mean(z, [0, 1, 2]), 0.0, atol=1e-5)
        np.testing.assert_allclose(tf.math.reduce_std(z, [0, 1, 2]), 1.0, atol=1e-5)


def test_the_model_adapts_on_1024_examples_at_most(monkeypatch):
    model, rows = Glow((4, 4, 1), scales=1, steps=1, filters=4), []
    monkeypatch.setattr(MultiScale, "adapt", lambda self, x, context=None: rows.append(len(x)))
    for count in (10, 1024, 2050):
        model.adapt(np.zeros((count, 4, 4, 1), "float32"))
    assert rows == [10, 1024, 684]


@pytest.mark.parametrize("condition", [{"context_dim": 3}, {"num_classes": 3}])
def test_context_changes_the_density(condition):
    model = shaken(Glow((4, 4, 1), scales=2, steps=1, filters=8, **condition))
    x = normal(2, 4, 4, 1)
    one, other = ([1, 2], [2, 1]) if "num_classes" in condition else (np.eye(3)[[0, 1]], np.eye(3)[[1, 0]])
    assert np.all(np.abs(model.log_prob(x, one) - model.log_prob(x, other)) > 1e-3)
    z, _ = model.inverse(x, one)
    np.testing.assert_allclose(model.forward(z, one)[0], x, atol=2e-5)
    model.adapt(x, one)


def test_samples_lie_on_the_levels():
    model = shaken(Glow((4, 4, 1), scales=2, steps=1, filters=8, levels=17, logit=0.05))
    samples = model.sample(5, seed=0)
    assert samples.shape == (5, 4, 4, 1) and len(np.unique(samples)) > 5
    np.testing.assert_allclose(samples * 16, np.rint(samples * 16), atol=1e-4)


def test_density_as_a_tfp_distribution():
    model = shaken(Glow((4, 4, 1), scales=2, steps=1, filters=8))
    x = normal(3, 4, 4, 1)
    np.testing.assert_allclose(model.distribution().log_prob(x), model.log_prob(x), rtol=1e-5)


def test_float64_computes_in_float64():
    model = shaken(Glow((4, 4, 1), scales=2, steps=1, filters=8, dtype="float64"))
    z = tf.cast(normal(3, 16), "float64")
    np.testing.assert_allclose(model.inverse(model.forward(z)[0])[0], z, atol=1e-12)


def test_spline_couplings_survive_saving(tmp_path):
    options = {"bins": 4, "bound": 3.0}
    model = shaken(Glow((4, 4, 1), scales=2, steps=1, filters=4, kind="spline", options=options, num_classes=2))
    model.save(tmp_path / "glow.keras")
    restored = keras.saving.load_model(tmp_path / "glow.keras")
    x = normal(2, 4, 4, 1)
    np.testing.assert_array_equal(restored(x), model(x))


@pytest.mark.slow
def test_a_finished_run_opens_where_no_flow_was_imported(tmp_path):
    run = Run.create(tmp_path / "run", get("glow/digits"))
    run.save_model(build_model(run.recipe))
    program = "import sys; from keraszoo.runs.run import Run; print(Run.open(sys.argv[1]).model().name)"
    answer = subprocess.run([sys.executable, "-c", program, run.path], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr[-500:]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Glow((28, 28, 1), scales=3), r"scales=3 halves the image 3 times.*8\. .*Nearest: \(32, 32\)"),
        (lambda: Glow((6, 8, 1), scales=2), r"divisible by 4.*Nearest: \(8, 8\)"),
        (lambda: Glow((64,)), "Glow takes images"),
        (lambda: Glow((8, 8, 1), scales=0), "scales"),
        (lambda: Glow((8, 8, 1), steps=0), "steps"),
        (lambda: Glow((8, 8, 1), kind="cubic"), "cubic"),
        (lambda: Squeeze((3, 4, 1)), r"divisible by 2.*Nearest: \(4, 4\)"),
        (lambda: ImageCoupling((4, 4, 1)), "Nearest: Squeeze"),
        (lambda: ImageCoupling((4, 4, 2), filters=-1), "filters"),
    ],
)
def test_wrong_sizes_are_refused_in_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value) and "Received" in str(error.value)

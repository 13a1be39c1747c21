"""Products with block-triangular masks: without most of what is zero, and the same numbers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_flows import shaken

from keraszoo.bijectors import Autoregressive, MaskedNetwork
from keraszoo.bijectors.networks.masked import blocks, masked_product


def triangular(rows, columns, order):
    """The mask of `rows` units sorted by rank and of features with as many ranks, of several outputs each."""
    ranks = np.arange(rows) * 10 // rows
    of_columns = np.arange(columns) * 10 // columns
    return (order(of_columns)[None, :] >= ranks[:, None]).astype("float32")


MASKS = {
    "forward": triangular(256, 600, lambda ranks: ranks),
    "reverse": triangular(256, 600, lambda ranks: ranks[::-1]),
    "random": triangular(256, 600, lambda ranks: np.random.default_rng(0).permutation(ranks)),
    "seen by none": triangular(256, 600, lambda ranks: ranks - 4),
    "narrow": triangular(64, 600, lambda ranks: ranks),
}


@pytest.mark.parametrize("name", MASKS, ids=lambda name: name.replace(" ", "_"))
@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
def test_blocks_are_the_dense_masked_product_and_have_its_gradients(name, xla):
    mask, random = MASKS[name], np.random.default_rng(1)
    x, kernel, weights = (tf.constant(random.normal(size=size)) for size in ((7, len(mask)), mask.shape, (7, 600)))

    @tf.function(jit_compile=xla)
    def both(x, kernel):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, kernel])
            values = masked_product(x, kernel, mask), tf.matmul(x, kernel * mask.astype("float64"))
            sums = [tf.reduce_sum(weights * value) for value in values]
        return [(value, *tape.gradient(each, [x, kernel])) for value, each in zip(values, sums, strict=True)]

    for mine, dense in zip(*both(x, kernel), strict=True):
        np.testing.assert_allclose(mine, dense, atol=1e-11)


def test_blocks_leave_out_what_is_zero_where_that_pays():
    for name, share in {"forward": 0.75, "reverse": 0.75, "seen by none": 0.5}.items():
        parts = blocks(MASKS[name])
        assert [part[0] for part in parts] == [0, *(part[1] for part in parts[:-1])] and parts[-1][1] == 600
        assert sum((end - start) * height for start, end, height in parts) < share * MASKS[name].size
    for name in ("random", "narrow"):
        assert blocks(MASKS[name]) == [(0, 600, len(MASKS[name]))]


@pytest.mark.parametrize("residual", [False, True])
def test_a_wide_network_keeps_the_laws(residual):
    """What a feature sees, both directions, and the log-determinant beside the Jacobian's, of 256 sorted units."""
    options = {"hidden": (256, 256), "residual": residual, "options": {"bins": 30}}
    transform = shaken(Autoregressive(6, "spline", order="reverse", **options))
    x = tf.random.stateless_normal([3, 6], (0, 0))
    with tf.GradientTape() as tape:
        tape.watch(x)
        z, log_det = transform.inverse_and_log_det(x)
    jacobian = tape.batch_jacobian(z, x).numpy()
    np.testing.assert_array_equal(np.abs(np.tril(jacobian, -1)), 0.0)  # of the last feature first: it sees none
    np.testing.assert_allclose(np.linalg.slogdet(jacobian)[1], log_det, atol=1e-4)
    back, log_det_back = transform.forward_and_log_det(z)
    np.testing.assert_allclose(back, x, atol=1e-4)
    np.testing.assert_allclose(log_det_back, -log_det, atol=1e-3)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_wide_network_is_the_dense_one(policy):
    network = shaken(MaskedNetwork(12, 30, hidden=(256, 256), dtype=keras.DTypePolicy(policy)))
    layers = network._layers_of_weights
    assert len(blocks(layers[1][2])) > 1 and len(blocks(network._flat_mask)) > 1
    x = tf.random.stateless_normal([5, 12], (1, 0))
    h = tf.cast(x, network.compute_dtype)
    for kernel, bias, mask in layers:
        kernel, bias = (tf.cast(weight, h.dtype) for weight in (kernel.value, bias.value))
        h = tf.nn.relu(tf.matmul(h, kernel * tf.cast(mask, h.dtype)) + bias)
    kernel = network.kernel.value * network._last_mask[:, :, None]
    expected = tf.einsum("bu,ufp->bfp", tf.cast(h, tf.float32), kernel) + network.bias.value
    tolerance = 1e-5 if policy == "float32" else 0.05
    np.testing.assert_allclose(network(x), expected, atol=tolerance, rtol=tolerance)

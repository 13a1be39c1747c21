"""Laws of max pooling with positions and of its unpooling."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.layers import MaxPoolWithArgmax, MaxUnpool2D

LECTURE = np.array([[0.1, 0.6, 1.2, -0.7], [0.8, -0.2, -0.5, 0.3], [0.4, 0.9, -0.1, -0.2], [-0.6, 0.1, 0.5, 0.3]])
UNKNOWN = tf.TensorSpec([None, None, None, 3])


def images(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def test_pooling_and_unpooling_give_the_lecture_s_values():
    pooled, positions = MaxPoolWithArgmax()(tf.constant(LECTURE[None, :, :, None], tf.float32))
    np.testing.assert_allclose(pooled[0, :, :, 0], [[0.8, 1.2], [0.9, 0.5]])
    unpooled = MaxUnpool2D()([tf.constant([[1.3, 0.5], [0.4, 0.1]])[None, :, :, None], positions])
    expected = np.zeros([4, 4])
    expected[1, 0], expected[0, 2], expected[2, 1], expected[3, 2] = 1.3, 0.5, 0.4, 0.1
    np.testing.assert_allclose(unpooled[0, :, :, 0], expected)


@pytest.mark.parametrize("side", [1, 2, 3])
@pytest.mark.parametrize("jit", [False, True])
def test_pooling_agrees_with_tensorflow_s(side, jit):
    x = images(3, 6, 12, 3)
    layer = MaxPoolWithArgmax(side)
    pooled, positions = tf.function(lambda x: layer(x), input_signature=[UNKNOWN], jit_compile=jit)(x)
    theirs, where = tf.nn.max_pool_with_argmax(x, side, side, "VALID", output_dtype=tf.int32)
    assert positions.dtype == tf.int32
    np.testing.assert_array_equal(pooled, theirs)
    np.testing.assert_array_equal(positions, where)


@pytest.mark.parametrize("jit", [False, True])
def test_unpooling_inverts_where_the_maxima_were_and_is_zero_elsewhere(jit):
    x = images(3, 6, 12, 3)

    @tf.function(input_signature=[UNKNOWN], jit_compile=jit)
    def there_and_back(x):
        return MaxUnpool2D(3)(MaxPoolWithArgmax(3)(x))

    flat, back = np.reshape(x, [3, -1]), np.reshape(there_and_back(x), [3, -1])
    kept = np.zeros(flat.shape, bool)
    np.put_along_axis(kept, np.reshape(MaxPoolWithArgmax(3)(x)[1], [3, -1]), True, axis=1)
    np.testing.assert_array_equal(back, np.where(kept, flat, 0))


@pytest.mark.parametrize("jit", [False, True])
def test_of_equal_values_the_first_row_by_row_is_the_maximum(jit):
    x = tf.constant([[0.0, 1.0, 7.0, 7.0], [1.0, 1.0, 7.0, 7.0]])[None, :, :, None]
    positions = tf.function(MaxPoolWithArgmax(), jit_compile=jit)(x)[1]
    assert np.ravel(positions).tolist() == [1, 2]


def test_infinite_values_pass():
    x = tf.constant([[-np.inf, 1.0], [np.inf, 0.0]])[None, :, :, None]
    pooled, positions = MaxPoolWithArgmax()(x)
    np.testing.assert_array_equal(MaxUnpool2D()([pooled, positions])[0, :, :, 0], [[0, 0], [np.inf, 0]])


@pytest.mark.parametrize("jit", [False, True])
def test_gathering_is_the_adjoint_of_unpooling_and_unpooling_that_of_pooling(jit):
    x, values, weights = images(2, 4, 6, 3), images(2, 2, 3, 3, seed=1), images(2, 4, 6, 3, seed=2)
    positions = MaxPoolWithArgmax()(x)[1]

    @tf.function(jit_compile=jit)
    def gradients():
        with tf.GradientTape() as tape:
            tape.watch([x, values])
            scattered = tf.reduce_sum(weights * MaxUnpool2D()([values, positions]))
            pooled = tf.reduce_sum(values * MaxPoolWithArgmax()(x)[0])
        return tape.gradient([scattered, pooled], [values, x])

    by_values, by_x = gradients()
    gathered = np.take_along_axis(np.reshape(weights, [2, -1]), np.reshape(positions, [2, -1]), 1)
    maxima = np.take_along_axis(np.reshape(x, [2, -1]), np.reshape(positions, [2, -1]), 1)
    np.testing.assert_allclose(np.reshape(by_values, [2, -1]), gathered + maxima, rtol=1e-6)  # of both sums
    np.testing.assert_allclose(by_x, MaxUnpool2D()([values, positions]), rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_keeps_positions_exact(policy):
    x = tf.cast(images(1, 64, 64, 3), policy.removeprefix("mixed_"))
    pooled, positions = MaxPoolWithArgmax(dtype=policy)(x)
    theirs, where = tf.nn.max_pool_with_argmax(tf.cast(x, tf.float32), 2, 2, "VALID", output_dtype=tf.int32)
    assert pooled.dtype == x.dtype and positions.dtype == tf.int32
    np.testing.assert_array_equal(positions, where)
    np.testing.assert_array_equal(tf.cast(pooled, tf.float32), theirs)
    assert MaxUnpool2D(dtype=policy)([pooled, positions]).dtype == x.dtype


def test_pooling_survives_saving(tmp_path):
    image = keras.Input((None, None, 3))
    pooled, positions = MaxPoolWithArgmax(3)(image)
    model = keras.Model(image, [positions, MaxUnpool2D(3)([pooled, positions])])
    assert [output.dtype for output in model.outputs] == ["int32", "float32"]
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(model(images(2, 6, 9, 3)), restored(images(2, 6, 9, 3)), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("jit", [False, True])
def test_windows_that_do_not_fit_are_refused(jit):
    with pytest.raises(InputError, match=r"divisible by 2.*\(5, 8\).*Nearest: \(4, 8\)") as error:
        MaxPoolWithArgmax()(images(4, 5, 8, 3))
    assert "\n" not in str(error.value)
    pool = tf.function(lambda x: MaxPoolWithArgmax()(x), input_signature=[UNKNOWN], jit_compile=jit)
    with pytest.raises(tf.errors.InvalidArgumentError):
        pool(images(4, 5, 8, 3))


@pytest.mark.parametrize("side", [0, -2, 1.5, "2"])
def test_impossible_windows_are_refused(side):
    with pytest.raises(InputError, match=f"pool_size.*Received: pool_size={side!r}"):
        MaxPoolWithArgmax(side)


def test_values_without_positions_are_refused():
    with pytest.raises(InputError, match=r"values of shape \(2, 2, 3, 3\).*positions of shape \(2, 2, 3, 1\)"):
        MaxUnpool2D()([images(2, 2, 3, 3), tf.zeros([2, 2, 3, 1], tf.int32)])

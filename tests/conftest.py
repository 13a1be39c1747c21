"""Two logical CPU devices for the whole session, and the noise under control."""

import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import keras
import pytest
import tensorflow as tf

from keraszoo.training import choose_strategy

_CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(_CPU, [tf.config.LogicalDeviceConfiguration()] * 2)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """The offline datasets are prepared once per session, away from the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASZOO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def mirrored():
    """The one two-replica strategy of this process."""
    return choose_strategy("mirrored", 2)


@pytest.fixture
def same_noise(monkeypatch):
    """Every random draw is the same for each row of a batch, at each step, on every replica and under XLA."""

    def uniform(shape, *args, dtype=tf.float32, minval=0, maxval=1, **kwargs):
        shape = tf.convert_to_tensor(shape, tf.int32)
        states = tf.range(1, 1 + tf.reduce_prod(shape[1:]), dtype=tf.int64)
        for _ in range(3):  # Park and Miller's generator, once a pixel
            states = 48271 * states % 2147483647
        row = tf.reshape(tf.cast(states / 2147483647, dtype), tf.concat([[1], shape[1:]], 0))
        return tf.broadcast_to(minval + (maxval - minval) * row, shape)

    def normal(shape, *args, mean=0.0, stddev=1.0, dtype=tf.float32, **kwargs):
        return mean + stddev * tf.math.ndtri(uniform(shape, dtype=dtype))

    def dropout(x, rate, *args, **kwargs):
        return tf.where(uniform(tf.shape(x)) >= rate, x / (1 - rate), tf.zeros_like(x))

    monkeypatch.setattr(tf.random, "stateless_uniform", uniform)
    monkeypatch.setattr(tf.random, "stateless_normal", normal)
    monkeypatch.setattr(tf.random, "stateless_truncated_normal", normal)
    monkeypatch.setattr(tf.nn.experimental, "stateless_dropout", dropout)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session()

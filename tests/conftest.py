"""Two logical CPU devices for the whole session, and the noise under control."""

import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import keras
import pytest
import tensorflow as tf

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
    """The one two-replica strategy: a second one on the same devices would reuse the keys of the first one's collectives."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture
def same_noise(monkeypatch):
    """Every random draw is the same for each row of a batch and at each step, so replicas draw what one device draws."""
    seed = tf.constant([7, 11])

    def repeat_rows(draw):
        def drawn(shape, *args, **kwargs):
            shape = tf.convert_to_tensor(shape, tf.int32)
            kwargs["seed"] = seed
            args = args[1:]  # the caller's seed
            row = draw(tf.concat([[1], shape[1:]], 0), *args, **kwargs)
            return tf.broadcast_to(row, shape)

        return drawn

    for name in ("stateless_normal", "stateless_uniform", "stateless_truncated_normal"):
        monkeypatch.setattr(tf.random, name, repeat_rows(getattr(tf.random, name)))

    def dropout(x, rate, seed=None, noise_shape=None, **kwargs):
        kept = tf.random.stateless_uniform(tf.shape(x), None) >= rate
        return tf.where(kept, x / (1 - rate), tf.zeros_like(x))

    monkeypatch.setattr(tf.nn.experimental, "stateless_dropout", dropout)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session()

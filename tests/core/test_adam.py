"""Adam in one pass learns what Keras' Adam learns."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core import adam
from keraszoo.models import VAE

X = np.random.default_rng(0).random((65, 4, 4, 1), "float32")
SCHEDULE = keras.optimizers.schedules.ExponentialDecay(1e-3, 2, 0.9)


def learned(make, policy="float32", strategy=None):
    """The model's weights after nine steps, and the optimizer's."""
    keras.utils.set_random_seed(0)
    with (strategy or tf.distribute.get_strategy()).scope():
        vae = VAE((4, 4, 1), latent_dim=2, hidden=(16,), dtype=policy)
    vae.compile(make())
    vae.fit(X, epochs=3, verbose=0)
    return vae.get_weights(), [v.numpy() for v in vae.optimizer.variables]


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.optimizers.Adam(1e-3),
        lambda: keras.optimizers.Adam(SCHEDULE, beta_1=0.5, beta_2=0.99, epsilon=1e-3, clipnorm=0.1, use_ema=True),
        lambda: keras.optimizers.AdamW(1e-3, weight_decay=0.1),
        lambda: keras.optimizers.Adam(1e-3, gradient_accumulation_steps=2),
    ],
    ids=["adam", "clipped, averaged, scheduled", "adamw", "accumulated"],
)
def test_one_pass_learns_what_many_operations_learn(monkeypatch, make):
    several = learned(make)
    monkeypatch.setattr(adam, "LARGE", 1)
    one = learned(make)
    for a, b in zip(several[0], one[0], strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-6)
    for a, b in zip(several[1], one[1], strict=True):  # Keras' 1 - beta_2 is rounded otherwise
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_one_pass_in_other_precisions(monkeypatch, policy):
    several, _ = learned(lambda: keras.optimizers.Adam(1e-3), policy)
    monkeypatch.setattr(adam, "LARGE", 1)
    one, _ = learned(lambda: keras.optimizers.Adam(1e-3), policy)
    for a, b in zip(several, one, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-6)


def test_one_pass_on_two_replicas(monkeypatch, mirrored):
    several, _ = learned(lambda: keras.optimizers.Adam(1e-3), strategy=mirrored)
    monkeypatch.setattr(adam, "LARGE", 1)
    one, _ = learned(lambda: keras.optimizers.Adam(1e-3), strategy=mirrored)
    for a, b in zip(several, one, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-6)


def test_the_first_step_is_the_papers(monkeypatch):
    """Kingma and Ba (2015), https://arxiv.org/abs/1412.6980: the first step is -rate g / (|g| + epsilon sqrt(...))."""
    monkeypatch.setattr(adam, "LARGE", 1)
    variable = keras.Variable([1.0, -2.0, 0.5])
    optimizer = keras.optimizers.Adam(0.1, epsilon=1e-12)
    optimizer.build([variable])
    adam.in_one_pass(optimizer)
    optimizer.apply([tf.constant([3.0, -0.2, 0.01])], [variable])
    np.testing.assert_allclose(variable, [0.9, -1.9, 0.4], rtol=1e-5)


class Still(keras.optimizers.Adam):
    def update_step(self, gradient, variable, learning_rate):
        pass


def test_a_subclass_keeps_its_own_update(monkeypatch):
    monkeypatch.setattr(adam, "LARGE", 1)
    before, _ = learned(lambda: Still(0.0))
    after, _ = learned(lambda: Still(0.1))
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_amsgrad_is_keras_own(monkeypatch):
    several, _ = learned(lambda: keras.optimizers.Adam(1e-3, amsgrad=True))
    monkeypatch.setattr(adam, "LARGE", 1)
    one, _ = learned(lambda: keras.optimizers.Adam(1e-3, amsgrad=True))
    for a, b in zip(several, one, strict=True):
        np.testing.assert_array_equal(a, b)

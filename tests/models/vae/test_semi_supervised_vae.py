"""The semi-supervised VAE: its two bounds, term by term, and what it does without labels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.errors import InputError
from keraszoo.models import SemiSupervisedVAE

SHAPE, CLASSES, ROWS, ALPHA = (4, 4, 1), 3, 7, 0.3


@pytest.fixture
def made(monkeypatch):
    """A model, examples, and of each example in each class reconstruction and KL, z being the posterior mean."""
    monkeypatch.setattr(keras.random, "normal", lambda shape, **options: tf.zeros(shape))
    keras.utils.set_random_seed(3)
    vae = SemiSupervisedVAE(SHAPE, latent_dim=2, hidden=(8,), num_classes=CLASSES, alpha=ALPHA)
    random = np.random.default_rng(0)
    for variable in vae.trainable_variables:
        variable.assign(0.5 * random.normal(size=variable.shape))
    x = np.random.default_rng(1).random((ROWS, *SHAPE), "float32")
    reconstruction, kl = [], []
    for label in range(CLASSES):
        hot = np.tile(np.eye(CLASSES, dtype="float32")[label], [ROWS, 1])
        mean, log_var = np.split(vae.encoder(np.concatenate([x.reshape(ROWS, -1), hot], axis=1)).numpy(), 2, axis=1)
        logits = vae.decoder(np.concatenate([mean, hot], axis=1)).numpy()
        cross_entropy = np.logaddexp(0, logits) - x * logits
        reconstruction.append(cross_entropy.sum(axis=(1, 2, 3)))
        kl.append(0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1))
    return vae, x, np.stack(reconstruction, axis=1), np.stack(kl, axis=1)


def total(terms):
    return np.sum([terms[name] for name in SemiSupervisedVAE.term_names], axis=0)


def test_with_all_labels_the_loss_is_that_of_the_definition(made):
    vae, x, reconstruction, kl = made
    y = np.arange(ROWS) % CLASSES
    rows, log_q = np.arange(ROWS), np.log(vae.classify(x))
    bound = reconstruction[rows, y] + kl[rows, y] + np.log(CLASSES)  # -log p(y) is log 3
    terms = vae.loss_terms(x, y)
    np.testing.assert_allclose(total(terms), bound - ALPHA * log_q[rows, y], rtol=1e-4)
    np.testing.assert_allclose(terms["accuracy"], np.argmax(log_q, axis=1) == y)


def test_without_labels_it_is_the_sum_over_the_classes(made):
    vae, x, reconstruction, kl = made
    q = vae.classify(x).numpy()
    by_hand = np.zeros(ROWS)
    for label in range(CLASSES):
        bound = reconstruction[:, label] + kl[:, label] + np.log(CLASSES)
        by_hand += q[:, label] * (bound + np.log(q[:, label]))
    np.testing.assert_allclose(total(vae.loss_terms(x, np.full(ROWS, -1))), by_hand, rtol=1e-4)


def test_the_bounds_do_not_know_of_each_other(made):
    """Of a mixed batch the bounds are those of its parts; the cross-entropy is a mean over the labelled examples."""
    vae, x, _, _ = made
    y = np.array([0, -1, 2, -1, -1, 1, -1])
    both, known, unknown = vae.loss_terms(x, y), vae.loss_terms(x, np.maximum(y, 0)), vae.loss_terms(x, np.full(7, -1))
    for name in ("reconstruction", "kl", "class_kl"):
        np.testing.assert_allclose(both[name], np.where(y >= 0, known[name], unknown[name]), rtol=1e-5)
    labelled = np.flatnonzero(y >= 0)
    cross_entropy = -np.log(vae.classify(x).numpy()[labelled, y[labelled]])
    np.testing.assert_allclose(np.mean(both["classification"]), ALPHA * cross_entropy.mean(), rtol=1e-4)
    assert not np.any(both["classification"].numpy()[y < 0])


def test_a_sure_classifier_and_no_labels_are_no_reason_for_nan(made):
    vae, x, _, _ = made
    vae.classifier.layers[-1].bias.assign([1e4, -1e4, 0.0])
    for y in (np.full(ROWS, -1), np.full(ROWS, 1)):
        with tf.GradientTape() as tape:
            loss = tf.add_n([tf.reduce_sum(term) for term in vae.loss_terms(x, y, training=True).values()])
        gradients = tape.gradient(loss, [variable.value for variable in vae.trainable_variables])
        assert np.isfinite(loss) and all(np.isfinite(gradient).all() for gradient in gradients)


def test_each_class_has_a_draw_of_its_own():
    vae = SemiSupervisedVAE(SHAPE, latent_dim=2, hidden=(8,), num_classes=CLASSES)
    shapes, draw = [], keras.random.normal

    def normal(shape, **options):
        shapes.append([*shape])
        return draw(shape, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.random, "normal", normal)
        vae.loss_terms(np.zeros((ROWS, *SHAPE), "float32"), np.full(ROWS, -1))
    assert shapes == [[ROWS * CLASSES, 2]]


def test_without_labels_the_most_probable_class_is_taken(made):
    vae, x, _, _ = made
    vae.classifier.layers[-1].bias.assign([3.0, 0.0, -3.0])
    labels = np.argmax(vae.classify(x), axis=1)
    assert len(set(labels)) > 1
    np.testing.assert_array_equal(vae.encode(x), vae.encode(x, labels))
    np.testing.assert_array_equal(vae.reconstruct(x), vae.reconstruct(x, labels))
    features, q = vae.features(x).numpy(), vae.classify(x).numpy()
    means = np.stack([vae.posterior(x, label).mean() for label in range(CLASSES)], axis=1)
    np.testing.assert_allclose(features, np.concatenate([(q[:, :, None] * means).sum(axis=1), q], axis=1), atol=1e-5)


def test_bad_arguments():
    with pytest.raises(InputError, match="alpha weighs a term"):
        SemiSupervisedVAE(SHAPE, alpha=-1.0)
    with pytest.raises(InputError, match="The classifier must map"):
        SemiSupervisedVAE(SHAPE, hidden=(8,), classifier=keras.Sequential([keras.layers.Flatten()]))

"""Anomaly detection: what a model reconstructs badly is unlike what it learned from.

Sakurada and Yairi, "Anomaly Detection Using Autoencoders with Nonlinear Dimensionality Reduction" (MLSDA 2014).
"""

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from ..core.errors import InputError
from ..core.types import Array
from ..models.abilities import HasLoss, Reconstructs, required
from .codes import each_batch


def anomaly_scores(model: keras.Model, x: Array, score: str = "loss") -> np.ndarray:
    """How unusual each example is to the model.

    Args:
        model: one with `loss_terms` ("loss") or `reconstruct` ("reconstruction").
        x: array [n, ...] as the model takes it, or a `tf.data.Dataset` of batches.
        score: "loss", the sum of the model's loss terms without training's noise, those left out that depend on the
            other examples of a batch; of a VAE it is the negative ELBO of one draw from the posterior, so it varies a
            little. Or "reconstruction", the mean squared error of
            `model.reconstruct(x)`.

    Returns:
        [n] float32, higher for what is more unusual.

    Raises:
        InputError: another score, or a model that does not have it.

    Example:
        >>> from keraszoo.models import Autoencoder
        >>> anomaly_scores(Autoencoder((8, 8, 1), latent_dim=4), np.zeros([3, 8, 8, 1], "float32")).shape
        (3,)
    """
    scores = {"loss": (_loss, HasLoss), "reconstruction": (_squared_error, Reconstructs)}
    if score not in scores:
        raise InputError(f"score is one of {', '.join(scores)}. Received: {score!r}.")
    function, ability = scores[score]
    required(model, ability)
    return np.concatenate([function(model, batch) for batch in each_batch(x)]).astype("float32")


def anomaly_threshold(training_scores: Array, quantile: float = 0.99) -> float:
    """The score above which an example is called an anomaly: this share of the training scores is not above it.

    Raises:
        InputError: a quantile outside [0, 1].

    Example:
        >>> anomaly_threshold([1.0, 2.0, 3.0], quantile=0.5)
        2.0
    """
    if not 0 <= quantile <= 1:
        raise InputError(f"quantile must be from 0 to 1. Received: {quantile}.")
    return float(np.quantile(training_scores, quantile))


def roc_auc(inliers: Array, outliers: Array) -> float:
    """Area under the ROC curve: how likely an outlier scores higher than an inlier (ties count half).

    Args:
        inliers, outliers: scores [n], [m].

    Example:
        >>> roc_auc([0.1, 0.2, 0.3], [0.25, 0.4])
        0.833...
    """
    truth = np.concatenate([np.zeros(len(inliers)), np.ones(len(outliers))])
    return float(roc_auc_score(truth, np.concatenate([inliers, outliers])))


def _loss(model, batch):
    terms = model.loss_terms(batch, training=False)
    own = [name for name in model.term_names if name not in model.batch_term_names]  # measures are no part of the loss
    return tf.add_n([terms[name] for name in own]).numpy()


def _squared_error(model, batch):
    error = tf.square(tf.cast(batch, tf.float32) - model.reconstruct(batch))
    return tf.reduce_mean(tf.reshape(error, [tf.shape(error)[0], -1]), axis=1).numpy()

"""The deep feature consistent variational autoencoder: what is rebuilt are the features of a fixed network.

Hou, Shen, Sun and Qiu, "Deep Feature Consistent Variational Autoencoder" (2017), https://arxiv.org/abs/1610.00291.
"""

import numbers
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import checked_weight
from ...core.errors import InputError
from ...core.model import takes
from ...core.types import Array, Targets
from ...networks.convolutional import check_options
from ...networks.features import loss_network as make_loss_network
from .vae import VAE

REDUCTIONS = ("sum", "mean")


@keras.saving.register_keras_serializable("keraszoo")
class DFCVAE(VAE):
    """A `VAE` that compares an image x with its reconstruction y, the likelihood's mean, in the hidden layers h_l of a
    fixed network:

        alpha KL(q(z|x) || N(0, I)) + beta sum_l w_l |h_l(x) - h_l(y)|^2 / 2 + pixel_weight -log p(x|z)

    in nats per example. |.|^2 is the sum over the units of a layer: with beta and w_l of 1 the term is, up to a
    constant, -log p of the features under Gaussians of variance 1 (the identity as network gives half the squared error
    of the pixels). With reduction="mean" it is the paper's mean over the units, whose size does not depend on the
    layer's; the paper has it with features of images from 0 to 255, which are hundreds.

    The network is fixed: it is never in training mode, no optimizer knows its weights, and it is saved with the model,
    which from then on needs neither run nor file that it came from.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        loss_network: None, a convolutional network of random weights; the path of a finished run, such as one of
            `classifier/mnist`, or of a .keras file; a `Classifier` or other Keras model, of which the weights are
            copied; the name of a `keras.applications` network, such as "vgg19". See `keraszoo.networks.features`.
        layers: names of its layers, or their numbers among those that are not linear. None: the first of each
            resolution, and those of vectors.
        layer_weights: w_l >= 0, one for each layer; None: all 1.
        reduction: "sum" over the units of a layer, or "mean".
        weights: of a `keras.applications` network: None (random), "imagenet" (which Keras downloads), or a file.
        size: (height, width) to which images are resized for the network; None: only where it takes one size.
        seed: integer, of the random network's weights.
        alpha: weight of the KL, >= 0.
        beta: weight of the features, > 0.
        pixel_weight: weight of the pixels' likelihood, >= 0; 0 leaves it out.

    Example:
        >>> model = DFCVAE((8, 8, 1), latent_dim=2, hidden=(32,))
        >>> [tuple(each.shape) for each in model.compared_features(tf.zeros([4, 8, 8, 1]))]
        [(4, 8, 8, 16), (4, 4, 4, 32), (4, 2, 2, 64)]
        >>> DFCVAE((8, 8, 1), hidden=(32,), pixel_weight=1.0).term_names
        ('features', 'kl', 'reconstruction')
    """

    term_names: tuple[str, ...] = ("features", "kl")
    beta: Any = None  # the weight of the features, not of the KL

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        loss_network: Any = None,
        layers: Any = None,
        layer_weights: Any = None,
        reduction: str = "sum",
        weights: str | None = None,
        size: Any = None,
        seed: int = 0,
        alpha: float = 1.0,
        beta: Any = 0.5,
        pixel_weight: float = 0.0,
        **kwargs: Any,
    ) -> None:
        check_options(reduction=(reduction, REDUCTIONS))
        self._check_weights(alpha=alpha, beta=beta, pixel_weight=pixel_weight)
        if not beta > 0:
            raise InputError(f"beta weighs the features, which must count: it is > 0. Received: beta={beta!r}.")
        super().__init__(image_shape, latent_dim, **kwargs)
        self.reduction = reduction
        self.alpha, self.beta, self.pixel_weight = float(alpha), float(beta), float(pixel_weight)
        self.loss_network = make_loss_network(
            loss_network, self.image_shape, layers=layers, weights=weights, size=size, seed=seed
        )
        count = len(self.loss_network.network.outputs)
        if layer_weights is not None:
            layer_weights = (layer_weights,) if isinstance(layer_weights, numbers.Real) else tuple(layer_weights)
            if len(layer_weights) != count:
                raise InputError(f"layer_weights has a number for each of {count} layers. Received: {layer_weights}.")
            self._check_weights(**{f"layer_weights[{place}]": weight for place, weight in enumerate(layer_weights)})
            layer_weights = tuple(map(float, layer_weights))
        self.layer_weights = layer_weights
        if self.pixel_weight:
            self.term_names = ("features", "kl", "reconstruction")
        # the made network is what is saved: from now on the model needs neither run nor file that it came from
        self.recapture(loss_network=self.loss_network, layers=None, weights=None, size=None)

    @takes("inputs")
    def compared_features(self, x: Array) -> list[tf.Tensor]:
        """The fixed network's hidden layers: [batch, *image_shape] -> a list of [batch, ...] float32."""
        return self._features(x)

    def _features(self, x):
        return self.loss_network(tf.cast(x, tf.float32))

    def feature_distance(self, x: Array, y: Targets) -> tf.Tensor:
        """sum_l w_l |h_l(x) - h_l(y)|^2 / 2 (with reduction="mean", a mean in each layer): [batch] float32.

        Args:
            x, y: [batch, *image_shape].
        """
        pairs = list(zip(self._features(x), self._features(y), strict=True))
        over_units = tf.reduce_sum if self.reduction == "sum" else tf.reduce_mean
        distance = tf.zeros(tf.shape(x)[:1])
        for weight, (one, other) in zip(self.layer_weights or [1.0] * len(pairs), pairs, strict=True):
            squares = tf.square(one - other)
            distance += 0.5 * weight * over_units(squares, axis=list(range(1, squares.shape.rank)))
        return distance

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        q = self.posterior(x, training)
        z, log_q = q.draw(self.noise)
        output = self.decoder(z, training=training)
        terms = {
            "features": self.beta * self.feature_distance(x, self.likelihood.mean(output)),
            "kl": self.alpha * self.kl_weight * self.kl(q, z, log_q),
        }
        if self.pixel_weight:
            terms["reconstruction"] = self.pixel_weight * self.likelihood.negative_log_likelihood(x, output)
        return terms

    @staticmethod
    def _check_weights(**weights):
        for name, value in weights.items():
            checked_weight(name, value)

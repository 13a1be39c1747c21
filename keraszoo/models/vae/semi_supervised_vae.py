"""The semi-supervised VAE, M2: the class is a latent variable of the examples that have no label.

Kingma, Rezende, Mohamed and Welling, "Semi-supervised Learning with Deep Generative Models" (2014),
https://arxiv.org/abs/1406.5298.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import checked_weight, positive_integers
from ...core.inputs import Labels
from ...core.model import takes
from ...core.types import Array
from ...networks.by_size import check_network, code_encoder
from ..classes import NamesClasses
from .conditional_vae import ConditionalVAE


@keras.saving.register_keras_serializable("keraszoo")
class SemiSupervisedVAE(NamesClasses, ConditionalVAE):
    """A `ConditionalVAE` with a classifier q(y|x), which takes the place of the labels that are missing.

    With L(x, y) = -E_q(z|x, y) log p(x|y, z) + KL(q(z|x, y) || N(0, I)) - log p(y), p(y) uniform, it minimises

        of an example with a label:     L(x, y) - alpha log q(y|x)
        of one without, of label -1:    sum_y q(y|x) (L(x, y) + log q(y|x)),

    bounds of -log p(x, y) and -log p(x) but for the classifier's term. The sum goes over all classes, each with a draw
    of z of its own; where the label is known, its whole weight is on that class. The terms are the expectations over
    the class of reconstruction and KL, `class_kl`, which is KL(q(y|x) || p(y)) or -log p(y), and `classification`. That
    and the accuracy are means over the labelled examples of a batch, of all replicas.

    `encode`, `posterior` and `reconstruct` take the most probable class where they are given no labels.

    Args:
        image_shape, latent_dim, num_classes, ...: as for `ConditionalVAE`.
        alpha: of the cross-entropy, >= 0. The paper weighs the mean over the labels by .1 N in a sum over N examples,
            which is .1 here, where all is per example.
        classifier_hidden: units or filters of the classifier's hidden layers; None: as the encoder's.
        classifier: a network of your own, [batch, *image_shape] -> [batch, num_classes], logits; or the name of one,
            such as "resnet8", as `Classifier` takes it.
        class_names: names of the classes, class 0 first, which an exported `classify` answers; None: numbers.

    Example:
        >>> vae = SemiSupervisedVAE((8, 8, 1), latent_dim=2, hidden=(32,), num_classes=10)
        >>> x = tf.zeros([2, 8, 8, 1])
        >>> vae.classify(x).shape, vae.reconstruct(x).shape, vae.sample(3, seed=0, labels=7).shape
        (TensorShape([2, 10]), TensorShape([2, 8, 8, 1]), TensorShape([3, 8, 8, 1]))
    """

    term_names: tuple[str, ...] = ("reconstruction", "kl", "class_kl", "classification")
    batch_term_names: tuple[str, ...] = ("classification", "accuracy")

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        num_classes: int = 10,
        alpha: float = 0.1,
        classifier_hidden: Sequence[int] | None = None,
        classifier: keras.Layer | None = None,
        class_names: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_shape, latent_dim, num_classes=num_classes, **kwargs)
        self.alpha = checked_weight("alpha", alpha)
        if classifier is None:
            hidden = kwargs.get("hidden") if classifier_hidden is None else classifier_hidden
            options = {name: kwargs[name] for name in ("activation", "initialization") if name in kwargs}
            classifier = code_encoder(
                self.image_shape,
                self.num_classes,
                network=self.network_name,
                hidden=None if hidden is None else positive_integers("classifier_hidden", hidden),
                dtype=self.dtype_policy,
                **options,
            )
        elif isinstance(classifier, (str, dict)):
            classifier = code_encoder(self.image_shape, self.num_classes, network=classifier, dtype=self.dtype_policy)
        check_network(classifier, "classifier", self.image_shape, (self.num_classes,), logits=True)
        self.classifier = classifier
        self.targets = Labels(self.num_classes, missing=True, several=True)
        self.set_class_names(class_names)

    @property
    def metric_names(self) -> tuple[str, ...]:
        return (*super().metric_names, "accuracy")

    # ------------------------------------------------------------------ the class

    @takes("inputs")
    def logits(self, x: Array, training: bool = False) -> tf.Tensor:
        """Of q(y|x): [batch, *image_shape] -> [batch, num_classes] float32."""
        x = self.network_input(tf.cast(x, tf.float32))
        return tf.cast(self.classifier(x, training=training), tf.float32)

    def classify(self, x: Array) -> tf.Tensor:
        """Probabilities of the classes, q(y|x): [batch, *image_shape] -> [batch, num_classes] float32."""
        return tf.nn.softmax(self.logits(x))

    def _labels(self, x, labels):
        return tf.argmax(self.logits(x), axis=-1) if labels is None else labels

    @takes("inputs")
    def posterior(self, x: Array, labels: Array | int | None = None, training: bool = False) -> Any:
        """q(z|x, y) of the given labels or the most probable ones: as a `ConditionalVAE`'s."""
        return super().posterior(x, self._labels(x, labels), training)

    @takes("inputs")
    def encode(
        self, x: Array, labels: Array | int | None = None, training: bool = False, as_labels: Array | int | None = None
    ) -> tf.Tensor:
        """What `decode` takes, by the given labels or the most probable ones: as a `ConditionalVAE`'s."""
        return super().encode(x, self._labels(x, labels), training, as_labels)

    @takes("inputs")
    def features(self, x: Array) -> tf.Tensor:
        """The mean of q(z|x), then q(y|x): [batch, *image_shape] -> [batch, latent_dim + num_classes] float32."""
        shares, (q, _) = self.classify(x), self._of_each_class(x, training=False)
        means = tf.reshape(q.mean(), [-1, self.num_classes, self.latent_dim])
        return tf.concat([tf.reduce_sum(shares[:, :, None] * means, axis=1), shares], axis=1)

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        """Each example reconstructed as a member of its most probable class: [batch, *image_shape]."""
        return self.likelihood.mean(self.decoder(self.encode(x, training=training), training=training))

    # ------------------------------------------------------------------ the objective

    def _of_each_class(self, x, training):
        """q(z|x, y) of each example in each class, and the classes' codes: [batch * num_classes, ...]."""
        codes = tf.tile(tf.eye(self.num_classes), [tf.shape(x)[0], 1])
        return self.posterior_given(tf.repeat(x, self.num_classes, axis=0), codes, training), codes

    def loss_terms(self, x: Array, y: Any = None, training: bool = False) -> dict[str, tf.Tensor]:
        y = tf.cast(self.targets.tensor(y, type(self).__name__), tf.int32)
        logits = self.logits(x, training=training)
        log_q, labelled = tf.nn.log_softmax(logits), tf.cast(y >= 0, tf.float32)
        hot = tf.one_hot(y, self.num_classes)  # of -1: zeros
        shares = hot + (1.0 - labelled)[:, None] * tf.exp(log_q)

        def expected(values):
            return tf.reduce_sum(shares * tf.reshape(values, [-1, self.num_classes]), axis=1)

        q, codes = self._of_each_class(x, training)
        z, log_density = q.draw(self.noise)
        output = self.decoder_output(z, codes, training)
        reconstruction = self.likelihood.negative_log_likelihood(tf.repeat(x, self.num_classes, axis=0), output)
        negative_entropy = (1.0 - labelled) * tf.reduce_sum(tf.exp(log_q) * log_q, axis=1)
        # a mean over the labelled examples, as a term of each
        of_labelled = tf.math.divide_no_nan(labelled, self.batch_mean(labelled))
        right = tf.cast(tf.argmax(logits, axis=-1, output_type=tf.int32) == y, tf.float32)
        terms = {
            "reconstruction": expected(reconstruction),
            "kl": self.kl_weight * expected(self.kl(q, z, log_density)),
            "class_kl": math.log(self.num_classes) + negative_entropy,
            "classification": -self.alpha * of_labelled * tf.reduce_sum(hot * log_q, axis=1),
        }
        return {**terms, **self.scheduled(x), "accuracy": of_labelled * right}

    # ------------------------------------------------------------------ serving

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {"classify": (self._serve_classify, [self.inputs]), **super().serving_signatures()}

"""A classifier on an encoder: one of its own, or one that an autoencoder has learned.

Hinton, Osindero and Teh, "A Fast Learning Algorithm for Deep Belief Nets" (2006) and Bengio et al., "Greedy Layer-Wise
Training of Deep Networks" (2007): first learn a representation without labels, then classify it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import checked_weight, positive_integers, share
from ...core.errors import InputError
from ...core.inputs import Input, Labels
from ...core.model import ZooModel, takes
from ...core.types import Array, Targets
from ...layers.labels import number_of_classes
from ...layers.lenet5 import RadialBasis
from ...networks import sizes
from ...networks.by_size import encoder_alone, output_shape_of
from ...networks.convolutional import check_options
from ..classes import NamesClasses
from .auxiliary import AuxiliaryHeads

#: what makes logits of features
HEADS = {"dense": keras.layers.Dense, "rbf": RadialBasis}


@keras.saving.register_keras_serializable("keraszoo")
class Classifier(NamesClasses, ZooModel):
    """A dense layer of logits on the features of an encoder, trained by cross-entropy.

    Args:
        image_shape: shape of one example.
        num_classes: number of classes, >= 2.
        features: number of the encoder's outputs, when it is made by name; None for the network's own, such as 84 of
            "lenet5", 64 of "dense" and "resnet20", 512 of "resnet18", 4096 of "alexnet" and "vgg16".
        network: "dense", "convolutional"; a classic network, as published: "lenet5" (as it is made today),
            "lenet5_1998", "alexnet", "alexnet_one_tower", "zfnet", "vgg11", "vgg13", "vgg16c", "vgg16", "vgg19" (A to E
            of the paper), "googlenet", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", and for images of
            some 32 pixels "resnet8", "resnet14", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110"; or one of
            `keras.applications`, such as "mobilenetv2". A dictionary gives further arguments of
            `keraszoo.networks.vgg_encoder` and its like: `{"name": "vgg16", "normalization": "batch"}`,
            `{"name": "mobilenetv2", "weights": "imagenet"}`.
        hidden, activation, initialization: of the encoder by name, None for the network's own.
        auxiliary: names of layers of the encoder on which further classifiers learn, as GoogLeNet's do on
            ("inception_4a", "inception_4d"); answers do not use them.
        auxiliary_weight: of their losses, >= 0.
        head: "dense", or "rbf": LeNet-5's output, minus the squared distance to a fixed code of each class.
        encoder: a network instead, [batch, *image_shape] -> [batch, features], such as `autoencoder.encoder` of a
            trained model. It is shared, not copied: what is learned here is learned there. A name is one of `network`.
        freeze: whether the encoder stays as it is and only the last layer learns.
        dropout: share of the features that the last layer does not see in a training step (Srivastava et al., 2014),
            in [0, 1).
        label_smoothing: share of the target, in [0, 1), that all classes have alike in training (Szegedy et al., 2016,
            https://arxiv.org/abs/1512.00567); `evaluate` tells the cross-entropy of the labels themselves.
        class_names: names of the classes, class 0 first, which an exported `classify` answers; None: numbers.

    Raises:
        InputError: (a ValueError) for impossible sizes, names or networks.

    Example:
        >>> from keraszoo.models import Autoencoder
        >>> pretrained = Autoencoder((8, 8, 1), latent_dim=16)
        >>> classifier = Classifier((8, 8, 1), 10, encoder=pretrained.encoder, freeze=True)
        >>> len(classifier.trainable_variables)
        2
    """

    term_names: tuple[str, ...] = ("cross_entropy",)
    networks_or_names: tuple[str, ...] = ("encoder",)
    metric_names: tuple[str, ...] = ("accuracy",)

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        return sizes.network(shape)

    def __init__(
        self,
        image_shape: Sequence[int],
        num_classes: int = 10,
        *,
        features: int | None = None,
        network: str = "dense",
        hidden: Sequence[int] | None = None,
        activation: str | Callable | None = None,
        initialization: str | None = None,
        auxiliary: Sequence[str] = (),
        auxiliary_weight: float = 0.3,
        head: str = "dense",
        encoder: keras.Layer | None = None,
        freeze: bool = False,
        dropout: float = 0.0,
        label_smoothing: float = 0.0,
        class_names: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = positive_integers("image_shape", image_shape)
        self.num_classes = number_of_classes(num_classes)
        features = None if features is None else positive_integers("features", [features])[0]
        self.freeze = bool(freeze)
        self.dropout, self.label_smoothing = share("dropout", dropout), share("label_smoothing", label_smoothing)
        self.set_class_names(class_names)
        if encoder is None or isinstance(encoder, (str, dict)):
            hidden = None if hidden is None else positive_integers("hidden", hidden)
            encoder = encoder_alone(
                self.image_shape,
                features,
                network=network if encoder is None else encoder,
                hidden=hidden,
                activation=activation,
                initialization=initialization,
                dtype=self.dtype_policy,
            )
        shape = output_shape_of(encoder, "encoder", self.image_shape)
        self.encoder = encoder
        if len(shape) != 2:
            raise InputError(f"The encoder must return features, [batch, features]. Received one that returns {shape}.")
        self.encoder.trainable = not self.freeze
        check_options(head=(head, HEADS))
        self.head = HEADS[head](self.num_classes, dtype=self.dtype_policy, name="head")
        self.head.build(shape)
        self._drops = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy) if self.dropout else None
        self.auxiliary_weight = checked_weight("auxiliary_weight", auxiliary_weight)
        self.auxiliary_heads = None
        if auxiliary:
            auxiliary = (auxiliary,) if isinstance(auxiliary, str) else auxiliary
            self.auxiliary_heads = AuxiliaryHeads(encoder, auxiliary, self.num_classes, self.dtype_policy)
            self.term_names = ("cross_entropy", "auxiliary")
        self.inputs, self.targets = Input(self.image_shape), Labels(self.num_classes, several=True)

    @takes("inputs")
    def logits(self, x: Array, training: bool = False) -> tf.Tensor:
        """[batch, *image_shape] -> [batch, num_classes] float32."""
        return self.logits_of(self.encoder(x, training=training and not self.freeze), training)

    def logits_of(self, features: Array, training: bool = False) -> tf.Tensor:
        """Those of what the encoder gives: [batch, features] -> [batch, num_classes] float32."""
        if self._drops is not None:
            features = self._drops(features, training=training)
        return tf.cast(self.head(features), tf.float32)

    @takes("inputs")
    def features(self, x: Array) -> tf.Tensor:
        """What the encoder gives: [batch, *image_shape] -> [batch, features] float32."""
        return tf.cast(self.encoder(x, training=False), tf.float32)

    def classify(self, x: Array) -> tf.Tensor:
        """Probabilities of the classes: [batch, *image_shape] -> [batch, num_classes] float32."""
        return tf.nn.softmax(self.logits(x))

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        return tf.nn.softmax(self.logits(x, training=training))

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        y = tf.cast(self.targets.tensor(y, type(self).__name__), tf.int32)
        smoothed = self.label_smoothing if training else 0.0
        targets = (1.0 - smoothed) * tf.one_hot(y, self.num_classes) + smoothed / self.num_classes
        if self.auxiliary_heads is None:
            logits, auxiliary = self.logits(x, training=training), {}
        else:
            features, others = self.auxiliary_heads(x, encoder=self.encoder, training=training and not self.freeze)
            logits = self.logits_of(features, training)
            losses = [tf.nn.softmax_cross_entropy_with_logits(targets, each) for each in others]
            auxiliary = {"auxiliary": self.auxiliary_weight * tf.add_n(losses)}
        return {
            "cross_entropy": tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits),
            **auxiliary,
            "accuracy": tf.cast(tf.argmax(logits, axis=-1, output_type=tf.int32) == y, tf.float32),
        }

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {"classify": (self._serve_classify, [self.inputs]), "features": (self._serve_features, [self.inputs])}

    def _serve_features(self, image):
        return {"features": self.features(image)}

"""SelfSupervised: what the models that learn features of images without labels have in common."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.inputs import Input
from ...core.model import ZooModel, takes
from ...core.types import Array
from ...networks import sizes
from ...networks.by_size import encoder_alone, output_shape_of


class SelfSupervised(ZooModel):
    """Base class: an encoder, whose features are what is wanted, and a head for the task that the images set.

    The task is drawn anew in each step, in evaluation too; `features` draws nothing.

    Args:
        image_shape: (height, width, channels) of the images, whose values are in [0, 1].
        features: number of the encoder's outputs, when it is made by name; None for the network's own.
        network: "convolutional", "dense", "resnet8", "resnet18" and all others that `Classifier` takes.
        hidden, activation, initialization: of the encoder by name, None for the network's own.
        encoder: a network instead, [batch, *encoder_shape] -> [batch, features]. A name is one of `network`.

    Attributes:
        encoder_shape: shape of what the encoder takes; here the image's.
        feature_count: number of features of an image.
    """

    metric_names: tuple[str, ...] = ("accuracy",)
    networks_or_names: tuple[str, ...] = ("encoder",)

    def __init__(
        self,
        image_shape: Sequence[int],
        *,
        features: int | None = None,
        network: str = "convolutional",
        hidden: Sequence[int] | None = None,
        activation: str | Callable | None = None,
        initialization: str | None = None,
        encoder: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = positive_integers("image_shape", image_shape)
        if len(self.image_shape) != 3:
            raise InputError(
                f"{type(self).__name__} learns from images of shape (height, width, channels). Received: "
                f"image_shape={self.image_shape}."
            )
        self.check_images()
        if encoder is None or isinstance(encoder, (str, dict)):
            encoder = encoder_alone(
                self.encoder_shape,
                None if features is None else positive_integers("features", [features])[0],
                network=network if encoder is None else encoder,
                hidden=None if hidden is None else positive_integers("hidden", hidden),
                activation=activation,
                initialization=initialization,
                dtype=self.dtype_policy,
            )
        shape = output_shape_of(encoder, "encoder", self.encoder_shape)
        if len(shape) != 2 or shape[1] is None:
            raise InputError(f"The encoder must return features, [batch, features]. Received one that returns {shape}.")
        self.encoder, self.feature_count = encoder, shape[1]
        self.inputs = Input(self.image_shape, (0.0, 1.0))

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        return sizes.network(shape)

    # ------------------------------------------------------------------ what a subclass may write

    @property
    def encoder_shape(self) -> tuple[int, ...]:
        return self.image_shape

    def check_images(self) -> None:
        """Raises InputError for images that cannot set the task. Takes all here."""

    def represent(self, images: Array) -> tf.Tensor:
        """What `features` answers, of images that have passed the gate."""
        return self.encoder(images, training=False)

    # ------------------------------------------------------------------ the same for all

    def made_head(self, inputs: int, hidden: Sequence[int], outputs: int, name: str = "head") -> keras.Sequential:
        """Dense layers, [batch, inputs] -> [batch, outputs], built.

        Args:
            hidden: units of the layers before the last, rectified.
        """
        layers = [keras.layers.Dense(units, "relu", dtype=self.dtype_policy) for units in hidden]
        layers += [keras.layers.Dense(outputs, dtype=self.dtype_policy)]
        return keras.Sequential([keras.Input((inputs,)), *layers], name=name)

    @takes("inputs")
    def features(self, x: Array) -> tf.Tensor:
        """Features of images, without noise: [batch, *image_shape] -> [batch, features] float32."""
        return tf.cast(self.represent(x), tf.float32)

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        return self.features(x)

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {"features": (self._serve_features, [self.inputs])}

    def _serve_features(self, image):
        return {"features": self.features(image)}

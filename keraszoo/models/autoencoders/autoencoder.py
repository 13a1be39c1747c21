"""The autoencoder: a code from which the input can be rebuilt.

Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks", Science 313 (2006).
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.inputs import Input
from ...core.model import ZooModel, takes
from ...core.seeds import spread
from ...core.types import Array, Targets
from ...distributions import likelihoods
from ...distributions.likelihoods import Likelihood
from ...distributions.standardized import Standardized
from ...layers.normalization.standardization import Standardization
from ...networks import sizes
from ...networks.by_size import check_network, code_encoder, encoder_and_decoder
from ...networks.starts import start_output
from ..first_examples import MeasuresFirst

STARTED_ON = 512  # examples, of which a decoder's first output is set


@keras.saving.register_keras_serializable("keraszoo")
class Autoencoder(MeasuresFirst, ZooModel):
    """Encoder and decoder trained to reconstruct: minimises -log p(x | decoder(encoder(x))).

    Args:
        image_shape: shape of one example: (height, width, channels), or (features,) with dense networks.
        latent_dim: size of the code, >= 1.
        network: "dense", "convolutional" (height and width divisible by 2 per hidden layer), or "residual":
            convolutions and residual blocks throughout, the code planes of an image's size divided by 2 per hidden
            layer, so that `latent_dim` is a multiple of a plane's numbers. It is what large codes take.
        hidden: units (dense) or filters (convolutional) of the encoder's hidden layers, the decoder mirrors them;
            None: (256,), (32, 64) or (64, 128). `()` makes a dense network linear.
        downsampling: how a convolutional encoder halves the image: "stride", "max" or "average" pooling.
        upsampling: how a convolutional decoder doubles it: "transposed" convolution, "nearest" or "bilinear".
        padding: what convolutions see beyond the border: "zero", "mirrored" or "periodic"; the last two need an
            upsampling other than "transposed".
        residual_blocks: of a residual encoder and decoder each.
        activation: of the hidden layers.
        likelihood: "bernoulli", "continuous_bernoulli" or "discretized_logistic" (data in [0, 1]), "gaussian" or
            "gaussian_learned_variance", a `keraszoo.distributions.Likelihood`, or a dictionary of a name and arguments,
            such as `{"name": "discretized_logistic", "levels": 256}`.
        initialization: how the weights start: "glorot" (with LeCun's rule for the decoder's first layer) or "fan_in"
            (PyTorch's default).
        standardize: whether the networks see each feature (of images: channel) with mean 0 and standard deviation 1, as
            `adapt` has measured it; `fit` does so where nobody has. What goes in and comes out has the data's own
            scale, and so have log-densities. It takes a likelihood of any real number, such as "gaussian".
        encoder: a Keras layer or model of your own, [batch, *image_shape] -> [batch, latent_dim]; or the name of a
            network, such as "resnet18" or `{"name": "vgg11", "normalization": "batch"}`, as `Classifier` takes them.
        decoder: one of your own, [batch, latent_dim] -> [batch, *image_shape] (logits for "bernoulli"); its last axis
            is as many times longer as the likelihood takes `outputs` for each value.

    Raises:
        InputError: (a ValueError) when a size, a name or the shape of a network is impossible.

    Example:
        >>> import numpy as np
        >>> model = Autoencoder((8, 8, 1), latent_dim=4, hidden=(32,))
        >>> model.encode(np.zeros([2, 8, 8, 1], "float32")).shape
        TensorShape([2, 4])
    """

    term_names: tuple[str, ...] = ("reconstruction",)
    encoder: keras.Layer
    decoder: keras.Layer
    networks_or_names: tuple[str, ...] = ("encoder",)
    #: numbers that the encoder gives for each latent unit
    encoder_outputs = 1
    #: columns of the decoder's input besides the latent units
    condition_size = 0

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        network: str = "dense",
        hidden: Sequence[int] | None = None,
        downsampling: str = "stride",
        upsampling: str = "transposed",
        padding: str = "zero",
        residual_blocks: int = 2,
        activation: str | Callable = "relu",
        likelihood: str | dict[str, Any] | Likelihood = "bernoulli",
        initialization: str = "glorot",
        standardize: bool = False,
        encoder: str | keras.Layer | None = None,
        decoder: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = positive_integers("image_shape", image_shape)
        (self.latent_dim,) = positive_integers("latent_dim", [latent_dim])
        self.likelihood = likelihoods.get(likelihood)
        self.standardization = Standardization(self.image_shape[-1]) if standardize else None
        if standardize:
            self.likelihood = self._standardized(likelihood)
        self.inputs = Input(self.image_shape, self.likelihood.support, advice=likelihoods.ANOTHER)
        self.latents = Input((self.latent_dim + self.condition_size,), name="latent")
        self.network_name = network
        outputs, encoded = self.encoder_outputs * self.latent_dim, self.encoder_shape(encoder)
        decoded = self.likelihood.decoded_shape(self.image_shape)
        if isinstance(encoder, (str, dict)):
            encoder = code_encoder(encoded, outputs, network=encoder, dtype=self.dtype_policy)
        if encoder is None or decoder is None:
            by_size = encoder_and_decoder(
                encoded,
                outputs,
                *self.decoder_shape,
                network=network,
                hidden=None if hidden is None else positive_integers("hidden", hidden),
                decoded_shape=decoded,
                downsampling=downsampling,
                upsampling=upsampling,
                padding=padding,
                residual_blocks=residual_blocks,
                activation=activation,
                initialization=initialization,
                dtype=self.dtype_policy,
            )
            encoder = by_size[0] if encoder is None else encoder
            decoder = by_size[1] if decoder is None else decoder
        check_network(encoder, "encoder", encoded, (outputs,))
        check_network(decoder, "decoder", self.decoder_shape, decoded, logits=self.likelihood.takes_logits)
        self.encoder, self.decoder = encoder, decoder

    @property
    def decoder_shape(self) -> tuple[int, ...]:
        """Shape of what the decoder takes of one code."""
        return self.latents.shape

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        return {**sizes.network(shape), "latent_dim": sizes.code_size(shape)}

    def _standardized(self, named):
        if self.likelihood.support is not None:
            raise InputError(
                "Standardised data are any real numbers, and so must be the likelihood's. Received: standardize=True, "
                f"likelihood={named!r}. Nearest: likelihood='gaussian' or 'gaussian_learned_variance'."
            )
        return Standardized(self.likelihood, self.standardization, self.image_shape)

    def network_input(self, x: Array) -> Array:
        """Examples as the encoder takes them: standardised where the model does so."""
        return x if self.standardization is None else self.standardization(x)

    # ------------------------------------------------------------------ what is measured

    adapts = True

    @property
    def measures_in_fit(self) -> bool:
        return self.standardization is not None and not keras.ops.convert_to_numpy(self.standardization.adapted)

    def adapt(self, x: Array, y: Targets | None = None) -> None:
        """Measures what is not learned, and starts the decoder's last biases where data and likelihood want them.

        A training does it before its first step; `fit` does where the model standardises and nobody has.

        Args:
            x: examples, [rows, *image_shape], the more like all data, the better.
            y: their labels, if the model learns from (x, y).
        """
        self.check_values(x)
        x = self.inputs.tensor(x, type(self).__name__)
        if self.standardization is not None:
            self.standardization.adapt(x)
        some = tf.gather(x, spread(len(x), STARTED_ON))
        codes = tf.random.stateless_normal([len(some), *self.decoder_shape], [0, 0])
        start_output(self.decoder, self.likelihood, codes, some)

    def encoder_shape(self, encoder: Any) -> tuple[int, ...]:
        """Shape of the encoder's input for one example.

        Args:
            encoder: that of the user, or None.
        """
        return self.image_shape

    @takes("inputs")
    def encode(self, x: Array, training: bool = False) -> tf.Tensor:
        """The code of each example, which `decode` takes: [batch, *image_shape] -> [batch, latent_dim] float32."""
        return tf.cast(self.encoder(self.network_input(x), training=training), tf.float32)

    @takes("latents")
    def decode(self, z: Array) -> tf.Tensor:
        """The mean of p(x | z): [batch, latent_dim] -> [batch, *image_shape] float32."""
        return self.likelihood.mean(self.decoder(z, training=False))

    def reconstruct(self, x: Array) -> tf.Tensor:
        """Each example decoded from its code: [batch, *image_shape] -> the same shape, float32."""
        return self.decode(self.encode(x))

    def features(self, x: Array) -> tf.Tensor:
        """The representation of each example, its code: [batch, *image_shape] -> [batch, latent_dim] float32."""
        return self.encode(x)

    def code_vectors(self, x: Array, seed: int = 0) -> tf.Tensor:
        """What a density of the codes is found of: [batch, *image_shape] -> [batch, latent_dim] float32.

        Args:
            x: examples.
            seed: integer, of draws where an example has a distribution of codes.
        """
        return self.encode(x)

    def codes_of_vectors(self, vectors: Array) -> tf.Tensor:
        """The possible codes that are nearest to draws from such a density: what `decode` takes."""
        return vectors

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        return self.likelihood.mean(self.decoder(self.encode(x, training=training), training=training))

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        code = self.encode(x, training=training)
        output = self.decoder(code, training=training)
        reconstruction = self.likelihood.negative_log_likelihood(x, output)
        return {"reconstruction": reconstruction, **self.penalties(x, y, code, training)}

    def penalties(self, x: Array, y: Targets | None, code: Array, training: bool) -> dict[str, tf.Tensor]:
        """The further terms of a variant: `{name: [batch]}`, with the code of `x` at hand."""
        return {}

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        if len(self.image_shape) != 3:
            return {}
        return {"reconstructions": beside(x, self.reconstruct)}

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {
            "reconstruct": (self._serve_reconstruct, [self.inputs]),
            "encode": (self._serve_encode, [self.inputs]),
            "decode": (self._serve_decode, [Input((self.latent_dim,), name="latent")]),
        }

    def _serve_reconstruct(self, image):
        return {self.inputs.name: self.reconstruct(image)}

    def _serve_encode(self, image):
        return {"latent": self.encode(image)}

    def _serve_decode(self, latent):
        return {self.inputs.name: self.decode(latent)}


def beside(x, reconstruct):
    """Each of up to 32 images beside its reconstruction: [n, ...] -> [rows, columns, *image_shape]."""
    columns = min(4, len(x))
    x = tf.cast(x[: min(32, len(x)) // columns * columns], tf.float32)
    pairs = tf.stack([x, reconstruct(x)], axis=1)
    return tf.reshape(pairs, [-1, 2 * columns, *x.shape[1:]])

"""The autoencoder: a code from which the input can be rebuilt.

Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks", Science 313 (2006).
"""

import keras
import tensorflow as tf

from ...layers.networks import check_network, encoder_and_decoder
from ...layers.sizes import positive_integers
from ...losses import likelihoods
from ...zoo_model import ZooModel


@keras.saving.register_keras_serializable("keraszoo")
class Autoencoder(ZooModel):
    """Encoder and decoder trained to reconstruct: minimises -log p(x | decoder(encoder(x))).

    Args:
        image_shape: shape of one example: (height, width, channels), or (features,) with dense networks.
        latent_dim: size of the code, >= 1.
        network: "dense" or "convolutional" (height and width divisible by 2 per hidden layer).
        hidden: units (dense) or filters (convolutional) of the encoder's hidden layers, the decoder mirrors them;
            None: (256,) or (32, 64). `()` makes a dense network linear.
        downsampling: how a convolutional encoder halves the image: "stride", "max" or "average" pooling.
        upsampling: how a convolutional decoder doubles it: "transposed" convolution, "nearest" or "bilinear".
        padding: what convolutions see beyond the border: "zero", "mirrored" or "periodic"; the last two need an
            upsampling other than "transposed".
        activation: of the hidden layers.
        likelihood: "bernoulli", "continuous_bernoulli" or "discretized_logistic" (data in [0, 1]), "gaussian" or
            "gaussian_learned_variance", a `keraszoo.losses.Likelihood`, or a dictionary of a name and arguments, such
            as `{"name": "discretized_logistic", "levels": 256}`.
        initialization: how the weights start: "glorot" (with LeCun's rule for the decoder's first layer) or "fan_in"
            (PyTorch's default).
        encoder: a Keras layer or model of your own, [batch, *image_shape] -> [batch, latent_dim].
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

    term_names = ("reconstruction",)
    #: width of the encoder's output per latent unit
    codes = 1
    #: columns of the decoder's input besides the latent units
    condition_size = 0

    def __init__(
        self,
        image_shape,
        latent_dim=16,
        *,
        network="dense",
        hidden=None,
        downsampling="stride",
        upsampling="transposed",
        padding="zero",
        activation="relu",
        likelihood="bernoulli",
        initialization="glorot",
        encoder=None,
        decoder=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.image_shape = positive_integers("image_shape", image_shape)
        self.latent_dim = positive_integers("latent_dim", [latent_dim])[0]
        self.likelihood = likelihoods.get(likelihood)
        self._options = {
            "network": network,
            "hidden": None if hidden is None else positive_integers("hidden", hidden),
            "downsampling": downsampling,
            "upsampling": upsampling,
            "padding": padding,
            "activation": activation,
            "initialization": initialization,
        }
        self._passed = {"encoder": encoder, "decoder": decoder}
        outputs = self.codes * self.latent_dim
        encoded, latent = self.encoder_shape, self.latent_dim + self.condition_size
        decoded = self.likelihood.decoded_shape(self.image_shape)
        if encoder is None or decoder is None:
            by_size = encoder_and_decoder(
                encoded, outputs, latent, decoded_shape=decoded, dtype=self.dtype_policy, **self._options
            )
            encoder = by_size[0] if encoder is None else encoder
            decoder = by_size[1] if decoder is None else decoder
        self.encoder, self.decoder = encoder, decoder
        check_network(self.encoder, "encoder", encoded, (outputs,))
        check_network(self.decoder, "decoder", (latent,), decoded)
        self.event_shape, self.event_range = self.image_shape, self.likelihood.support
        self.built = True

    @property
    def encoder_shape(self):
        """Shape of the encoder's input for one example."""
        return self.image_shape

    def encode(self, x, training=False):
        """The code of each example: [batch, *image_shape] -> [batch, latent_dim] float32."""
        return tf.cast(self.encoder(x, training=training), tf.float32)

    def code(self, x, training=False):
        """What `decode` takes for each example to reconstruct it: [batch, *image_shape] -> [batch, latent_dim]."""
        return self.encode(x, training=training)

    def decode(self, z):
        """The mean of p(x | z): [batch, latent_dim] -> [batch, *image_shape] float32."""
        return self.likelihood.mean(self.decoder(z, training=False))

    def reconstruct(self, x):
        """Each example decoded from its code: [batch, *image_shape] -> the same shape, float32."""
        return self.decode(self.code(x))

    def call(self, x, training=False):
        return self.likelihood.mean(self.decoder(self.code(x, training=training), training=training))

    def loss_terms(self, x, y=None, training=False):
        code = self.encode(x, training=training)
        output = self.decoder(code, training=training)
        reconstruction = self.likelihood.negative_log_likelihood(x, output)
        return {"reconstruction": reconstruction, **self.penalties(x, y, code, training)}

    def penalties(self, x, y, code, training):
        """The further terms of a variant: `{name: [batch]}`, with the code of `x` at hand."""
        return {}

    def pictures(self, x, seed=0):
        if len(self.image_shape) != 3:
            return {}
        return {"reconstructions": beside(x, self.reconstruct)}

    def serving_signatures(self):
        image = tf.TensorSpec([None, *self.image_shape], tf.float32, name="image")
        latent = tf.TensorSpec([None, self.latent_dim], tf.float32, name="latent")
        return {
            "reconstruct": (self._serve_reconstruct, [image]),
            "encode": (self._serve_encode, [image]),
            "decode": (self._serve_decode, [latent]),
        }

    def _serve_reconstruct(self, image):
        return {"image": self.reconstruct(image)}

    def _serve_encode(self, image):
        return {"latent": self.encode(image)}

    def _serve_decode(self, latent):
        return {"image": self.decode(latent)}

    def get_config(self):
        return {
            **super().get_config(),
            "image_shape": self.image_shape,
            "latent_dim": self.latent_dim,
            "likelihood": keras.saving.serialize_keras_object(self.likelihood),
            **self._options,
            **{name: keras.saving.serialize_keras_object(network) for name, network in self._passed.items()},
        }


def beside(x, reconstruct):
    """Each of up to 32 images beside its reconstruction: [n, ...] -> [rows, columns, *image_shape]."""
    columns = min(4, len(x))
    x = tf.cast(x[: min(32, len(x)) // columns * columns], tf.float32)
    pairs = tf.stack([x, reconstruct(x)], axis=1)
    return tf.reshape(pairs, [-1, 2 * columns, *x.shape[1:]])

"""The VQ-VAE: a grid of discrete codes, and an autoregressive prior of them.

Van den Oord, Vinyals and Kavukcuoglu, "Neural Discrete Representation Learning" (2017),
https://arxiv.org/abs/1711.00937.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError
from ...core.inputs import Codes, Input
from ...core.model import ZooModel, takes
from ...core.seeds import spread
from ...core.types import Array, Targets
from ...core.updates import ClosedForm, Gradient, call_unchanged, infer
from ...distributions import likelihoods
from ...distributions.likelihoods import Likelihood
from ...layers.vector_quantization import VectorQuantizer, checked_codes, perplexity
from ...networks import sizes
from ...networks.by_size import check_network, grid_encoder
from ...networks.pixelcnn import PixelCNN
from ...networks.residual import residual_decoder, residual_encoder
from ...networks.starts import start_output
from ..autoencoders.autoencoder import beside
from ..first_examples import MeasuresFirst
from ..prior_sampling import PriorSampling

STARTED_ON = 512  # examples


@keras.saving.register_keras_serializable("keraszoo")
class VQVAE(MeasuresFirst, PriorSampling, ZooModel):
    """An encoder to a grid of codewords, a decoder from it, and a PixelCNN that learns which grids there are.

    Minimises -log p(x | e(z)) + beta |z - e|^2, where z is the encoder's grid of vectors and e that of the nearest
    codewords, which the decoder sees; the decoder's gradient goes to z as if e were z. In each step, in turn: encoder,
    decoder and codebook learn; the prior learns from the codes, which it does not change, to lower `prior`,
    -log p(codes).

    All terms are in nats per example, sums over the pixels and over the positions of the grid. As x and its codes
    together are no more probable than x alone, -log p(x) <= reconstruction + prior <= loss, wherever the likelihood is
    one: not for "bernoulli" and grey pixels. The measure `perplexity` tells how many codewords a batch uses: exp of the
    entropy of their shares, from 1 to `num_codes`.

    `compile` takes an optimizer for each: `optimizer` and `prior_optimizer`.

    Args:
        image_shape: (height, width, channels), height and width divisible by 2 per hidden layer.
        num_codes: number of codewords, >= 2.
        code_dim: length of each.
        hidden: filters of the encoder's hidden layers, each of which halves the image; the decoder mirrors them.
        residual_blocks: on the smallest grid, of the encoder and of the decoder.
        downsampling, upsampling, padding, activation, initialization: as for `Autoencoder`.
        likelihood: as for `Autoencoder`.
        learning: how the codebook learns: "ema", by moving averages, or "gradient", by the term `codebook`, |z - e|^2.
        decay: of the moving averages, in [0, 1).
        commitment: beta, >= 0.
        restart: codewords that are used less than this share of the mean become vectors of the batch; 0: never. By
            default 0.5 with moving averages.
        prior_filters, prior_layers, prior_kernel: of the `PixelCNN`; None layers: as many as see the whole grid.
        encoder: a network of your own, [batch, *image_shape] -> [batch, h, w, code_dim]; or the name of one, such as
            "resnet18", as `Classifier` takes it: of its maps those that halve the image once for each of `hidden`,
            under a 1x1 convolution.
        decoder: one of your own, [batch, h, w, code_dim] -> as for `Autoencoder`.

    Raises:
        InputError: (a ValueError) when a size, a name or the shape of a network is impossible.

    Example:
        >>> model = VQVAE((8, 8, 1), num_codes=16, code_dim=4, hidden=(8, 16), prior_filters=8)
        >>> model.compile("adam", prior_optimizer="adam")
        >>> codes = model.encode(tf.zeros([3, 8, 8, 1]))
        >>> codes.shape, model.decode(codes).shape, model.sample(4, seed=0).shape
        (TensorShape([3, 2, 2]), TensorShape([3, 8, 8, 1]), TensorShape([4, 8, 8, 1]))
    """

    encoder: keras.Layer
    decoder: keras.Layer
    metric_names: tuple[str, ...] = ("perplexity",)
    batch_term_names: tuple[str, ...] = ("perplexity",)
    networks_or_names: tuple[str, ...] = ("encoder",)

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        times = min(max(1, sizes.halvings(shape) - 1), 3)  # codes for patches of 2, 4 or 8 pixels
        codes = {"num_codes": 512, "code_dim": 64} if min(shape[:2]) >= 28 else {}
        return {"hidden": tuple(min(256, 64 * 2**depth) for depth in range(times)), **codes}

    def __init__(
        self,
        image_shape: Sequence[int],
        num_codes: int = 512,
        code_dim: int = 64,
        *,
        hidden: Sequence[int] = (32, 64),
        residual_blocks: int = 2,
        downsampling: str = "stride",
        upsampling: str = "transposed",
        padding: str = "zero",
        activation: str | Callable = "relu",
        initialization: str = "glorot",
        likelihood: str | dict[str, Any] | Likelihood = "bernoulli",
        learning: str = "ema",
        decay: float = 0.99,
        commitment: float = 0.25,
        restart: float | None = None,
        prior_filters: int = 32,
        prior_layers: int | None = None,
        prior_kernel: int = 3,
        encoder: str | keras.Layer | None = None,
        decoder: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = positive_integers("image_shape", image_shape)
        if len(self.image_shape) != 3:
            raise InputError(
                f"{type(self).__name__} takes images of shape (height, width, channels). "
                f"Received: image_shape={self.image_shape}."
            )
        self.num_codes = checked_codes(num_codes)
        (self.code_dim,) = positive_integers("code_dim", [code_dim])
        self.likelihood = likelihoods.get(likelihood)
        hidden = positive_integers("hidden", hidden)
        options: dict[str, Any] = {"blocks": residual_blocks, "padding": padding, "activation": activation}
        options |= {"initialization": initialization, "dtype": self.dtype_policy}
        decoded = self.likelihood.decoded_shape(self.image_shape)
        if isinstance(encoder, (str, dict)):
            halvings, policy = len(hidden), self.dtype_policy
            encoder = grid_encoder(self.image_shape, self.code_dim, halvings, network=encoder, dtype=policy)
        if encoder is None:
            encoder = residual_encoder(self.image_shape, self.code_dim, hidden, downsampling=downsampling, **options)
        if decoder is None:
            decoder = residual_decoder(self.code_dim, decoded, hidden[::-1], upsampling=upsampling, **options)
        self.encoder, self.decoder = encoder, decoder
        check_network(self.encoder, "encoder", self.image_shape, (None, None, self.code_dim))
        grid = tuple(self.encoder(keras.KerasTensor((None, *self.image_shape))).shape[1:3])
        check_network(self.decoder, "decoder", (*grid, self.code_dim), decoded, logits=self.likelihood.takes_logits)
        self.adapted = self.add_weight(name="adapted", shape=(), initializer="zeros", trainable=False, autocast=False)
        restart = (0.5 if learning == "ema" else 0.0) if restart is None else restart
        self.quantizer = VectorQuantizer(
            self.num_codes, self.code_dim, learning=learning, decay=decay, beta=commitment, restart=restart
        )
        self.prior = PixelCNN(
            grid, self.num_codes, prior_filters, layers=prior_layers, kernel=prior_kernel, dtype=self.dtype_policy
        )
        self.grid = grid
        self.inputs = Input(self.image_shape, self.likelihood.support, advice=likelihoods.ANOTHER)
        self.latents = Codes(grid, self.num_codes)

    @property
    def term_names(self) -> tuple[str, ...]:
        codebook = ("codebook",) * (self.quantizer.learning == "gradient")
        return ("reconstruction", "commitment", *codebook, "prior")

    # ------------------------------------------------------------------ what is measured

    adapts = True

    @property
    def measures_in_fit(self) -> bool:
        return not keras.ops.convert_to_numpy(self.adapted)

    def adapt(self, x: Array, y: Targets | None = None) -> None:
        """Starts the codebook at vectors that the encoder makes of data, and the decoder's last biases.

        A model that has learned nothing does it in its first `fit`, where nobody has. Codewords that start elsewhere
        are chosen by nothing: two or three of them would be left to describe all images.

        Args:
            x: examples, [rows, *image_shape], the more like all data, the better.
        """
        self.check_values(x)
        x = self.inputs.tensor(x, type(self).__name__)
        x = tf.gather(x, spread(len(x), STARTED_ON))
        self.quantizer.start(self._vectors(x))
        codes = np.random.default_rng(0).integers(0, self.num_codes, (len(x), *self.grid))
        start_output(self.decoder, self.likelihood, self.embed(codes), x)
        self.adapted.assign(1.0)

    # ------------------------------------------------------------------ learning

    def updates(self) -> dict[str, Gradient | ClosedForm]:
        networks = self.encoder.trainable_variables + self.decoder.trainable_variables
        return {
            "optimizer": Gradient(self.autoencoder_terms, networks + self.quantizer.trainable_variables),
            "prior_optimizer": Gradient(self.prior_terms, self.prior.trainable_variables),
        }

    def autoencoder_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """How badly the codewords give the image and the vectors back, and how many of the codewords are in use."""
        quantized = self.quantizer(self._vectors(x, training), training=training)
        output = self.decoder(quantized.vectors, training=training)
        terms = {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "commitment": tf.reduce_sum(quantized.commitment, axis=[1, 2]),
        }
        if "codebook" in self.term_names:
            terms["codebook"] = tf.reduce_sum(quantized.codebook, axis=[1, 2])
        return {**terms, "perplexity": tf.fill(tf.shape(x)[:1], perplexity(quantized.counts))}

    def prior_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """-log p(codes) of the codes that the encoder chooses."""
        vectors = tf.cast((call_unchanged if training else infer)(self.encoder, x), tf.float32)
        return {"prior": -self.prior.log_prob(self.quantizer.nearest(vectors))}

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        terms = {**self.autoencoder_terms(x, y, training=training), **self.prior_terms(x, y, training=training)}
        return {name: terms[name] for name in (*self.term_names, *self.metric_names)}

    # ------------------------------------------------------------------ using it

    def _vectors(self, x, training=False):
        return tf.cast(self.encoder(x, training=training), tf.float32)

    @takes("inputs")
    def encode(self, x: Array) -> tf.Tensor:
        """The codes of each example: [batch, *image_shape] -> [batch, h, w] int32, from 0 to `num_codes` - 1."""
        return self.quantizer.nearest(self._vectors(x))

    @takes("latents")
    def embed(self, codes: Array) -> tf.Tensor:
        """The codewords of a grid, what the decoder sees: [batch, h, w] integers -> [batch, h, w, code_dim] float32."""
        return self.quantizer.embed(codes)

    @takes("latents")
    def decode(self, codes: Array) -> tf.Tensor:
        """The mean of p(x | codes): [batch, h, w] integers -> [batch, *image_shape] float32.

        Raises:
            InputError: codes of another type or shape; where they are known when it is called, also of other numbers.
        """
        return self.likelihood.mean(self.decoder(self.embed(codes), training=False))

    def reconstruct(self, x: Array) -> tf.Tensor:
        """Each example decoded from its codes: [batch, *image_shape] -> the same shape, float32."""
        return self.decode(self.encode(x))

    def features(self, x: Array) -> tf.Tensor:
        """The codewords of each example side by side: [batch, *image_shape] -> [batch, h * w * code_dim] float32."""
        return tf.reshape(self.embed(self.encode(x)), [-1, math.prod(self.grid) * self.code_dim])

    @takes("inputs")
    def code_vectors(self, x: Array, seed: int = 0) -> tf.Tensor:
        """What the encoder gives before it is quantised: [batch, *image_shape] -> [batch, h * w * code_dim] float32."""
        return tf.reshape(self._vectors(x), [-1, math.prod(self.grid) * self.code_dim])

    def codes_of_vectors(self, vectors: Array) -> tf.Tensor:
        """The numbers of the nearest codewords: [batch, h * w * code_dim] -> [batch, h, w] int32."""
        return self.quantizer.nearest(tf.reshape(vectors, [-1, *self.grid, self.code_dim]))

    @takes("inputs")
    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        vectors = self.quantizer(self._vectors(x, training), training=training).vectors
        return self.likelihood.mean(self.decoder(vectors, training=training))

    @takes("inputs")
    def log_joint(self, x: Array) -> tf.Tensor:
        """log p(x | codes) + log p(codes) of each example and its codes, in nats: at most log p(x).

        Shapes:
            [batch, *image_shape] -> [batch] float32.
        """
        codes = self.encode(x)
        output = self.decoder(self.embed(codes), training=False)
        return self.prior.log_prob(codes) - self.likelihood.negative_log_likelihood(x, output)

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        samples = tf.reshape(self.sample(64, seed=seed), [8, 8, *self.image_shape])
        return {"samples": samples, "reconstructions": beside(x, self.reconstruct)}

    # ------------------------------------------------------------------ serving and saving

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {
            "reconstruct": (self._serve_reconstruct, [self.inputs]),
            "encode": (self._serve_encode, [self.inputs]),
            "decode": (self._serve_decode, [self.latents]),
            **self.sampling_signatures(),
        }

    def _serve_reconstruct(self, image):
        return {self.inputs.name: self.reconstruct(image)}

    def _serve_encode(self, image):
        codes = self.encode(image)
        return {"codes": codes, "latent": self.embed(codes)}

    def _serve_decode(self, codes):
        return {self.inputs.name: self.decode(codes)}

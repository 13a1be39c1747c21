"""The generative adversarial network.

Goodfellow et al., "Generative Adversarial Nets" (2014), https://arxiv.org/abs/1406.2661.
"""

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import checked_count, positive_integers
from ...core.errors import InputError
from ...core.inputs import Input, Seed, Temperature
from ...core.model import ZooModel, takes
from ...core.seeds import normal_rows, seed_pair
from ...core.types import Array, Targets
from ...core.updates import Gradient, call_unchanged, infer
from ...distributions.normal import StandardNormal, StandardUniform
from ...layers.differentiable_augmentation import DifferentiableAugmentation
from ...layers.packing import pack, unpack
from ...losses.adversarial import adversarial_loss
from ...losses.gradient_penalties import between, lipschitz_penalty, squared_gradient_norm
from ...networks import sizes
from ...networks.adversarial import discriminator_by_name, generator_by_name
from ...networks.by_size import check_network
from ...networks.hidden_layers import before_last
from ..point_pictures import point_pictures
from .generator_average import GeneratorAverage

PRIORS = {"normal": StandardNormal, "uniform": StandardUniform}


@keras.saving.register_keras_serializable("keraszoo")
class GAN(ZooModel):
    """A generator that makes examples of noise, and a discriminator that learns to tell them from real ones.

    In each step, in turn: the discriminator learns from the real batch and from as many new fakes; the generator, in
    each `n_critic`-th step, learns to deceive it. Each turn leaves the other network as it is, bit for bit, moving
    statistics included. Real and generated examples pass the discriminator in separate calls.

    `compile` takes an optimizer for each: `optimizer` (the generator's) and `discriminator_optimizer`.

    Args:
        image_shape: shape of one example: (height, width, channels), or (features,) with dense networks.
        latent_dim: number of noise variables, >= 1.
        loss: "non_saturating", "minimax", "least_squares", "hinge" or "wasserstein", see `keraszoo.losses.adversarial`.
        network: "dense"; "convolutional" (DCGAN's; height and width divisible by 2 per hidden layer); or "residual"
            (that of Miyato et al., 2018; height and width divisible by 2 per hidden layer of the generator).
        hidden: units or filters of the generator's hidden layers, from the latent side; None: (256, 256), (128, 64) or
            (64, 64, 32).
        discriminator_hidden: those of the discriminator, from the image side; None: (256, 256), (64, 128) or
            (32, 64, 64, 64). Blocks of the residual one halve the image down to 8 pixels.
        generator_normalization: "none", "batch", "layer" or, in residual generators of models that are told the class,
            "conditional" on it. None: conditional where it can be, else batch, but none for dense layers.
        discriminator_normalization: "none", "batch", "layer" or "spectral". None: batch for convolutional networks, or
            layer where the gradient is penalised; none for others.
        attention: the height at which self-attention (Zhang et al., 2019, https://arxiv.org/abs/1805.08318) stands in
            both networks, behind the hidden layer whose result has it; None: nowhere. Not for dense networks.
        value_range: (lowest, highest) value of the data, which a last tanh keeps; None: any real number.
        prior: of the noise: "normal", N(0, I), or "uniform", on [-1, 1].
        n_critic: steps of the discriminator, each on a batch of its own, for one of the generator.
        smoothing: one-sided label smoothing: the target for real examples is 1 - smoothing; in [0, 0.5].
        gradient_penalty: weight of (|gradient| - 1)^2 at points between real and generated examples, as in WGAN-GP.
        r1: weight of |gradient|^2 / 2 at real examples (Mescheder et al., 2018, https://arxiv.org/abs/1801.04406).
        clip: None, or the largest absolute value of the discriminator's kernels, cut after each of its steps.
        augmentation: policy of `DifferentiableAugmentation` of all that the discriminator sees, such as
            ("color", "translation", "cutout"); images only.
        packing: how many examples the discriminator judges together (PacGAN).
        average: None, or the decay of an exponential moving average of the generator, which is then what samples and
            serves; it has batch-normalisation statistics of its own.
        generator: a network of your own, [batch, latent_dim] -> [batch, *image_shape], values in the data's range.
        discriminator: one of your own, [batch, ..., packing * channels] -> [batch, 1], a logit, positive for real.

    With a penalty on its gradient a discriminator computes in float32 and must judge each example alone: no batch
    normalisation.

    Raises:
        InputError: (a ValueError) for impossible sizes, names, weights or networks that do not fit.

    Example:
        >>> model = GAN((8, 8, 1), latent_dim=16)
        >>> model.compile("adam", discriminator_optimizer="adam")
        >>> model.sample(4, seed=0).shape
        TensorShape([4, 8, 8, 1])
    """

    term_names: tuple[str, ...] = ("discriminator", "generator")
    metric_names: tuple[str, ...] = ("real_logit", "fake_logit")
    #: columns that the generator's input has besides the noise
    code_size = 0
    #: how many of them, the last ones, are the one-hot code of a class
    class_code_size = 0
    #: channels that the discriminator's input has besides the image
    condition_size = 0
    #: outputs of the discriminator besides the logit
    heads = 0
    #: how many of them are projections: linear in its last features, without a bias
    projections = 0

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        chosen = sizes.network(shape)
        return {
            "network": chosen["network"],
            "hidden": chosen["hidden"][::-1],
            "discriminator_hidden": chosen["hidden"],
            "latent_dim": max(16, sizes.code_size(shape)) if len(shape) == 3 else sizes.code_size(shape),
        }

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 64,
        *,
        loss: str = "non_saturating",
        network: str = "dense",
        hidden: Sequence[int] | None = None,
        discriminator_hidden: Sequence[int] | None = None,
        generator_normalization: str | None = None,
        discriminator_normalization: str | None = None,
        attention: int | None = None,
        value_range: Sequence[float] | None = (0.0, 1.0),
        prior: str = "normal",
        n_critic: int = 1,
        smoothing: float = 0.0,
        gradient_penalty: float = 0.0,
        r1: float = 0.0,
        clip: float | None = None,
        augmentation: Sequence[str] = (),
        packing: int = 1,
        average: float | None = None,
        generator: keras.Layer | None = None,
        discriminator: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = positive_integers("image_shape", image_shape)
        self.latent_dim = positive_integers("latent_dim", [latent_dim])[0]
        self.loss_name, self.adversarial_loss = loss, adversarial_loss(loss)
        self.n_critic = positive_integers("n_critic", [n_critic])[0]
        self.packing = positive_integers("packing", [packing])[0]
        self.value_range = _checked_range(value_range)
        self.prior, self.smoothing = _made_prior(prior, self.latent_dim), self._checked_smoothing(smoothing)
        self.gradient_penalty = _weight("gradient_penalty", gradient_penalty)
        self.r1, self.clip = _weight("r1", r1), None if clip is None else _weight("clip", clip, above=True)
        self.augmentation = tuple(augmentation)
        penalised = self.gradient_penalty or self.r1
        if self.heads and self.packing > 1:
            raise InputError(
                f"{type(self).__name__} asks more than one logit of its discriminator, for each example alone. "
                f"Received: packing={packing!r}. Nearest: packing=1."
            )
        if attention is not None:
            (attention,) = positive_integers("attention", [attention])
        checked_hidden = None if hidden is None else positive_integers("hidden", hidden)
        if generator is None:
            generator = generator_by_name(
                network, self.latent_dim + self.code_size, self.image_shape, checked_hidden,
                generator_normalization, self.value_range, self.dtype_policy,
                codes=self.class_code_size, attention=attention,
            )  # fmt: skip
        hidden_of_discriminator = discriminator_hidden
        if discriminator_hidden is not None:
            hidden_of_discriminator = positive_integers("discriminator_hidden", discriminator_hidden)
        *sides, channels = self.image_shape
        judged = (*sides, self.packing * (channels + self.condition_size))
        if discriminator_normalization is None and penalised and network == "convolutional":
            discriminator_normalization = "layer"
        if discriminator is None:
            discriminator = discriminator_by_name(
                network, judged, 1 + self.heads - self.projections, hidden_of_discriminator,
                discriminator_normalization, self.value_range, self.adversarial_loss.has_zero,
                "float32" if penalised else self.dtype_policy,
                projections=self.projections, attention=attention,
            )  # fmt: skip
        self.generator, self.discriminator = generator, discriminator
        check_network(self.generator, "generator", (self.latent_dim + self.code_size,), self.image_shape)
        check_network(self.discriminator, "discriminator", judged, (1 + self.heads,), logits=True)
        if penalised:
            _check_no_batch_normalization(self.discriminator)
            self.term_names = (*self.term_names, "penalty")
        if self.packing > 1:
            self.batch_term_names = (*self.term_names, *self.metric_names)
        self.average = None if average is None else GeneratorAverage(self.generator, average)
        self.augment = None
        if self.augmentation:
            if len(self.image_shape) != 3:
                raise InputError(f"Images can be augmented. Received: image_shape={self.image_shape}.")
            self.augment = DifferentiableAugmentation(self.augmentation, self.value_range or (0.0, 1.0))
        self.noise = keras.random.SeedGenerator()
        self.inputs = Input(
            self.image_shape,
            self.value_range,
            advice="give the model value_range=(lowest, highest), or None for any real number",
        )
        self.latents = Input((self.latent_dim + self.code_size,), name="latent")

    # ------------------------------------------------------------------ what variants write anew

    def codes(self, rows: Any, y: Targets | None = None) -> tf.Tensor | None:
        """What the generator's input has besides the noise: [rows, code_size], or None for nothing."""

    def conditioned(self, x: Array, y: Targets | None = None) -> tf.Tensor:
        """What the discriminator sees of examples x [batch, *image_shape]."""
        return x

    def logit(self, outputs: Array, y: Targets | None = None) -> tf.Tensor:
        """The logit among the discriminator's outputs: [batch, 1 + heads] -> [batch], positive for real."""
        return outputs[:, 0]

    def auxiliary_terms(
        self, outputs: Array, y: Targets | None = None, codes: Array | None = None
    ) -> dict[str, tf.Tensor]:
        """Terms of the discriminator's further outputs, which both networks lower: `{name: [batch]}`.

        The generator's are shown as "generator_<name>".

        Args:
            outputs: [batch, 1 + heads]: those for the fakes that were made of `codes`, or for real examples where
                `codes` is None.
            y: the labels.
        """
        return {}

    # ------------------------------------------------------------------ the game

    def updates(self) -> dict[str, Gradient]:
        return {
            "discriminator_optimizer": Gradient(
                self.discriminator_terms,
                self.discriminator.trainable_variables,
                after=None if self.clip is None else self._clip_kernels,
            ),
            "optimizer": Gradient(
                self.generator_terms,
                self.generator.trainable_variables,
                every=self.n_critic,
                after=None if self.average is None else self._follow_generator,
            ),
        }

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        terms: dict[str, tf.Tensor] = {}
        for update in self.updates().values():
            terms |= update.terms(x, y, training=training)
        return {name: terms[name] for name in (*self.term_names, *self.metric_names)}

    def discriminator_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """How badly the discriminator tells real examples from new fakes."""
        x, rows = tf.cast(x, tf.float32), tf.shape(x)[0]
        codes = self.codes(rows, y)
        generate = call_unchanged if training else infer
        fake = tf.stop_gradient(self._image(generate(self.generator, self._latent(rows, codes))))
        real_outputs, fake_outputs = self._judge(x, y, training), self._judge(fake, y, training)
        real, fakes = self.logit(real_outputs, y), self.logit(fake_outputs, y)
        terms = {"discriminator": self.adversarial_loss.discriminator(real, fakes, 1.0 - self.smoothing)}
        terms |= {"real_logit": tf.stop_gradient(real), "fake_logit": tf.stop_gradient(fakes)}
        if "penalty" in self.term_names:
            terms["penalty"] = self._penalty_on_gradient(x, fake, y)
        of_real, of_fake = self.auxiliary_terms(real_outputs, y), self.auxiliary_terms(fake_outputs, y, codes)
        return terms | {name: of_real.get(name, 0.0) + term for name, term in of_fake.items()}

    def generator_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """How badly new fakes pass for real."""
        rows = tf.shape(x)[0]
        codes = self.codes(rows, y)
        fake = self._image(self.generator(self._latent(rows, codes), training=training))
        outputs = self._judge(fake, y, training, unchanged=True)
        auxiliary = self.auxiliary_terms(outputs, y, codes)
        return {
            "generator": self.adversarial_loss.generator(self.logit(outputs, y)),
            **{f"generator_{name}": term for name, term in auxiliary.items()},
        }

    def _clip_kernels(self, x, y):
        for variable in self.discriminator.trainable_variables:
            if len(variable.shape) > 1:  # kernels, not biases
                variable.assign(tf.clip_by_value(tf.convert_to_tensor(variable), -self.clip, self.clip))

    def _follow_generator(self, x, y):
        rows = tf.shape(x)[0]
        steps = (self.iterations + 1) // self.n_critic
        self.average.follow(self.generator, steps, lambda: self._latent(rows, self.codes(rows, y)))

    def _judge(self, x, y, training, unchanged=False, augment=True):
        """The discriminator's outputs for each example: [batch, 1 + heads] float32."""
        x = self.augment(x) if augment and self.augment is not None else x
        outputs = self._judge_packs(x, y, training, unchanged)
        return unpack(outputs, self.packing, tf.shape(x)[0])

    def _judge_packs(self, x, y, training, unchanged=False):
        packs = pack(self.conditioned(x, y), self.packing)
        if training and unchanged:
            return tf.cast(call_unchanged(self.discriminator, packs), tf.float32)
        return tf.cast(self.discriminator(packs, training=training), tf.float32)

    def _penalty_on_gradient(self, real, fake, y):
        """The weighted penalties on the gradient of the discriminator's logit: [batch]."""
        rows = tf.shape(real)[0]

        def squared_norm(x):  # of a pack; without augmentation
            squares = squared_gradient_norm(lambda x: self.logit(self._judge_packs(x, y, training=False), y), x)
            return unpack(tf.reduce_sum(pack(squares[:, None], self.packing), axis=1), self.packing, rows)

        penalty = tf.zeros([rows])
        if self.gradient_penalty:
            position = keras.random.uniform([rows, 1], dtype="float32", seed=self.noise)[:, 0]
            position = unpack(position[:: self.packing], self.packing, rows)
            penalty += self.gradient_penalty * lipschitz_penalty(squared_norm(between(real, fake, position)))
        if self.r1:
            penalty += 0.5 * self.r1 * squared_norm(real)
        return penalty

    def _image(self, output):
        return tf.cast(output, tf.float32)

    # ------------------------------------------------------------------ noise, samples, judgements

    def _latent(self, rows, codes=None, normal=None):
        """The generator's input: noise, made of draws from N(0, 1) or new ones, and the codes."""
        if normal is None:
            normal = keras.random.normal([rows, self.latent_dim], dtype="float32", seed=self.noise)
        noise = self.prior.of_normal(normal)
        return noise if codes is None else tf.concat([noise, codes], axis=1)

    @property
    def sampler(self) -> keras.Layer:
        """The network that samples: the average where there is one, else the generator."""
        return self.generator if self.average is None else self.average.network

    @takes("latents")
    def decode(self, z: Array) -> tf.Tensor:
        """The example of each latent vector: [batch, latent_dim + codes] -> [batch, *image_shape] float32."""
        return self._image(self.sampler(z, training=False))

    def sample(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """Generated examples.

        Args:
            count: how many.
            seed: integer; the same seed gives the same samples. None: new ones each time.
            temperature: scale of the normal draws; below 1 more typical, less varied.

        Returns:
            [count, *image_shape] float32.
        """
        return self.decode(self.sample_latent(count, seed, temperature))

    def sample_latent(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """What `sample` decodes: [count, latent_dim + codes] float32, the noise first."""
        return self._seeded_latent(count, seed, temperature)

    def _seeded_latent(self, count, seed, temperature, codes=None):
        normal = temperature * tf.random.stateless_normal([checked_count(count), self.latent_dim], seed_pair(seed))
        return self._latent(count, codes, normal)

    @takes("inputs")
    def discriminate(self, x: Array, training: bool = False) -> tf.Tensor:
        """The discriminator's logits, positive for what it takes for real: [batch, *image_shape] -> [batch, 1]."""
        return self._judge(tf.cast(x, tf.float32), None, training, augment=False)[:, :1]

    @takes("inputs")
    def features(self, x: Array) -> tf.Tensor:
        """What the discriminator's last layer takes: [batch, *image_shape] -> [batch, units] float32.

        Each example is alone: a pack is made of copies of it. A discriminator that is told the class is told each in
        turn, and what it finds is averaged.
        """
        x, rows = tf.cast(x, tf.float32), tf.shape(x)[0]
        classes = [tf.fill([rows], label) for label in range(self.condition_size)] or [None]
        packs = [tf.concat([self.conditioned(x, y)] * self.packing, axis=-1) for y in classes]
        return tf.add_n([before_last(self.discriminator, each, "discriminator") for each in packs]) / len(packs)

    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        return self.discriminate(x, training)

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        if len(self.image_shape) == 3:
            return {"samples": tf.reshape(self.sample(64, seed=seed), [8, 8, *self.image_shape])}
        return point_pictures(x, self.sample(2500, seed=seed))

    # ------------------------------------------------------------------ serving and saving

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        signatures: dict[str, tuple[Callable, list]] = {
            "sample": (self._serve_sample, [Seed(), Temperature(), *self._sampled_by()]),
            "decode": (self._serve_decode, [self.latents]),
        }
        if self.packing == 1:  # a server may split a request between packs
            signatures["discriminate"] = (self._serve_discriminate, [self.inputs])
        return signatures

    def _sampled_by(self):
        """What "sample" takes besides seed and temperature."""
        return []

    def _serve_sample(self, seed, temperature):
        return {
            self.inputs.name: self.decode(
                self._latent(None, None, temperature[:, None] * normal_rows(seed, self.latent_dim))
            )
        }

    def _serve_decode(self, latent):
        return {self.inputs.name: self.decode(latent)}

    def _serve_discriminate(self, image):
        logit = self.discriminate(image)[:, 0]
        return {"logit": logit, "probability": tf.sigmoid(logit)}

    def _checked_smoothing(self, smoothing):
        if not (isinstance(smoothing, numbers.Real) and 0 <= smoothing <= 0.5):
            raise InputError(
                f"smoothing lowers the target 1 and must lie in [0, 0.5]. Received: smoothing={smoothing!r}."
            )
        if smoothing and not self.adversarial_loss.has_target:
            raise InputError(
                f"The {self.loss_name} loss has no target to smooth. Received: smoothing={smoothing!r}. "
                "Nearest: smoothing=0.0."
            )
        return float(smoothing)


def _weight(name, value, above=False):
    if not (isinstance(value, numbers.Real) and (value > 0 or (value == 0 and not above)) and value < math.inf):
        raise InputError(f"{name} must be {'> 0' if above else '>= 0'}. Received: {name}={value!r}.")
    return float(value)


def _made_prior(prior, size):
    if prior not in PRIORS:
        raise InputError(f"Unknown prior. Received: prior={prior!r}. Known: {', '.join(PRIORS)}.")
    return PRIORS[prior](size)


def _checked_range(value_range):
    if value_range is None:
        return None
    values = tuple(value_range) if isinstance(value_range, (tuple, list)) else ()
    if len(values) != 2 or not all(isinstance(v, numbers.Real) for v in values) or not values[0] < values[1]:
        raise InputError(f"value_range is (lowest, highest) or None. Received: value_range={value_range!r}.")
    return tuple(map(float, values))


def _check_no_batch_normalization(discriminator):
    for layer in discriminator._flatten_layers():
        if "BatchNormalization" in type(layer).__name__:
            raise InputError(
                "A penalty on the discriminator's gradient is taken for each example, which batch normalisation mixes "
                f"with others. Received: a discriminator with the layer {layer.name}. Nearest: "
                "discriminator_normalization='layer' or 'none'."
            )

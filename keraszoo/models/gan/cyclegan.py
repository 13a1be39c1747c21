"""CycleGAN: images of one domain become images of another, learned without pairs.

Zhu, Park, Isola and Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks" (2017),
https://arxiv.org/abs/1703.10593. The loss: Mao et al., "Least Squares Generative Adversarial Networks" (2017),
https://arxiv.org/abs/1611.04076.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import check_divisible, positive_integers
from ...core.errors import InputError
from ...core.inputs import Input
from ...core.model import ZooModel, takes
from ...core.types import Array, Targets
from ...core.updates import ClosedForm, Gradient, call_unchanged, infer
from ...layers.padding import mirror_to_multiple
from ...losses.adversarial import least_squares_discriminator, least_squares_generator
from ...networks.by_size import check_network
from ...networks.image_translation import patch_discriminator, resnet_generator

DOMAINS = ("a", "b")


@keras.saving.register_keras_serializable("keraszoo")
class CycleGAN(ZooModel):
    """Two generators, A -> B and B -> A, each against a discriminator; there and back again must be where one began.

    An example is a pair of images that have nothing to do with each other: x [batch, 2, height, width, channels] in
    [0, 1], x[:, 0] of domain A and x[:, 1] of domain B; `keraszoo.data.unpaired` makes such data. The networks see and
    give values in [-1, 1].

    In each step, in turn: the discriminators learn to tell images of their domain and translations into it apart; the
    generators learn to deceive them. Terms per example, each the sum over both directions, of means over pixels or
    patches:

    - `discriminator`: half of (D(real) - 1)^2 + D(fake)^2, .5 altogether when D knows nothing;
    - `adversarial`: (D(fake) - 1)^2;
    - `cycle`: cycle_weight |image - there and back|;
    - `identity`: cycle_weight identity_weight |image - translation into its own domain|.

    The paper's discriminators also see fakes of earlier steps, of a pool of 50; these see the current ones only.

    `compile` takes an optimizer for the generators, `optimizer`, and one for the discriminators,
    `discriminator_optimizer`.

    Args:
        pair_shape: shape of one example, (2, height, width, channels).
        hidden, blocks, upsampling, padding, activation: of the generators, see `keraszoo.layers.resnet_generator`.
        discriminator_hidden: filters of the discriminators, see `keraszoo.layers.patch_discriminator`.
        cycle_weight: >= 0.
        identity_weight: relative to the cycle's; 0 leaves the term out.
        a_to_b, b_to_a: generators of your own, [batch, height, width, channels] -> the same.
        discriminator_a, discriminator_b: of your own, [batch, height, width, channels] -> [batch, height', width', 1].

    Attributes:
        divisor: `translate` mirrors images at the borders to a height and a width that this divides.

    Raises:
        InputError: when a size or the shape of a network is impossible.

    Example:
        >>> import numpy as np
        >>> model = CycleGAN((2, 8, 8, 1), hidden=(4, 8), blocks=1, discriminator_hidden=(4,))
        >>> model.compile("adam", discriminator_optimizer="adam")
        >>> model.translate(np.zeros([3, 9, 7, 1], "float32"), to="b").shape
        TensorShape([3, 9, 7, 1])
    """

    def __init__(
        self,
        pair_shape: Sequence[int],
        *,
        hidden: Sequence[int] = (32, 64, 128),
        blocks: int = 3,
        upsampling: str = "nearest",
        padding: str = "mirrored",
        activation: str | Callable = "relu",
        discriminator_hidden: Sequence[int] = (32, 64),
        cycle_weight: float = 10.0,
        identity_weight: float = 0.5,
        a_to_b: keras.Layer | None = None,
        b_to_a: keras.Layer | None = None,
        discriminator_a: keras.Layer | None = None,
        discriminator_b: keras.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pair_shape = positive_integers("pair_shape", pair_shape)
        if len(self.pair_shape) != 4 or self.pair_shape[0] != 2:
            nearest = f" Nearest: {(2, *self.pair_shape)}." if len(self.pair_shape) == 3 else ""
            raise InputError(
                "CycleGAN learns from pairs of images, shape (2, height, width, channels). "
                f"Received: pair_shape={self.pair_shape}.{nearest}"
            )
        self.image_shape = self.pair_shape[1:]
        for name, weight in (("cycle_weight", cycle_weight), ("identity_weight", identity_weight)):
            if not weight >= 0:
                raise InputError(f"{name} weighs a term, so it must be >= 0. Received: {weight!r}.")
        self.cycle_weight, self.identity_weight = float(cycle_weight), float(identity_weight)
        self._options = {
            "hidden": positive_integers("hidden", hidden),
            "blocks": blocks,
            "upsampling": upsampling,
            "padding": padding,
            "activation": activation,
        }
        self.discriminator_hidden = positive_integers("discriminator_hidden", discriminator_hidden)
        own = any(network is not None for network in (a_to_b, b_to_a, discriminator_a, discriminator_b))
        self._sizes = self.image_shape[:2] if own else (None, None)
        self.divisor = 1
        if a_to_b is None or b_to_a is None:
            halvings = len(self._options["hidden"]) - 1
            self.divisor = 2**halvings
            times = "once" if halvings == 1 else f"{halvings} times"
            height, width = self.image_shape[:2]
            check_divisible(height, width, self.divisor, f"CycleGAN halves the image {times}")
        self.a_to_b, self.b_to_a = (self._generator() if own is None else own for own in (a_to_b, b_to_a))
        self.discriminator_a, self.discriminator_b = (
            self._discriminator() if own is None else own for own in (discriminator_a, discriminator_b)
        )
        for role in ("a_to_b", "b_to_a"):
            check_network(getattr(self, role), f"network {role}", self.image_shape, self.image_shape)
        for role in ("discriminator_a", "discriminator_b"):
            check_network(getattr(self, role), f"network {role}", self.image_shape, (None, None, 1), logits=True)
        self.inputs = Input(self.pair_shape, (0.0, 1.0), name="pair")
        self.images = Input((*self._sizes, self.image_shape[2]), (0.0, 1.0), any_size=True)

    def _generator(self):
        self._check_size("generators", "hidden", len(self._options["hidden"]) - 1)
        return resnet_generator(self.image_shape[2], **self._options, dtype=self.dtype_policy)

    def _discriminator(self):
        self._check_size("discriminators", "discriminator_hidden", len(self.discriminator_hidden))
        return patch_discriminator(self.image_shape[2], self.discriminator_hidden, dtype=self.dtype_policy)

    def _check_size(self, networks, argument, halvings):
        """Raises InputError when so little of the image would be left that it cannot be mirrored or normalised."""
        smallest = max(4, 2 ** (halvings + 1))
        if min(self.image_shape[:2]) < smallest:
            raise InputError(
                f"{halvings} halvings of the {networks} must leave 2x2 pixels, so height and width must be at least "
                f"{smallest}. Received: {self.image_shape[:2]}. Nearest: fewer entries in {argument}."
            )

    @property
    def term_names(self) -> tuple[str, ...]:
        return ("discriminator", "adversarial", "cycle", *["identity"] * (self.identity_weight > 0))

    def updates(self) -> dict[str, Gradient | ClosedForm]:
        return {
            "discriminator_optimizer": Gradient(
                self.discriminator_terms,
                self.discriminator_a.trainable_variables + self.discriminator_b.trainable_variables,
            ),
            "optimizer": Gradient(
                self.generator_terms,
                self.a_to_b.trainable_variables + self.b_to_a.trainable_variables,
            ),
        }

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        return {**self.discriminator_terms(x, training=training), **self.generator_terms(x, training=training)}

    def discriminator_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """How badly the discriminators tell images of their domain and translations into it apart."""
        a, b = scaled_pair(x)
        generate = call_unchanged if training else infer
        fake_a, fake_b = tf.stop_gradient(generate(self.b_to_a, b)), tf.stop_gradient(generate(self.a_to_b, a))

        def mistakes(discriminator, real, fake):
            return discriminator_mistakes(
                discriminator(real, training=training), discriminator(fake, training=training)
            )

        mistakes_a = mistakes(self.discriminator_a, a, fake_a)
        mistakes_b = mistakes(self.discriminator_b, b, fake_b)
        return {"discriminator": mistakes_a + mistakes_b}

    def generator_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """How badly the translations deceive, how far there and back is, and how much is changed needlessly."""
        a, b = scaled_pair(x)
        fake_a, fake_b = self._fakes(a, b, training)
        judge = call_unchanged if training else infer
        judged_a, judged_b = judge(self.discriminator_a, fake_a), judge(self.discriminator_b, fake_b)
        back_a, back_b = self._fakes(fake_a, fake_b, training)
        terms = {
            "adversarial": generator_mistakes(judged_a) + generator_mistakes(judged_b),
            "cycle": self.cycle_weight * (distance(a, back_a) + distance(b, back_b)),
        }
        if self.identity_weight > 0:
            same_a, same_b = self._fakes(b, a, training)
            terms["identity"] = self.cycle_weight * self.identity_weight * (distance(a, same_a) + distance(b, same_b))
        return terms

    def _fakes(self, a, b, training):
        """(B -> A of `b`, A -> B of `a`)."""
        return self.b_to_a(b, training=training), self.a_to_b(a, training=training)

    @takes("images")
    def translate(self, image: Array, to: str = "b") -> tf.Tensor:
        """The images as the other domain has them: [batch, H, W, channels] in [0, 1] -> the same shape.

        H and W are any where the zoo's generators are used; generators of one's own take what they take.

        Args:
            image: images of the domain that `to` is not.
            to: "a" or "b".
        """
        if to not in DOMAINS:
            raise InputError(f"Images are translated to 'a' or 'b'. Received: to={to!r}.")
        generator = self.a_to_b if to == "b" else self.b_to_a
        image = tf.cast(image, tf.float32)
        height, width = tf.unstack(tf.shape(image)[1:3])
        whole = generator(2.0 * mirror_to_multiple(image, self.divisor) - 1.0, training=False)
        translated = (tf.cast(whole[:, :height, :width], tf.float32) + 1.0) / 2.0
        return tf.ensure_shape(tf.clip_by_value(translated, 0.0, 1.0), image.shape)

    @takes("inputs")
    def call(self, x: Array, training: bool = False) -> tf.Tensor:
        """Each image in the other domain: [batch, 2, height, width, channels] -> the same shape, B first."""
        return tf.stack([self.translate(x[:, 0], to="b"), self.translate(x[:, 1], to="a")], axis=1)

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        """For each direction, rows of (image, translation, there and back again)."""
        columns = min(3, len(x))
        x = tf.cast(x[: min(24, len(x)) // columns * columns], tf.float32)
        found = {}
        for source, target in ((0, 1), (1, 0)):
            image = x[:, source]
            there = self.translate(image, to=DOMAINS[target])
            back = self.translate(there, to=DOMAINS[source])
            shown = tf.stack([image, there, back], axis=1)
            name = f"{DOMAINS[source]}_to_{DOMAINS[target]}"
            found[name] = tf.reshape(shown, [-1, 3 * columns, *self.image_shape])
        return found

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        return {"a_to_b": (self._serve_a_to_b, [self.images]), "b_to_a": (self._serve_b_to_a, [self.images])}

    def _serve_a_to_b(self, image):
        return {"image": self.translate(image, to="b")}

    def _serve_b_to_a(self, image):
        return {"image": self.translate(image, to="a")}


def discriminator_mistakes(real, fake):
    """The least-squares loss of scores [batch, ...] that should be 1 for real and 0 for fake images, [batch]."""
    return _mean(least_squares_discriminator(_float(real), _float(fake)))


def generator_mistakes(fake):
    """The least-squares loss of a generator whose images' scores [batch, ...] should be 1, [batch]."""
    return 2.0 * _mean(least_squares_generator(_float(fake)))


def distance(x, y):
    """The mean absolute difference of two images [batch, ...], [batch]."""
    return _mean(tf.abs(_float(x) - _float(y)))


def scaled_pair(x):
    """The two images of each pair, in [-1, 1]: two tensors [batch, height, width, channels]."""
    return tf.unstack(2.0 * tf.cast(x, tf.float32) - 1.0, num=2, axis=1)


def _float(x):
    return tf.cast(x, tf.float32)


def _mean(x):
    return tf.reduce_mean(x, axis=range(1, x.shape.rank))

"""The normalizing flow: data as an invertible function of noise.

Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770;
Papamakarios et al., "Normalizing Flows for Probabilistic Modeling and Inference" (2021),
https://arxiv.org/abs/1912.02762.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability.python import bijectors as tfb
from tensorflow_probability.python import distributions as tfd

from ...bijectors.composition import adapt_through, forward_through, inverse_through
from ...bijectors.elementwise.preprocessing import Logit
from ...bijectors.ready_made import ReadyMade, description, restored
from ...bijectors.transform import Transform
from ...core.checks import checked_count, positive_integers, real_numbers
from ...core.errors import InputError
from ...core.inputs import Context, Input, Labels, Seed, Temperature
from ...core.model import ZooModel, takes
from ...core.seeds import normal_rows, seed_pair
from ...core.types import Array, Targets
from ...layers.normalization.standardization import Standardization
from ...system.tables import as_array
from ..first_examples import MeasuresFirst
from .plane_pictures import plane_pictures

FREEDOM = 8.0  # degrees that Student's t starts with
DRAWN = 10_000  # of a base, to see whether it stays on the circle: of N(0, 1) 17 of them do not


def context_sizes(context_dim, context_network):
    """Length of the vector on which a flow depends, and the shape of a context, which a network may take."""
    if context_network is None:
        context_dim = positive_integers("context_dim", [context_dim])[0] if context_dim else 0
        return context_dim, (context_dim,)
    if not (isinstance(context_network, keras.Model) and context_network.built) or context_dim:
        raise InputError(
            "A context network is a keras.Model whose input has a shape, and context_dim follows from it. "
            f"Received: {type(context_network).__name__}, context_dim={context_dim!r}. Nearest: keras.Sequential that "
            "begins with keras.Input(shape)."
        )
    shapes = context_network.input_shape, context_network.output_shape
    if any(not isinstance(shape, tuple) or isinstance(shape[0], tuple) for shape in shapes) or len(shapes[1]) != 2:
        raise InputError(
            "A context network takes one context and returns a vector [batch, n]. "
            f"Received: one from {shapes[0]} to {shapes[1]}."
        )
    (_, *shape), (_, size) = shapes
    if None in (shape[-1] if shape else None, size):
        raise InputError(f"The last axes of a context network are known. Received: from {shapes[0]} to {shapes[1]}.")
    return size, tuple(shape)


@keras.saving.register_keras_serializable("keraszoo")
class Flow(MeasuresFirst, ZooModel):
    """Minimises the exact negative log-likelihood -log p(x) = -log p(z) - log |det dz/dx| in nats, z = chain^-1(x).

    Args:
        event_shape: shape of one example: (features,) or (height, width, channels).
        chain: transforms from the data's side to the latent one: `keraszoo.bijectors` or TFP bijectors.
        base: of z: a TFP distribution without variables; None: N(0, I); "student_t": Student's t of each value, whose
            degrees of freedom are learned (from 8 on), for data with heavy tails, which maps of bounded slope cannot
            make of a Gaussian (Jaini, Kobyzev, Yu and Brubaker, 2020, https://arxiv.org/abs/1907.04481).
        context_dim: length of a context, given as y, on which the density depends; 0 for none. The chain sees contexts
            of mean 0 and standard deviation 1, as measured by `adapt`.
        context_network: a Keras network of your own from contexts of any shape, such as images or sets of vectors, to
            vectors [batch, n], on which the density then depends. It learns with the flow, which passes it contexts of
            mean 0 and standard deviation 1 in each entry of the last axis. `context_dim` follows from it.
        num_classes: or the number of classes, given as integer labels y, >= 2; None for none.
        levels: number of equally spaced values in [0, 1] that the data take, such as 256: uniform dequantisation, new
            in each step, makes them continuous (Theis, van den Oord and Bethge, 2016, https://arxiv.org/abs/1511.01844).
            `log_prob` takes the middle of each level. None: the data are continuous.

    Shapes:
        x: [batch, *event_shape]; y: [batch, context_dim], what the context network takes, or [batch] integers.

    Raises:
        InputError: (a ValueError) for transforms whose shapes or contexts do not fit.

    Example:
        >>> from keraszoo.bijectors import Coupling
        >>> flow = Flow((2,), [Coupling(2, "spline"), Coupling(2, "spline", mask="odd")])
        >>> flow.log_prob(flow.sample(4, seed=0)).shape
        TensorShape([4])
    """

    term_names: tuple[str, ...] = ("negative_log_likelihood",)

    def __init__(
        self,
        event_shape: Sequence[int],
        chain: Sequence[Any],
        *,
        base: Any = None,
        context_dim: int = 0,
        context_network: keras.Layer | None = None,
        num_classes: int | None = None,
        levels: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = positive_integers("event_shape", event_shape)
        self.precision = "float64" if self.dtype_policy.compute_dtype == "float64" else "float32"
        self.num_classes = None if num_classes is None else positive_integers("num_classes", [num_classes])[0]
        self.context_dim, self.context_shape = context_sizes(context_dim, context_network)
        self.context_network = context_network
        self.levels = None if levels is None else positive_integers("levels", [levels])[0]
        if self.num_classes is not None and (self.num_classes < 2 or self.context_dim):
            raise InputError(
                "A flow depends on a context or on at least two classes. "
                f"Received: num_classes={num_classes!r}, context_dim={context_dim!r}."
            )
        self.condition_size = self.num_classes or self.context_dim
        self.chain, self.latent_shape = self._checked_chain(chain)
        self._base = base if base is None or isinstance(base, dict) else self._checked_base(base)
        self.log_degrees = None
        if self._base == "student_t":
            start = keras.initializers.Constant(math.log(FREEDOM))
            self.log_degrees = self.add_weight(
                name="log_degrees", shape=self.latent_shape, initializer=start, autocast=False
            )
        if "base" in self._captured:
            self.recapture(base=self._base)
        if "chain" in self._captured:
            self.recapture(chain=self.chain)
        self._check_base()
        self.noise = keras.random.SeedGenerator()
        self.adapted = self.add_weight(name="adapted", shape=(), initializer="zeros", trainable=False, autocast=False)
        inside = self.levels is not None or isinstance(self.chain[0], Logit)
        self.context_scale: Any = None
        if self.context_dim:
            self.context_scale = Standardization(self.context_shape[-1], dtype=self.dtype_policy)
        self.inputs = Input(
            self.event_shape,
            (0.0, 1.0) if inside else None,
            dtype=self.precision,
            advice="leave out levels= and logit=",
        )
        self.latents = Input(self.latent_shape, name="latent", dtype=self.precision)
        self.queries = self.inputs
        if self.num_classes:
            self.targets = Labels(self.num_classes)
        elif self.context_dim:
            self.targets = Context(self.context_shape, dtype=self.precision)
        if self.levels is not None:
            self.metric_names = ("bits_per_dimension",)
        if isinstance(self.chain[0], Logit):
            self.metric_names = (*self.metric_names, "logit_nll")

    def _checked_chain(self, chain):
        """The chain as transforms, and the shape of z."""
        name, shape, transforms = type(self).__name__, self.event_shape, []
        if not chain:
            raise InputError(f"{name} needs at least one transform. Received: an empty chain.")
        for index, transform in enumerate(chain):
            if isinstance(transform, tfb.Bijector):
                transform = ReadyMade(transform, shape)
            if not isinstance(transform, Transform):
                raise InputError(
                    f"A chain is made of keraszoo.bijectors and TFP bijectors. Received: {type(transform).__name__} "
                    f"at position {index}."
                )
            if transform.event_shape != shape:
                raise InputError(
                    f"Each transform takes what the one before it gives. Received: {type(transform).__name__} at "
                    f"position {index} takes {transform.event_shape}, but gets {shape}."
                )
            if transform.context_dim not in (0, self.condition_size):
                raise InputError(
                    f"The transforms take the context of the flow. Received: {type(transform).__name__} at position "
                    f"{index} takes {transform.context_dim} values, the flow has {self.condition_size}."
                )
            if transform.precision != self.precision:
                raise InputError(
                    f"The chain computes in the precision of the flow. Received: {transform.precision} in "
                    f"{type(transform).__name__} at position {index}, {self.precision} in the flow."
                )
            transforms.append(transform)
            shape = transform.latent_shape
        self._check_angles(transforms)
        return tuple(transforms), shape

    def _check_angles(self, transforms):
        """Raises InputError for a chain of the circle with a part that takes angles elsewhere: it has no density."""
        circular = [index for index, transform in enumerate(transforms) if transform.angles]
        angles = frozenset().union(*(transform.angles for transform in transforms))
        for index, transform in enumerate(transforms if circular else ()):
            brings_to_angles = isinstance(transform, ReadyMade) and index < circular[0]
            if not (transform.keeps_angles(angles) or brings_to_angles):
                raise InputError(
                    f"{type(self).__name__} maps angles to angles, by circular splines alone, and permutations where "
                    f"all features are such. Received: {type(transform).__name__} at position {index} of the chain. "
                    "Nearest: mixing='none', normalization='none' and no logit."
                )

    @staticmethod
    def _checked_base(base):
        if isinstance(base, tfd.Distribution):
            return description(base)
        if base != "student_t":
            raise InputError(f"Unknown base. Received: base={base!r}. Nearest: 'student_t', or a TFP distribution.")
        return base

    def _check_base(self):
        base = self.base
        shape = tuple(base.event_shape)
        if shape != self.latent_shape or base.batch_shape.rank:
            raise InputError(
                f"The base is one distribution of z, of event_shape {self.latent_shape}. Received: {base.name} of "
                f"event_shape {shape} and batch_shape {tuple(base.batch_shape)}. Nearest: tfd.Independent."
            )
        if base.dtype != self.precision:
            raise InputError(f"The base is in {self.precision}. Received: {base.name} in {base.dtype.name}.")
        angles = sorted(frozenset().union(*(transform.angles for transform in self.chain)))
        if angles and (self.levels is not None or self._leaves_circle(base, angles)):
            raise InputError(
                "Of angles the base lies in [-pi, pi] and there are no levels, else nothing is a density. Received: "
                f"{base.name}, levels={self.levels!r}. Nearest: the base of NSF(circular=...), or tfd.VonMises."
            )

    @staticmethod
    def _leaves_circle(base, angles):
        z = np.asarray(base.sample(DRAWN, seed=[0, 0]))
        return not (np.abs(z[:, angles]) <= math.pi + 1e-5).all()

    # ------------------------------------------------------------------ the density

    @property
    def base(self) -> tfd.Distribution:
        """The distribution of z."""
        if isinstance(self._base, dict):
            return restored(self._base)
        zeros = tf.zeros(self.latent_shape, self.precision)
        if self.log_degrees is None:
            values = tfd.Normal(zeros, tf.ones_like(zeros))
        else:
            values = tfd.StudentT(tf.exp(tf.convert_to_tensor(self.log_degrees)), zeros, tf.ones_like(zeros))
        return tfd.Independent(values, len(self.latent_shape))

    def condition(self, context: Any, rows: Any = None, training: bool = False) -> tf.Tensor | None:
        """The context as the chain takes it, or None where the flow has none.

        Args:
            context: [batch, *context_shape], [batch] integer labels, or one of them for all.
            rows: number of examples, for an answer [rows, condition_size]; None leaves one for all as it is.
            training: passed on to the context network.
        """
        name = type(self).__name__
        if not self.condition_size:
            if context is not None:
                raise InputError(f"{name} was made without a context. Received: one. Nearest: context_dim=...")
            return None
        if context is None:
            what = "labels" if self.num_classes else f"{self.targets.of_one} for each example"
            raise InputError(f"{name} depends on a context: pass {what}. Received: None.")
        if self.num_classes:
            one_for_all = not isinstance(context, tf.Tensor) and np.ndim(context) == 0
            labels = self.targets.tensor([context] if one_for_all else context, name)
            if tf.executing_eagerly():
                self.targets.check(self.targets.summary(labels), name)
            context = tf.one_hot(labels, self.num_classes, dtype=self.precision)
            context = context[0] if one_for_all else context
        else:
            context = as_array(context, name, "contexts")
            context = context if tf.is_tensor(context) else real_numbers("contexts", context)
            context = tf.cast(context, self.precision)
            if tf.executing_eagerly() and not tf.reduce_all(tf.math.is_finite(context)):
                wrong = int(tf.reduce_sum(tf.cast(~tf.math.is_finite(context), tf.int32)))
                raise InputError(f"{name} takes finite contexts. Received: {wrong} values that are NaN or infinite.")
            one_for_all = context.shape.rank == len(self.context_shape)
            context = self.targets.tensor(context[None] if one_for_all else context, name)
            context = self.context_scale(context)
            if self.context_network is not None:
                context = tf.cast(self.context_network(context, training=training), self.precision)
            context = context[0] if one_for_all else context
        if rows is None:
            return context
        count, known = context.shape[0] if context.shape.rank == 2 else 1, tf.get_static_value(rows)
        if known is not None and count not in (None, 1, known):
            raise InputError(
                f"{name} takes a context for each of the {known} examples, or one for all. Received: {count}."
            )
        return tf.broadcast_to(context, [rows, self.condition_size])

    def bijector(self, context: Array | None = None, training: bool = False) -> tfb.Bijector:
        """The whole chain as a new TFP bijector from z to x, for one call; its batch is that of the contexts."""
        condition = self.condition(context)
        return tfb.Chain([transform.bijector(condition, training) for transform in self.chain])

    def distribution(self, context: Array | None = None) -> tfd.Distribution:
        """The flow as a new `tfd.TransformedDistribution`, for one call.

        Args:
            context: None, one of [*context_shape] or a label, or a batch of them, which becomes
                the distribution's: `batch_shape` is (n,), `sample(m)` gives [m, n, *event_shape].
        """
        base, condition = self.base, self.condition(context)
        if condition is not None and condition.shape.rank == 2:
            base = tfd.BatchBroadcast(
                base, tf.shape(condition)[:1] if condition.shape[0] is None else condition.shape[:1]
            )
        return tfd.TransformedDistribution(base, self.bijector(context))

    @takes("inputs")
    def inverse(self, x: Array, context: Array | None = None, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """From data to latent: x, context -> z [batch, *latent_shape] and log |det dz/dx| [batch]."""
        x = tf.cast(x, self.precision)
        return self._inverse(x, self.condition(context, tf.shape(x)[0]), training)

    def _inverse(self, x, condition, training):
        return inverse_through(self.chain, x, condition, training)

    @takes("latents")
    def forward(self, z: Array, context: Array | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """From latent to data: z, context -> x [batch, *event_shape] and log |det dx/dz| [batch]."""
        z = tf.cast(z, self.precision)
        return forward_through(self.chain, z, self.condition(context, tf.shape(z)[0]))

    @takes("queries")
    def log_prob(self, x: Array, context: Array | None = None) -> tf.Tensor:
        """The log density, in nats; of data of `levels`, that of the unit cube at the middle of each level.

        Args:
            x: [batch, *event_shape].
            context: [batch, *context_shape] or [batch] labels; one for all will do.

        Returns:
            [batch].
        """
        x = tf.cast(x, self.precision)
        return self._log_prob(self._continuous(x, 0.5), self.condition(context, tf.shape(x)[0]))

    def _log_prob(self, x, condition, training=False):
        z, log_det = self._inverse(x, condition, training)
        return self.base.log_prob(z) + log_det

    def _continuous(self, x, position):
        """Levels as points of the unit cube, `position` in [0, 1) telling where in their cells; other data as it is."""
        return x if self.levels is None else (x * (self.levels - 1) + position) / self.levels

    def call(self, x: Array | Sequence[Array], training: bool = False) -> tf.Tensor:
        """`log_prob`, of x or of [x, context]; with classes and x alone, that in each of them: [batch, num_classes]."""
        if isinstance(x, (list, tuple)) and len(x) == 2:
            return self.log_prob(*x)
        if self.context_dim:
            raise InputError(
                f"{type(self).__name__} depends on a context. Received: examples alone. Nearest: predict([x, context])."
            )
        if not self.num_classes:
            return self.log_prob(x)
        rows = tf.shape(x)[0]
        return tf.stack([self.log_prob(x, tf.fill([rows], label)) for label in range(self.num_classes)], axis=1)

    @property
    def call_inputs(self) -> Any:
        return self.queries

    def _get_save_spec(self, dynamic_batch=True):
        return [self.inputs.spec(), self.targets.spec()] if self.context_dim else self.inputs.spec()

    def _as_learned(self, x, y, training):
        """Examples of a step, dequantised by new noise where they have levels, and their condition."""
        x = tf.cast(x, self.precision)
        if self.levels is not None:
            x = self._continuous(x, keras.random.uniform(tf.shape(x), dtype=self.precision, seed=self.noise))
        return x, self.condition(y if self.condition_size else None, tf.shape(x)[0], training)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        x, condition = self._as_learned(x, y, training)
        nll = -self._log_prob(x, condition, training)
        return {"negative_log_likelihood": nll, **self._measures(x, tf.stop_gradient(nll))}

    def _measures(self, x, nll):
        """What papers report of images, from the negative log-likelihood in the unit cube."""
        measures, size = {}, math.prod(self.event_shape)
        shown = (*self.metric_names, *self.evaluation_names)
        if "bits_per_dimension" in shown:
            measures["bits_per_dimension"] = nll / (size * math.log(2.0)) + math.log2(self.levels)
        if "logit_nll" in shown:
            measures["logit_nll"] = nll + self.chain[0].inverse_and_log_det(x)[1]
        return measures

    # ------------------------------------------------------------------ samples and codes

    def sample(
        self, count: int, seed: int | None = None, context: Array | None = None, temperature: float = 1.0
    ) -> tf.Tensor:
        """Draws from p(x | context).

        Args:
            count: how many.
            seed: integer; the same seed gives the same samples. None: new ones each time.
            context: [count, *context_shape], [count] labels, or one for all; None: each class in turn, if any.
            temperature: scale of z; below 1 more typical, less varied.

        Returns:
            [count, *event_shape].
        """
        if context is None and self.num_classes:
            context = np.arange(checked_count(count)) % self.num_classes
        return self.decode(self.sample_latent(count, seed, temperature), context)

    def sample_latent(self, count: int, seed: int | None = None, temperature: float = 1.0) -> tf.Tensor:
        """What `sample` decodes: [count, *latent_shape]."""
        return temperature * self.base.sample(checked_count(count), seed=tf.cast(seed_pair(seed), tf.int32))

    @takes("inputs")
    def encode(self, x: Array, context: Array | None = None) -> tf.Tensor:
        """The z of each example, at the middle of its levels if it has any: [batch, *latent_shape]."""
        return self._inverse(self._continuous(x, 0.5), self.condition(context, tf.shape(x)[0]), False)[0]

    @takes("inputs")
    def features(self, x: Array) -> tf.Tensor:
        """The z of each example, of a flow of classes the mean over them: [batch, *event_shape] -> [batch, d] float32.

        Raises:
            InputError: a flow that depends on contexts, which this is not told.
        """
        contexts = [tf.fill([tf.shape(x)[0]], label) for label in range(self.num_classes or 0)] or [None]
        z = tf.add_n([self.encode(x, context) for context in contexts]) / len(contexts)
        return tf.cast(tf.reshape(z, [-1, math.prod(self.latent_shape)]), tf.float32)

    def decode(self, z: Array, context: Array | None = None) -> tf.Tensor:
        """The example of each z, on its level if it has any: [batch, *event_shape]."""
        x = self.forward(z, context)[0]
        if self.levels is None:
            return x
        return tf.clip_by_value(tf.floor(x * self.levels) / (self.levels - 1), 0.0, 1.0)

    def adapt(self, x: Array, y: Targets | None = None) -> None:
        """Starts what is measured rather than learned: `Standardize`, `ActNorm`, and the scale of the contexts.

        `fit` does it once, on examples spread over all of its data, where nobody has.

        Args:
            x: [rows, *event_shape], the more like all data, the better.
            y: their contexts or labels, where the flow depends on them.
        """
        self.check_values(x, y if self.condition_size else None)
        if self.context_dim:
            self.context_scale.adapt(self.targets.tensor(y, type(self).__name__))
        x = self._continuous(self.inputs.tensor(x, type(self).__name__), 0.5)
        if not len(x):
            raise InputError(f"{type(self).__name__} learns from examples. Received: none.")
        condition = self.condition(y if self.condition_size else None, tf.shape(x)[0])
        adapt_through(self.chain, x, condition)
        self.adapted.assign(1.0)

    @property
    def adapts(self) -> bool:
        measured = any(type(transform).adapt is not Transform.adapt for transform in self.chain)
        return measured or self.context_scale is not None

    @property
    def measures_in_fit(self) -> bool:
        return self.adapts and not keras.ops.convert_to_numpy(self.adapted)

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        if self.event_shape == self.latent_shape == (2,) and not self.context_dim:
            return plane_pictures(self, x, seed)
        if len(self.event_shape) != 3 or not self.has_forward:
            return {}
        columns = self.num_classes or 8
        samples = self.sample(8 * columns, seed=seed)
        return {"samples": tf.reshape(samples, [8, columns, *self.event_shape])}

    @property
    def has_forward(self) -> bool:
        return all(transform.has_forward for transform in self.chain)

    @property
    def has_inverse(self) -> bool:
        return all(transform.has_inverse for transform in self.chain)

    # ------------------------------------------------------------------ training, serving, saving

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        context = [] if self.targets is None else [self.targets]
        signatures: dict[str, tuple[Callable, list]] = {}
        if self.has_inverse:
            signatures["log_prob"] = (self._serve_log_prob, [self.inputs, *context])
        if self.has_forward:
            signatures["sample"] = (self._serve_sample, [Seed(), Temperature(), *context])
        if self.has_inverse:
            signatures["encode"] = (self._serve_encode, [self.inputs, *context])
        if self.has_forward:
            signatures["decode"] = (self._serve_decode, [self.latents, *context])
        return signatures

    def _serve_log_prob(self, x, context=None):
        return {"log_prob": self.log_prob(x, context)}

    def _serve_sample(self, seed, temperature, context=None):
        return {self.inputs.name: self.sample_rows(seed, temperature, context)}

    def sample_rows(self, seed: Array, temperature: Array, context: Array | None = None) -> tf.Tensor:
        """A draw for each seed [batch] int64, from its own seed alone: a server may batch requests together."""
        temperature = tf.reshape(temperature, [-1] + [1] * len(self.latent_shape))
        return self.decode(temperature * self._base_rows(seed), context)

    def _base_rows(self, seed):
        """A z for each seed, from its own seed alone: [batch] int64 -> [batch, *latent_shape]."""
        if self._base is None:
            return tf.reshape(normal_rows(seed, math.prod(self.latent_shape)), [-1, *self.latent_shape])
        base = self.base
        return tf.map_fn(
            lambda row: base.sample(seed=tf.cast(tf.stack([row, 0]), tf.int32)), seed,
            fn_output_signature=tf.TensorSpec(self.latent_shape, base.dtype),
        )  # fmt: skip

    def _serve_encode(self, x, context=None):
        return {"latent": self.encode(x, context)}

    def _serve_decode(self, latent, context=None):
        return {self.inputs.name: self.decode(latent, context)}

"""ZooModel: what a model of the zoo states. Training, evaluation, saving and serving follow from it."""

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from ..core.types import Array, Targets
from ..core.updates import ClosedForm
from .inputs.batches import batch_of, check_rows
from .loop import Loop
from .replicas import global_mean
from .updates import Gradient


class ZooModel(Loop):
    """A Keras model that states its loss as terms per example; training, evaluation and the rest follow.

    A subclass writes

    - `term_names`: the names of its loss terms, in the order in which they are shown;
    - `loss_terms(x, y=None, training=False)`: `{name: [batch] float32}`, each already carrying its weight;
    - `call(x, training=False)`: what `model(x)` and `model.predict(x)` answer;
    - `inputs` and, where it learns from (x, y), `targets`: declarations of `keraszoo.core.inputs`;
    - `serving_signatures()`: what an exported model answers;

    and builds every layer in its constructor. It may have `encode(x)`, which is always what `decode` takes, `decode`,
    `posterior(x)`, the distribution q(z|x), `prior`, always a distribution, `reconstruct`, `sample(count, seed)`,
    `sample_latent(count, seed)` (what `sample` decodes) and `log_prob` where they mean something, and
    `pictures(x, seed)`. Public methods pass what they are given through the gate: see `takes`.

    The loss is the sum of the terms, averaged over the *global* batch: the examples of all replicas count alike,
    however unevenly they are spread. Each term is a metric of its own name; `loss` is their sum plus any
    regularisation losses of the layers. Models of several networks that learn against each other, and those with
    parameters in closed form, write `updates()`.

    Attributes:
        metric_names: names of further entries that `loss_terms` returns, [batch] too, which are shown but not learned
            from, such as an accuracy.
        evaluation_names: names of entries that `loss_terms` returns without `training` alone, and that `evaluate` and
            validation show: what would be too dear in every training step, such as a likelihood.
        batch_term_names: those of `term_names` that depend on the other examples of the batch; see `batch_mean`.
        inputs: an `Input`: what an example is. None: the model checks its input itself.
        targets: `Labels`, `Mask` or `Context`: what y is. None: it learns from x alone.
        smallest_batch: examples of a batch, of all replicas, that there is something to learn from.
        adapts: whether `adapt` does anything.
        calibrates: whether `calibrate` does anything.
        networks_by_name: arguments that would be networks elsewhere, but are names of such here.
        networks_or_names: arguments that may be either.
        iterations: training steps done, a weight, so that files and checkpoints hold it.
        step_in_epoch: training steps done in the epoch under way.
    """

    term_names: tuple[str, ...] = ()
    metric_names: tuple[str, ...] = ()
    evaluation_names: tuple[str, ...] = ()
    batch_term_names: tuple[str, ...] = ()
    inputs: Any = None
    targets: Any = None
    smallest_batch = 1
    adapts = False
    calibrates = False
    networks_by_name: tuple[str, ...] = ()
    networks_or_names: tuple[str, ...] = ()

    @classmethod
    def from_preset(cls, preset: str) -> Any:
        """A model of this class with trained weights: `VAE.from_preset("mnist")` is `keraszoo.load("vae/mnist")`.

        Args:
            preset: the name of a recipe of this class, or what follows its family.

        Raises:
            InputError: (a ValueError) another name, or a recipe of which there are no weights here.
        """
        from ..weights import of_class

        return of_class(cls.__name__, preset)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.term_metrics, self.epoch_sums = [], None
        self._acting, self._learned = None, {}
        self.iterations = self.add_weight(
            name="iterations", shape=(), dtype="int64", initializer="zeros", trainable=False, autocast=False,
            aggregation="only_first_replica",
        )  # fmt: skip
        self._start_counting()

    # ------------------------------------------------------------------ TensorFlow's checkpoints

    def _trackable_children(self, save_type="checkpoint", **kwargs):
        """All weights too: TensorFlow does not see those in the lists that Keras tracks, nor SeedGenerators."""
        children = super()._trackable_children(save_type, **kwargs)
        return {**children, **self._weights_by_place()} if save_type == "checkpoint" else children

    def _lookup_dependency(self, name, cached_dependencies=None):
        found = super()._lookup_dependency(name, cached_dependencies)
        return self._weights_by_place().get(name) if found is None else found

    def _weights_by_place(self):
        """`{name: tf.Variable}`; compiling, freezing and renaming change no name."""
        found = {}
        for place, layer in enumerate(self._flatten_layers()):
            seeds = [generator.state for generator in layer._seed_generators]
            kinds = {"trainable": layer._trainable_variables, "fixed": layer._non_trainable_variables, "seed": seeds}
            for kind, variables in kinds.items():
                for number, variable in enumerate(variables):
                    found[f"layer_{place}_{kind}_{number}"] = variable.value
        sums = self.epoch_sums.variables if self.epoch_sums else []
        return found | {f"sum_{variable.name}": variable.value for variable in sums}

    # ------------------------------------------------------------------ what a subclass writes

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        """The weighted loss terms of each example: `{name: [batch] float32}`, one entry per `term_names`."""
        raise NotImplementedError(f"{type(self).__name__} must define loss_terms(x, y=None, training=False)")

    def updates(self) -> Mapping[str, Gradient | ClosedForm]:
        """Who learns what: `{name: Gradient | ClosedForm}`, in the order of their turns in a training step.

        The name of a `Gradient` is an argument of `compile`, which takes its optimizer. `loss_terms` of a model with
        several updates is all of their terms together.
        """
        return {"optimizer": Gradient(self.loss_terms, self.trainable_variables)}

    def serving_signatures(self) -> dict[str, tuple[Callable, list]]:
        """`{signature name: (method, [declaration])}`; the first is the server's default.

        Each method takes one tensor for each declaration, in order, and returns `{output name: tensor}`. The names of
        the declarations are the wire names; every input and output has the batch as its first dimension. What a
        declaration says of the numbers is what a row must hold to be answered, see `keraszoo.export.guards`; in its
        place may stand a `tf.TensorSpec`, which says nothing of them.
        """
        raise NotImplementedError(f"{type(self).__name__} has nothing to serve: it defines no serving_signatures()")

    @classmethod
    def sizes_for(cls, shape: Sequence[int]) -> dict[str, Any]:
        """Arguments of the constructor that suit examples of this shape: `{name: value}`. Nothing here.

        A recipe that is trained on other data than its own takes them, where the user gives none.
        """
        return {}

    def adapt(self, x: Array, y: Targets | None = None) -> None:
        """Sets what is measured on data before training, not learned. Nothing here.

        Args:
            x: examples, [rows, ...].
            y: their labels, if the model learns from (x, y).
        """

    def calibrate(self, x: Array, y: Targets | None = None) -> None:
        """Sets what is chosen on data after training, such as a threshold. Nothing here.

        Args:
            x: a few examples as arrays, held out of the training where the recipe says so.
            y: their labels, if the model learns from (x, y).
        """

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        """What to look at while training: `{name: [rows, columns, height, width, channels] in [0, 1]}`.

        Args:
            x: a few examples, [n, ...].
            seed: integer; the same seed gives the same samples, so epochs can be compared.
        """
        return {}

    # ------------------------------------------------------------------ the gate

    def gate(self, data: Any) -> Any:
        """A batch as this model takes it: x, y and the examples' weights; InputError for anything else.

        Args:
            data: x, (x, y), (x, y, weights), or a dictionary of them.
        """
        return batch_of(self.inputs, self.targets, data, type(self).__name__)

    def check_values(self, x: Array | None = None, y: Targets | None = None) -> None:
        """Raises InputError for numbers that are not this model's, in arrays or eager tensors of any number of rows."""
        for declared, values in ((self.inputs, x), (self.targets, y)):
            if declared is not None and values is not None:
                values = declared.tensor(values, type(self).__name__)
                declared.check(declared.summary(values), type(self).__name__)

    def batch_mean(self, values: Array) -> tf.Tensor:
        """The mean over the examples of the global batch, for terms that depend on it: [batch, ...] -> [...] float32.

        It is the same on every replica, and gradients flow through it to all of them.
        """
        return global_mean(values)

    @property
    def call_inputs(self) -> Any:
        """The declaration of what `call` and `predict` take, where it is not what the model learns from."""
        return self.inputs

    def _get_save_spec(self, dynamic_batch=True):
        """What TensorFlow's converters ask a Keras model for: the specification of what `call` takes, or a list."""
        return None if self.call_inputs is None else self.call_inputs.spec()

    def export(
        self,
        filepath: str | os.PathLike,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Keras' export of `call`, without a call before it. `keraszoo.export.export` writes all signatures."""
        spec = self._get_save_spec()
        if input_signature is None and spec is not None:
            input_signature = [tf.nest.map_structure(_keras_spec, spec)]
        return super().export(filepath, format, verbose, input_signature, **kwargs)


def _keras_spec(spec):
    return keras.InputSpec(shape=tuple(spec.shape), dtype=spec.dtype.name, name=spec.name)


def takes(declaration: str) -> Callable:
    """Decorator of a method: its first argument passes the gate, as the declaration in that attribute says.

    Structure, shape and dtype are checked inside graphs too, the numbers where they are known.

    Args:
        declaration: name of an attribute of the model, such as "inputs"; None there lets everything through.
    """

    def decorate(method):
        @functools.wraps(method)
        def checked(self, x, *args, **kwargs):
            declared = getattr(self, declaration)
            if declared is not None:
                who = type(self).__name__
                x = declared.tensor(x, who)
                if tf.executing_eagerly() and x.shape[0]:
                    declared.check(declared.summary(x), who)
                elif declaration != "latents":  # there may be no code to decode, of no sample
                    check_rows(x, who)
            return method(self, x, *args, **kwargs)

        return checked

    return decorate

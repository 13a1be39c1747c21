"""Recipe: which model to train on what, how, and what must come out. Imports no TensorFlow."""

import dataclasses
import json
from typing import Any, Self

from ..core.errors import InputError
from ..system.types import checked_types
from .data import Data


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """A Keras optimizer by name.

    Attributes:
        learning_rate: the highest.
        decay: "cosine" takes the rate to 0 over the whole training (Loshchilov and Hutter, 2017,
            https://arxiv.org/abs/1608.03983); None keeps it.
        warmup: share of the training, in [0, 1), over which the rate rises from 0 before it decays (Goyal et al., 2017,
            https://arxiv.org/abs/1706.02677).
        arguments: further ones of the optimizer.
    """

    name: str = "adam"
    learning_rate: float = 1e-3
    decay: str | None = None
    warmup: float = 0.0
    arguments: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome of a training, as plain values that JSON can hold.

    Attributes:
        name: "family/recipe".
        title: one line for `keraszoo list`.
        model: name of a class in `keraszoo.models`.
        arguments: of its constructor, besides the shape of an example.
        data: `Data`, what it learns from.
        input_shape: shape of one example after the transforms.
        optimizers: arguments of `compile`; `{"optimizer": Optimizer(...)}` for models with one update.
        batch_size: the *global* batch, over all replicas.
        epochs, seed: of the training.
        expected: `{"split/metric": (value, tolerance)}`, measured with this recipe; for points of a known mixture also
            "samples/modes", "samples/high_quality" and "samples/mode_kl"; for masks also "segmentation/pixel_error" and
            the other `keraszoo.metrics.segmentation_scores` of the test split.
        minutes: what it took on 2 CPU cores.
    """

    name: str
    title: str
    model: str
    input_shape: tuple
    arguments: dict = dataclasses.field(default_factory=dict)
    data: Data = Data()
    optimizers: dict = dataclasses.field(default_factory=lambda: {"optimizer": Optimizer()})
    batch_size: int = 128
    epochs: int = 15
    seed: int = 0
    expected: dict = dataclasses.field(default_factory=dict)
    minutes: float = 0.0

    @property
    def family(self) -> str:
        return self.name.split("/")[0]

    def replace(self, **changes: Any) -> Self:
        """This recipe with other values; what it expects holds for any seed, but not when anything else changes."""
        changed = dataclasses.replace(self, **changes)
        same = dataclasses.replace(changed, seed=self.seed) == self
        return changed if same else dataclasses.replace(changed, expected=changes.get("expected", {}))

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        try:
            return cls.from_values(json.loads(text))
        except ValueError as error:
            raise InputError(f"This is not a recipe that KerasZoo wrote: {error}.") from error

    @classmethod
    def from_values(cls, values: Any) -> Self:
        """The recipe of what `dataclasses.asdict` gave, after JSON.

        Raises:
            InputError: another structure, or a value of another type.
        """
        try:
            values = tuples(values)
            values["data"] = checked_types(Data(**values["data"]))
            values["optimizers"] = {
                name: checked_types(Optimizer(**value)) for name, value in values["optimizers"].items()
            }
            recipe = checked_types(cls(**values))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"This is not a recipe that KerasZoo wrote: {error}.") from error
        for name, pair in recipe.expected.items():
            if (
                not isinstance(pair, tuple)
                or len(pair) != 2
                or not all(isinstance(part, (int, float)) for part in pair)
            ):
                raise InputError(f"A recipe expects (value, tolerance). Received: {name} {pair!r}.")
        return recipe


def tuples(value):
    """JSON's lists as the tuples that they were."""
    if isinstance(value, dict):
        return {name: tuples(part) for name, part in value.items()}
    return tuple(map(tuples, value)) if isinstance(value, list) else value

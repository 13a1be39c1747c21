"""The card of trained weights: what they are, how they were made, and how good they are. Imports no TensorFlow."""

import dataclasses
import hashlib
import json
import math

from ..core.errors import InputError
from ..recipes.recipe import tuples

#: licences of the data, and what is drawn here
LICENCES = {
    "digits": "CC BY 4.0 (UCI, scikit-learn's copy)",
    "mnist": "CC BY-SA 3.0",
    "cifar10": "none is stated by its authors",
    "photos": "CC BY 2.0 (two photographs, scikit-learn's copies)",
    "photographs": "CC BY 2.0 (two photographs, scikit-learn's copies)",
}
DRAWN = "drawn by KerasZoo: no restrictions"
UNKNOWN = "that of your data"

USE = "teaching, trying out, and as a start for training; features for the comparison of samples"
LIMITS = "nothing is known of its answers to data of another kind; no product, and nothing that decides about people"


@dataclasses.dataclass(frozen=True)
class Card:
    """What is told of a file of weights.

    Attributes:
        recipe: its name.
        model: the class.
        title: of the recipe.
        data: what it was trained on.
        licence: of the data.
        parameters: how many numbers.
        dtype: as which the file holds them: "float16" where no measure moved by it, else "float32".
        bytes, sha256: of the file.
        measures: `{"split/metric": value}` of these weights, measured as stored.
        expected: `{"split/metric": (value, spread)}`: what trainings of the recipe reach.
        seed: of the training.
        minutes: CPU minutes that the training took, or None where they were not told.
        versions: `{package: version}`.
        use, limits: what it is meant for, and what not.
    """

    recipe: str
    model: str
    title: str
    data: str
    licence: str
    parameters: int
    dtype: str
    bytes: int
    sha256: str
    measures: dict
    expected: dict
    seed: int
    minutes: float | None = None
    versions: dict = dataclasses.field(default_factory=dict)
    use: str = USE
    limits: str = LIMITS

    def chief(self) -> dict:
        """`{"split/metric": value}` of what its recipe expects, of three at most."""
        chosen = [name for name in self.expected if name in self.measures] or list(self.measures)
        return {name: self.measures[name] for name in chosen[:3]}

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def read(cls, path) -> "Card":
        """The card in a file.

        Raises:
            InputError: there is none, or it is damaged.
        """
        try:
            return cls(**tuples(json.loads(path.read_text())))
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise InputError(f"The card of trained weights cannot be read. Received: {path}: {error}.") from error

    def check(self, path):
        """Raises InputError unless a file is the one that the card describes."""
        try:
            size, found = path.stat().st_size, sha256(path)
        except OSError as error:
            raise InputError(f"The trained weights cannot be read. Received: {path}: {error.strerror}.") from error
        if (size, found) != (self.bytes, self.sha256):
            raise InputError(
                f"The trained weights are not those of their card: another checksum. Received: {path}, {size} bytes, "
                f"SHA-256 {found[:12]}..., not {self.bytes} bytes, {self.sha256[:12]}... Make them again: "
                f"`keraszoo weights make {self.recipe}`."
            )


def moved(expected, before, after, share=1.0) -> list:
    """What differs by more than a share of its spread, or by .1 % where none is known: [(name, before, after)].

    Args:
        expected: `{name: (value, spread)}` of a recipe.
        before, after: `{name: value}`; what is missing afterwards differs.
        share: of the spread.

    Example:
        >>> moved({"test/loss": (10.0, 0.5)}, {"test/loss": 10.1}, {"test/loss": 10.2}, share=0.1)
        [('test/loss', 10.1, 10.2)]
    """
    rows = []
    for name, value in before.items():
        allowed = share * expected[name][1] if name in expected else 1e-3 * abs(value)
        found = after.get(name, math.nan)
        if not abs(found - value) <= allowed + 1e-9:
            rows.append((name, value, found))
    return rows


def licence_of(data) -> str:
    """The licence of a recipe's data."""
    family = data.name.split("/")[0]
    return LICENCES.get(family, DRAWN if data.offline else UNKNOWN)


def sha256(path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

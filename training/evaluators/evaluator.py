"""Evaluator: what looks at a model while it trains."""

from typing import Any, Self

import keras


class Evaluator(keras.callbacks.Callback):
    """A Keras callback that a training makes itself, where it applies.

    `train(..., evaluators=[Mine])` adds a class of one's own to those of the zoo.

    Attributes:
        adds_to_logs: whether it writes into the `logs` of `on_epoch_end`, as measures for history, TensorBoard and
            early stopping do. Such evaluators come before those that read them.
    """

    adds_to_logs = False

    @classmethod
    def applies(cls, session: Any) -> bool:
        """Whether there is something to look at.

        Args:
            session: the `Session`, with recipe, data and compiled model.
        """
        return True

    @classmethod
    def of(cls, session: Any) -> Self:
        """The evaluator of a session to which it applies, which has its run now.

        Raises:
            InputError: options that it cannot follow.
        """
        return cls()

    def results(self) -> dict[str, dict[str, Any]]:
        """`{group: {name: value}}` that metrics.json receives when the training has ended."""
        return {}

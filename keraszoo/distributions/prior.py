"""Prior: what a VAE asks of the distribution of its codes."""

from typing import Any

from ..core.types import Array


class Prior:
    """Base class of distributions p(z) that a VAE can have as its prior.

    A subclass writes `log_prob(z)` [rows, d] -> [rows] in nats, `sample(count, seed=None, temperature=1.0)` ->
    [count, d] and `sample_rows(seed, temperature)`, a draw for each seed from its own alone, for servers. One with
    weights is a Keras layer as well: `class MixturePrior(Prior, keras.layers.Layer)`.

    Attributes:
        has_forward: whether it can be sampled from.
        adapts: whether `adapt` does anything.
    """

    has_forward = True
    adapts = False

    def adapt(self, x: Array) -> None:
        """Starts what is measured on examples x [rows, ...], not learned. Nothing here."""

    def pictures(self) -> dict[str, Any]:
        """What there is to look at: `{name: [rows, columns, height, width, channels]}`."""
        return {}

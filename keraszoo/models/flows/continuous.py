"""The continuous normalizing flow.

Chen, Rubanova, Bettencourt and Duvenaud, "Neural Ordinary Differential Equations" (2018),
https://arxiv.org/abs/1806.07366; Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, "FFJORD" (2019),
https://arxiv.org/abs/1810.01367.
"""

import keras

from ...bijectors import Continuous
from .vector_flow import VectorFlow


@keras.saving.register_keras_serializable("keraszoo")
class ContinuousFlow(VectorFlow):
    """Noise that flows along a learned velocity field into data: a free-form network, in both directions alike.

    Densities and samples are as exact as the solver: `Continuous` says more.

    Args:
        event_shape: shape of one example.
        steps: of the Runge-Kutta solver in each transform in training, >= 1; twice as many otherwise.
        trace: "exact", or "hutchinson" for an estimate in training.
        transforms: number of velocity fields, one after the other.
        hidden, activation: of the velocity; "tanh", "softplus" or "lipswish".
        mixing, ...: as for `VectorFlow`.

    Example:
        >>> flow = ContinuousFlow((3,), hidden=(16, 16), steps=4)
        >>> flow.log_prob(flow.sample(5, seed=0)).shape
        TensorShape([5])
    """

    def __init__(self, event_shape, *, steps=8, trace="exact", transforms=1, activation="tanh", **kwargs):
        self.steps, self.trace = steps, trace
        super().__init__(event_shape, transforms=transforms, activation=activation, **kwargs)

    def transform(self, features, index, **options):
        return Continuous(features, steps=self.steps, trace=self.trace, **options)

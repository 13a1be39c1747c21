"""Networks and layers from which the models are made."""

from .networks import convolutional_decoder, convolutional_encoder, dense_decoder, dense_encoder
from .seeds import separate_replicas

__all__ = [
    "convolutional_decoder",
    "convolutional_encoder",
    "dense_decoder",
    "dense_encoder",
    "separate_replicas",
]

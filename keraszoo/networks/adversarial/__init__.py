"""Generators and discriminators by name, built when they are returned.

Generators map [batch, inputs] to [batch, *image_shape] in a range of values, discriminators [batch, *image_shape] to
[batch, outputs]. Every function takes a `dtype`, a Keras dtype policy or its name.
"""

from .by_name import discriminator_by_name, generator_by_name
from .convolutional import convolutional_discriminator, convolutional_generator
from .dense import dense_discriminator, dense_generator
from .residual import residual_discriminator, residual_generator

__all__ = [
    "convolutional_discriminator",
    "convolutional_generator",
    "dense_discriminator",
    "dense_generator",
    "discriminator_by_name",
    "generator_by_name",
    "residual_discriminator",
    "residual_generator",
]

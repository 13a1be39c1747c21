"""The classic networks of image classification, each under its usual name."""

from .lenet import lenet5_encoder

__all__ = ["lenet5_encoder"]

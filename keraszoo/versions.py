"""The versions that KerasZoo works with, as its package metadata states them."""

import os
from importlib import metadata

from packaging.requirements import Requirement

from .core.errors import InputError

CHECKED = ("tensorflow", "keras", "tensorflow-probability", "tensorflow-datasets", "tensorboard")


def check_versions():
    """Raises InputError when an installed package is outside its range, or Keras would not run on TensorFlow."""
    for line in metadata.requires("keraszoo"):
        requirement = Requirement(line)
        if requirement.name not in CHECKED or requirement.marker is not None:
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            version = "none"
        if version == "none" or not requirement.specifier.contains(version, prereleases=True):
            raise InputError(
                f"KerasZoo needs {requirement.name}{requirement.specifier}. Received: {version} is installed. "
                f'Run: pip install "{requirement.name}{requirement.specifier}"'
            )
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise InputError(f"KerasZoo runs on Keras' TensorFlow backend. Received: KERAS_BACKEND={backend}. Unset it.")

"""Names of the types that public signatures take."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import tensorflow as tf

#: What a method takes. Lists and DataFrames do too where their numbers have one shape.
Array: TypeAlias = np.ndarray | tf.Tensor

#: What belongs to the examples: labels, contexts, masks; masks with weights by name.
Targets: TypeAlias = Array | Mapping[str, Array]

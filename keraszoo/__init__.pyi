from . import analysis as analysis
from . import bijectors as bijectors
from . import core as core
from . import data as data
from . import distributions as distributions
from . import export as export
from . import layers as layers
from . import losses as losses
from . import metrics as metrics
from . import models as models
from . import networks as networks
from . import recipes as recipes
from . import runs as runs
from . import training as training
from . import weights as weights
from .weights import load as load

__version__: str

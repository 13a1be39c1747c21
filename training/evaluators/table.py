"""The evaluators of the zoo."""

from .classes import ClassPanels
from .known_factors import InformationGap
from .latent_panels import LatentPanels
from .pictures import Pictures
from .sample_quality import SampleQuality
from .updates import Updates

#: those that a training makes where they apply, in their order
EVALUATORS = (SampleQuality, InformationGap, Pictures, ClassPanels, Updates, LatentPanels)

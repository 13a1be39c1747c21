"""What `keraszoo train`, `evaluate`, `sample`, `measure` and the verbs that use a run do, as functions.

    from keraszoo.training import train
    run = train("vae/digits", "runs/vae")

and `keraszoo latent`, as the functions of `keraszoo.training.latent.verbs`.

Importing this package imports no TensorFlow; the functions do.
"""

import importlib

_FUNCTIONS = {
    "train": ".session",
    "evaluate": ".evaluation",
    "sample": ".sampling",
    "measure": ".measurement",
    "probe": ".probing.probe",
    "disentanglement": ".evaluators.known_factors",
    "compress": ".analysis",
    "search": ".analysis",
    "anomaly": ".analysis",
    "restore": ".image_to_image",
    "segment": ".image_to_image",
    "translate": ".image_to_image",
    "FeatureNetwork": ".evaluators.features",
    "SampleMeasures": ".measurement",
    "Evaluator": ".evaluators.evaluator",
    "SampleQuality": ".evaluators.sample_quality",
    "classify": ".classification.explanation",
    "explain": ".classification.explanation",
    "evaluate_classes": ".classification.evaluation",
    "choose_strategy": ".cluster.strategy",
}

__all__ = sorted(_FUNCTIONS)


def __getattr__(name):
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(_FUNCTIONS[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

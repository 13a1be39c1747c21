"""What a trained model with a code is good for.

    from keraszoo.analysis import rate_distortion
    rows = rate_distortion(model, x_train, x_test)

Importing this package imports no TensorFlow; each name is imported when it is first used.
"""

import importlib

_HOMES = {
    "anomaly_scores": ".anomaly",
    "anomaly_threshold": ".anomaly",
    "roc_auc": ".anomaly",
    "attribute_vector": ".attributes",
    "latent_codes": ".codes",
    "UniformQuantizer": ".compression",
    "rate_distortion": ".compression",
    "SemanticHash": ".hashing",
    "nearest_hashes": ".hashing",
    "class_exemplars": ".latent",
    "class_means": ".latent",
    "latent_walk": ".latent",
    "linear_interpolation": ".latent",
    "spherical_interpolation": ".latent",
    "calibration_ranks": ".posterior_calibration",
    "expected_coverage": ".posterior_calibration",
    "rank_p_values": ".posterior_calibration",
    "project": ".projection",
    "restore": ".restoration",
    "CodeSampler": ".sampler",
    "fit_sampler": ".sampler",
    "nearest_codes": ".search",
    "precision_at_k": ".search",
    "latent_plane": ".latent_grids",
    "traversal": ".latent_grids",
    "deconvolution": ".classification.deconvolution",
    "grad_cam": ".classification.saliency",
    "gradient_saliency": ".classification.saliency",
    "active_units": ".units",
    "kl_per_unit": ".units",
    "predict_tiled": "..networks.tiles",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_HOMES])

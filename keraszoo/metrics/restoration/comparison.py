"""A learned restoration beside the classical one, on the same damaged images."""

import keras
import numpy as np

from ...layers.lab import chroma
from .similarity import hole_psnr, psnr, ssim


def compare_restorations(
    model: keras.Model, clean: np.ndarray, mean: np.ndarray, seed: int = 0, batch_size: int = 128
) -> dict[str, dict[str, float]]:
    """How close to the clean images the damaged ones are, classical restorations of them, and the model's.

    Args:
        model: a `RestorationAutoencoder`.
        clean: [count, height, width, channels] in [0, 1].
        mean: [height, width, channels], the mean training image.
        seed: integer, for the damage.
        batch_size: how many at a time.

    Returns:
        `{"damaged" | name of a classical method | "model", or the names of its `restorations`: {"psnr" or
        "hole_psnr": dB, "ssim": value}}`, means over the images. Damaged images of another size or number of channels
        are left out.
        Of models that colour grey images also "chroma", the mean of `keraszoo.layers.lab.chroma` over that of the
        clean images.
    """
    values, colors = {}, model.input_channels < clean.shape[-1]
    original = np.mean([np.mean(chroma(image)) for image in clean]) if colors else None
    for first in range(0, len(clean), batch_size):
        x = np.asarray(clean[first : first + batch_size])
        damaged = [np.asarray(part) for part in model.damaged(x, seed=seed + first)]
        restored = {"damaged": damaged[0], **model.baselines(*damaged, mean=mean), **model.restorations(*damaged)}
        for row, images in restored.items():
            images = np.asarray(images)
            if images.shape == x.shape:
                measures = values.setdefault(row, {})
                if model.mask is not None:
                    measures.setdefault("hole_psnr", []).append(hole_psnr(x, images, damaged[1]))
                else:
                    measures.setdefault("psnr", []).append(psnr(x, images))
                measures.setdefault("ssim", []).append(ssim(x, images))
                if colors:
                    measures.setdefault("chroma", []).append(np.mean(chroma(images), axis=(1, 2)) / original)
    return {
        row: {measure: float(np.mean(np.concatenate(parts))) for measure, parts in measures.items()}
        for row, measures in values.items()
    }

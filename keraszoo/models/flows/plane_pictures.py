"""Pictures of a flow in the plane: its density, its samples, its latent space, and what each transform does."""

import numpy as np
import tensorflow as tf

from ..point_pictures import density_page, frame, page, row_of

LINES, POINTS = np.linspace(-3, 3, 13), np.linspace(-3, 3, 600)


def plane_pictures(flow, x, seed=0):
    """What to look at of a flow of two features.

    - "density": the data, the density, samples and the z of the data, side by side, as far as the flow has the
      directions for them;
    - "deformation": a grid of z, -3 to 3, and what becomes of it after each transform on the way to the data.

    Args:
        flow: a `Flow` without a context, or of classes: the density is then the mean over them, the grid that of the
            first class.
        x: data, [n, 2].
        seed: of the samples.
    """
    x, pictures = np.asarray(x), {}
    edges = frame(x)
    pages = [page(x, edges)]
    classes = range(flow.num_classes) if flow.num_classes else [None]
    if flow.has_inverse:
        pages.append(density_page(lambda at: sum(np.exp(flow.log_prob(at, one)) for one in classes), edges))
    if flow.has_forward:
        pages.append(page(flow.sample(2500, seed=seed), edges))
    if flow.has_inverse:
        latent = np.concatenate([flow.encode(x, one) for one in classes])
        pages.append(page(latent, frame(np.array([[-3.0, -3.0], [3.0, 3.0]]))))
    pictures["density"] = row_of(pages)
    if flow.has_forward:
        pictures["deformation"] = row_of([page(points, frame(points, 0.05)) for points in stages(flow)])
    return pictures


def stages(flow):
    """A grid of z and its image after each transform on the way to the data: arrays [n, 2]."""
    lines = np.stack(np.meshgrid(LINES, POINTS, indexing="ij"), axis=-1).reshape(-1, 2)
    z = tf.constant(np.concatenate([lines, lines[:, ::-1]]), flow.precision)
    condition = flow.condition(0, len(z)) if flow.num_classes else None
    passed = [z.numpy()]
    for transform in reversed(flow.chain):
        z, _ = transform.forward_and_log_det(z, condition)
        passed.append(z.numpy())
    return passed

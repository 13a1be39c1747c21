"""TensorBoard's embedding projector: codes that it shows in three dimensions, each with its image and class."""

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorboard.plugins.projector import ProjectorConfig

from keraszoo.runs.drafts import write_whole

from .pictures import grid, save_png, shown

LARGEST_SPRITE = 8192  # pixels along a side that TensorBoard takes


def write_projector(folder, codes, images=None, labels=None, names=None):
    """Writes tensors.tsv, metadata.tsv, sprite.png and projector_config.pbtxt, and an event file beside them.

    TensorBoard shows the projector for directories with an event file.

    Args:
        folder: directory, which is written whole or not at all; one that is there is replaced.
        codes: [n, d].
        images: [n, height, width, channels] in [0, 1], or None.
        labels: the class of each, [n] integers, or None.
        names: of the classes.

    Returns:
        The directory.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_whole(folder, lambda draft: _write(draft, codes, images, labels, names))
    return folder


def _write(folder, codes, images, labels, names):
    folder.mkdir()
    config = ProjectorConfig()
    embedding = config.embeddings.add(tensor_name="codes", tensor_path="tensors.tsv")
    np.savetxt(folder / "tensors.tsv", codes, "%.6g", delimiter="\t")
    if labels is not None:
        embedding.metadata_path = "metadata.tsv"
        (folder / "metadata.tsv").write_text("".join(f"{names[label]}\n" for label in labels))
    if images is not None:
        sprite = _sprite(shown(images))
        if max(sprite.shape) <= LARGEST_SPRITE:
            save_png(folder / "sprite.png", sprite)
            embedding.sprite.image_path = "sprite.png"
            embedding.sprite.single_image_dim.extend([images.shape[2], images.shape[1]])
    (folder / "projector_config.pbtxt").write_text(text_format.MessageToString(config))
    with tf.summary.create_file_writer(str(folder)).as_default():
        tf.summary.text("embedding", f"{len(codes)} codes, see the projector", step=0)


def _sprite(images):
    """All images side by side, in rows, as one: uint8 [H, W, channels]."""
    places = grid(np.clip(images, 0.0, 1.0))
    side = max(places.shape[:2])  # TensorBoard takes square sprites
    square = np.zeros([side, side, *places.shape[2:]], "float32")
    square[: places.shape[0], : places.shape[1]] = places
    height, width, channels = images.shape[1:]
    page = square.transpose(0, 2, 1, 3, 4).reshape(side * height, side * width, channels)
    return np.round(255 * page).astype("uint8")

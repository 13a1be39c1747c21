"""What a finished run's model is good for, on its own data and on a user's images: the whole of `keraszoo compress`,
`search`, `anomaly`, `restore`, `segment` and `translate`."""

import typing

import keras
import numpy as np
import tensorflow as tf

from keraszoo.analysis import (
    SemanticHash,
    anomaly_scores,
    anomaly_threshold,
    latent_codes,
    nearest_codes,
    nearest_hashes,
    rate_distortion,
)
from keraszoo.analysis import restore as restore_image
from keraszoo.analysis.restoration import input_channels, tiles
from keraszoo.core.errors import InputError
from keraszoo.data.pipeline import transforms
from keraszoo.data.sources.source import scaled
from keraszoo.models.abilities import Segments, Translates
from keraszoo.runs.run import Run

from .evaluators.pictures import tile
from .image_files import check_png, read_image, write_png

BATCH_SIZE = 256


def compress(run, *, data_dir=None):
    """Rate and distortion of the run's test images as quantised codes, ranges taken from its training images.

    Args:
        run: a `Run` or the path of one.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        A list of `keraszoo.analysis.compression.RateDistortion`.

    Raises:
        InputError: missing or unfinished run, missing data, a model that cannot encode and decode.
    """
    _, model, prepared = _opened(run, data_dir)
    return rate_distortion(model, prepared.batches(prepared.data.train), prepared.batches(prepared.data.test))


class Neighbour(typing.NamedTuple):
    """A training image that is like the query.

    Attributes:
        row: of the training split, in evaluation's order.
        distance: Euclidean between codes, or the number of bits in which the hashes differ.
        label: the name or number of its class, or None.
    """

    row: int
    distance: float
    label: str | None


def search(run, image, count=8, *, hashing=False, out=None, data_dir=None, say=print):
    """The training images whose codes are nearest to that of an image.

    Args:
        run: a `Run` or the path of one.
        image: path of a PNG or JPEG; it is brought to the shape of the run's data.
        count: how many.
        hashing: compare binary codes (semantic hashing).
        out: PNG to write: the query, then its neighbours. None writes nothing.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives a line when the image had to be resized.

    Returns:
        A list of `Neighbour`, nearest first.

    Raises:
        InputError: missing or unfinished run, missing data, no such image, an impossible count, a model that cannot
            encode, a file that cannot be written.
    """
    if out is not None:
        check_png(out)
    run, model, prepared = _opened(run, data_dir)
    split = prepared.data.train
    query = _example(image, run, prepared.source, say)
    codes = latent_codes(model, prepared.batches(split))
    codes, wanted = codes.reshape(len(codes), -1), latent_codes(model, query).reshape(1, -1)
    if hashing:
        hashed = SemanticHash.fit(codes)
        distances, rows = nearest_hashes(hashed(codes), hashed(wanted), count)
    else:
        distances, rows = nearest_codes(codes, wanted, count)
    distances, rows = distances[0].tolist(), rows[0].tolist()
    if out is not None:
        if query.ndim != 4:
            raise InputError("Only a run whose model takes images can show the neighbours; leave out --out.")
        write_png(out, tile(np.stack([query[0], *prepared.rows(split, rows)])[None]))
    labels = _labels_at(rows, prepared.source, split)
    return [Neighbour(*found) for found in zip(rows, distances, labels, strict=True)]


class Verdict(typing.NamedTuple):
    """How unusual an image is.

    Attributes:
        score: its `anomaly_scores`.
        share: of the training images that score lower.
        anomaly: whether the score is above the threshold.
    """

    score: float
    share: float
    anomaly: bool


def anomaly(run, images, quantile=0.99, *, data_dir=None, say=print):
    """Whether images are unlike those that the run's model learned from.

    The score is the model's loss; where that needs labels, the squared error of the reconstruction. The run's seed
    fixes what noise there is.

    Args:
        run: a `Run` or the path of one.
        images: paths of PNG or JPEG files; they are brought to the shape of the run's data.
        quantile: the share of the training images that is not called an anomaly.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives a line for each image that had to be resized.

    Returns:
        (threshold, [`Verdict`]), one verdict an image.

    Raises:
        InputError: missing or unfinished run, missing data, no such image, a quantile outside [0, 1].
    """
    run, model, prepared = _opened(run, data_dir)
    score = "reconstruction" if model.targets is not None else "loss"
    examples = [_example(image, run, prepared.source, say) for image in images]
    scores = np.concatenate([anomaly_scores(model, example, score) for example in examples])
    seen = anomaly_scores(model, prepared.batches(prepared.data.train), score)
    threshold = anomaly_threshold(seen, quantile)
    return threshold, [Verdict(float(value), float(np.mean(seen < value)), bool(value > threshold)) for value in scores]


def restore(run, image, out, mask=None, *, say=print):
    """Restores an image file with a run's model.

    Args:
        run: a `Run` or the path of one.
        image: path of a PNG or JPEG.
        out: PNG to write; a file that is there is replaced.
        mask: path of an image as large as it, white where a pixel is known, black in the hole; for models that fill
            holes.
        say: receives a line when the colours had to be changed.

    Returns:
        What was written, uint8 [height, width, channels].

    Raises:
        InputError: missing or unfinished run, no such image, a model that does not restore it, a mask of another
            size, a file that cannot be written.
    """
    check_png(out)
    run = run if isinstance(run, Run) else Run.open(run)
    model = run.model()
    channels = input_channels(model)
    pixels = _pixels(image, channels, say)
    known = None if mask is None else read_image(mask, 1)[..., 0] >= 128
    if (parts := tiles(model, *pixels.shape[:2])) > 1:
        say(f"{image}: {pixels.shape[0]}x{pixels.shape[1]} pixels are restored in {parts} tiles")
    restored = np.round(255 * restore_image(model, pixels / 255.0, known)).astype("uint8")
    write_png(out, restored)
    return restored


def segment(run, image, out, *, say=print):
    """Segments an image file with a run's model.

    Args:
        run: a `Run` or the path of one.
        image: path of a PNG or JPEG of any size.
        out: PNG to write; a file that is there is replaced.
        say: receives a line when the colours had to be changed.

    Returns:
        What was written, uint8 [height, width]: 0 and 255 for two classes, else the classes; and a list of the share
        of the pixels that each class has.

    Raises:
        InputError: missing or unfinished run, no such image, a model that does not segment it, a file that cannot be
            written.
    """
    check_png(out)
    model, pixels = _image_for(run, image, Segments, "{} does not segment images; a UNet does.", say)
    classes = max(2, model.num_classes)
    if classes > 256:
        raise InputError(f"A mask file holds up to 256 classes. Received: a model of {classes}.")
    mask = np.asarray(model.segment(pixels[None] / np.float32(255.0))[1])[0]
    shares = (np.bincount(mask.ravel(), minlength=classes) / mask.size).tolist()
    mask = (255 * mask if classes == 2 else mask).astype("uint8")
    write_png(out, mask[..., None])
    return mask, shares


def translate(run, image, out, to="b", *, say=print):
    """Translates an image file into a domain of a run's model.

    Args:
        run: a `Run` or the path of one.
        image: path of a PNG or JPEG of any size, of the domain that `to` is not.
        out: PNG to write; a file that is there is replaced.
        to: "b", the second of the recipe's domains, or "a".
        say: receives a line when the colours had to be changed.

    Returns:
        What was written, uint8 [height, width, channels].

    Raises:
        InputError: missing or unfinished run, no such image, a model that does not translate it, a file that cannot be
            written.
    """
    check_png(out)
    model, pixels = _image_for(run, image, Translates, "{} has no domains to translate between; a CycleGAN has.", say)
    translated = np.asarray(model.translate(pixels[None] / 255.0, to))[0]
    translated = np.round(255 * translated).astype("uint8")
    write_png(out, translated)
    return translated


def _image_for(run, image, ability, refusal, say):
    """A run's model, which must have an ability, and an image file in as many channels as it takes, uint8."""
    run = run if isinstance(run, Run) else Run.open(run)
    model = run.model()
    if not isinstance(model, ability):
        raise InputError(refusal.format(type(model).__name__))
    channels = model.image_shape[2]
    if channels not in (1, 3):
        raise InputError(f"An image file has 1 or 3 channels. Received: a model of images with {channels}.")
    return model, _pixels(image, channels, say)


def _pixels(path, channels, say):
    """The image in as many channels as the model takes, uint8."""
    if channels == 1 and np.ptp(read_image(path, 3), axis=-1).any():
        say(f"{path}: converted to grey, which is what the model takes")
    return read_image(path, channels)


def _opened(run, data_dir):
    """The run, its model and its data, opened; the noise of what follows is fixed."""
    run = run if isinstance(run, Run) else Run.open(run)
    keras.utils.set_random_seed(run.recipe.seed)
    return run, run.model(), run.data(data_dir)


def _example(path, run, source, say):
    """A user's image as the run's data are: of their shape, then transformed as they are, [1, ...] float32."""
    shape = source.shapes[source.input]
    if len(shape) != 3 or shape[-1] not in (1, 3):
        raise InputError(f"The run must have learned from images. Received: {source.name} with examples of {shape}.")
    lowest, highest = source.input_range or (0, 1)
    if lowest < 0 or highest > 1:
        raise InputError(
            "An image file has values from 0 to 1, and so must the run's data. "
            f"Received: {source.name} with values from {lowest:g} to {highest:g}."
        )
    pixels = read_image(path, shape[-1])
    height, width, _ = pixels.shape
    if (height, width) != shape[:2]:
        say(f"{path}: resized from {height}x{width} to {shape[0]}x{shape[1]} (height x width)")
        pixels = transforms.fit(tf.constant(pixels), shape[:2]).numpy()
    x = scaled(pixels[None], tf.uint8)
    seed = (run.recipe.seed, 0)

    def uniform(shape, position):
        return tf.random.stateless_uniform(shape, seed)

    return transforms.apply(x, run.recipe.data.transforms, uniform, training=False).numpy()


def _labels_at(rows, source, split):
    """The classes of these rows, by name where they have names; None where there are none."""
    if not source.num_classes or source.target not in source.split(split).shapes or not source.in_memory:
        return [None] * len(rows)
    labels = source.array(split, source.target)[rows].tolist()
    return [str(source.class_names[label] if source.class_names else label) for label in labels]

"""What a finished run's model is good for, on its own data and on a user's files: the whole of `keraszoo compress`,
`search` and `anomaly`."""

import os
import typing
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

from keraszoo.analysis import (
    SemanticHash,
    anomaly_scores,
    anomaly_threshold,
    latent_codes,
    nearest_codes,
    nearest_hashes,
    rate_distortion,
)
from keraszoo.core.errors import InputError
from keraszoo.runs.run import Run

from .evaluators.pictures import tile
from .image_files import check_csv, check_png, write_csv, write_png
from .queries import Examples

MOST_SHOWN = 32  # queries in a picture


def compress(
    run: str | os.PathLike | Run,
    files: Iterable[str | os.PathLike] = (),
    *,
    table: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> list:
    """Rate and distortion of images as quantised codes, ranges taken from the run's training images.

    Args:
        run: a `Run` or the path of one.
        files: paths of images, stacks, folders of images or tables, see `keraszoo.training.queries.Examples`; by
            default the run's test images.
        table: `.csv` to write.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives lines about what had to be changed or passed over.

    Returns:
        A list of `keraszoo.analysis.compression.RateDistortion`.

    Raises:
        InputError: missing or unfinished run, missing data, a model that cannot encode and decode, files that cannot be
            read or written.
    """
    if table is not None:
        check_csv(table)
    _, model, prepared = _opened(run, data_dir)
    test = Examples(files, prepared, say).dataset() if files else prepared.batches(prepared.data.test)
    rows = rate_distortion(model, prepared.batches(prepared.data.train), test)
    if table is not None:
        write_csv(table, rows, ("bits_per_unit", "bits_per_pixel", "entropy_coded", "psnr"))
    return rows


class Neighbour(typing.NamedTuple):
    """A training image that is like the query.

    Attributes:
        row: of the training split, in evaluation's order.
        distance: Euclidean between codes, or the number of bits in which the hashes differ.
        label: the name or number of its class, or None.
        query: what was asked for: a file, a page of it, a row of it.
    """

    row: int
    distance: float
    label: str | None
    query: str


def search(
    run: str | os.PathLike | Run,
    files: Iterable[str | os.PathLike],
    count: int = 8,
    *,
    hashing: bool = False,
    out: str | os.PathLike | None = None,
    table: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> list:
    """The training images whose codes are nearest to those of a user's.

    Args:
        run: a `Run` or the path of one.
        files: path, or paths, of images, stacks, folders of images or tables, see `keraszoo.training.queries.Examples`.
        count: how many for each.
        hashing: compare binary codes (semantic hashing).
        out: PNG to write: a row for each query, of up to 32, then its neighbours. None writes nothing.
        table: `.csv` to write.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives lines about what had to be changed or passed over.

    Returns:
        A list of `Neighbour`, nearest first, of one query after the other.

    Raises:
        InputError: missing or unfinished run, missing data, no such image, an impossible count, a model that cannot
            encode, a file that cannot be written.
    """
    _check_outputs(out, table)
    run, model, prepared = _opened(run, data_dir)
    split = prepared.data.train
    examples = Examples(files if isinstance(files, (list, tuple)) else [files], prepared, say)
    wanted = np.concatenate([latent_codes(model, batch) for batch in examples.batches()])
    codes = latent_codes(model, prepared.batches(split))
    codes, wanted = codes.reshape(len(codes), -1), wanted.reshape(len(wanted), -1)
    if hashing:
        hashed = SemanticHash.fit(codes)
        distances, rows = nearest_hashes(hashed(codes), hashed(wanted), count)
    else:
        distances, rows = nearest_codes(codes, wanted, count)
    if out is not None:
        _show(out, next(examples.batches())[:MOST_SHOWN], rows, prepared)
    labels = _labels_at(rows.reshape(-1).tolist(), prepared.source, split)
    names = np.repeat([query.name for query in examples.queries], count).tolist()
    flat = zip(rows.reshape(-1).tolist(), distances.reshape(-1).tolist(), labels, names, strict=True)
    found = [Neighbour(*each) for each in flat]
    if table is not None:
        cells = [(each.query, number % count + 1, *each[:3]) for number, each in enumerate(found)]
        write_csv(table, cells, ("query", "rank", "training_row", "distance", "class"))
    return found


class Verdict(typing.NamedTuple):
    """How unusual an image is.

    Attributes:
        score: its `anomaly_scores`.
        share: of the training images that score lower.
        anomaly: whether the score is above the threshold.
        query: which one it is: a file, a page of it, a row of it.
    """

    score: float
    share: float
    anomaly: bool
    query: str


def anomaly(
    run: str | os.PathLike | Run,
    files: Iterable[str | os.PathLike],
    quantile: float = 0.99,
    *,
    table: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
    say: Callable[[str], Any] = print,
) -> tuple[float, list]:
    """Whether a user's examples are unlike those that the run's model learned from.

    The score is the model's loss; where that needs labels, the squared error of the reconstruction. The run's seed
    fixes what noise there is.

    Args:
        run: a `Run` or the path of one.
        files: paths of images, stacks, folders of images or tables, see `keraszoo.training.queries.Examples`.
        quantile: the share of the training images that is not called an anomaly.
        table: `.csv` to write.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives lines about what had to be changed or passed over.

    Returns:
        (threshold, [`Verdict`]), one verdict an example.

    Raises:
        InputError: missing or unfinished run, missing data, no such image, a quantile outside [0, 1].
    """
    if table is not None:
        check_csv(table)
    run, model, prepared = _opened(run, data_dir)
    score = "reconstruction" if model.targets is not None else "loss"
    examples = Examples(files, prepared, say)
    scores = np.concatenate([anomaly_scores(model, batch, score) for batch in examples.batches()])
    seen = anomaly_scores(model, prepared.batches(prepared.data.train), score)
    threshold = anomaly_threshold(seen, quantile)
    names = [query.name for query in examples.queries]
    verdicts = [
        Verdict(float(value), float(np.mean(seen < value)), bool(value > threshold), name)
        for value, name in zip(scores, names, strict=True)
    ]
    if table is not None:
        cells = [(each.query, each.score, each.share, int(each.anomaly)) for each in verdicts]
        write_csv(table, cells, ("query", "score", "share_below", "anomaly"))
    return threshold, verdicts


def _show(out, queries, rows, prepared):
    """Writes a picture of queries, each beside its neighbours."""
    if queries.ndim != 4:
        raise InputError("Only a run whose model takes images can show the neighbours; leave out --out.")
    shown = [
        np.concatenate([query[None], prepared.rows(prepared.data.train, own)])
        for query, own in zip(queries, rows, strict=False)
    ]
    write_png(out, tile(np.stack(shown)))


def _check_outputs(out, table):
    if out is not None:
        check_png(out)
    if table is not None:
        check_csv(table)


def _opened(run, data_dir):
    """The run, its model and its data, opened; the noise of what follows is fixed."""
    run = run if isinstance(run, Run) else Run.open(run)
    keras.utils.set_random_seed(run.recipe.seed)
    return run, run.model(), run.data(data_dir)


def _labels_at(rows, source, split):
    """The classes of these rows, by name where they have names; None where there are none."""
    if not source.num_classes or source.target not in source.split(split).shapes or not source.in_memory:
        return [None] * len(rows)
    labels = source.array(split, source.target)[rows].tolist()
    return [str(source.class_names[label] if source.class_names else label) for label in labels]

"""Pictures of grids of latent points: `keraszoo latent traverse` and `manifold`."""

import typing

import numpy as np

from keraszoo.analysis.latent_grids import latent_plane
from keraszoo.analysis.latent_grids import traversal as points_of
from keraszoo.core.errors import InputError
from keraszoo.models.abilities import Decodes, SamplesLatents

from ..evaluators.pictures import tile
from ..image_files import check_png, write_png
from .space import LatentSpace, check_integers

MOST_ROWS = 16
REACH = {"normal": 3.0, "uniform": 1.0, "other": 3.0}  # of the units' values, to both sides of 0


class Traversal(typing.NamedTuple):
    """What `traverse` drew.

    Attributes:
        units: the unit of each row.
        values: what it is set to in each column.
        page: the picture, uint8 [height, width, channels].
    """

    units: list
    values: np.ndarray
    page: np.ndarray


def traverse(run, out, *, units=None, steps=11, reach=None, example=None, seed=0, data_dir=None):
    """Writes a picture in whose rows one latent unit at a time goes through its values, the others staying.

    Args:
        run: a `Run` or the path of one.
        out: PNG to write; a file that is there is replaced.
        units: which ones; by default 16 at most, of a model that encodes those whose codes of the test examples vary
            most, in this order.
        steps: values of each, >= 2.
        reach: they go from -reach to reach; 3 by default, 1 where the prior is uniform.
        example: row of the test example that the others stay at; by default the first, of a model that does not encode
            a random point.
        seed: integer, of the random point.
        data_dir: where tensorflow-datasets keeps its data.

    Returns:
        A `Traversal`.

    Raises:
        InputError: missing or unfinished run, a model that does not decode images, no such unit or example, impossible
            numbers, a file that cannot be written.
    """
    check_png(out)
    check_integers(steps=(steps, 2))
    if reach is not None and not 0 < reach < np.inf:
        raise InputError(f"reach is how far a unit goes to both sides of 0, > 0. Received: {reach!r}.")
    space = LatentSpace(run, Decodes, data_dir=data_dir)
    if example is not None and not space.encodes:
        raise InputError(f"{type(space.model).__name__} does not encode examples: leave out --example.")
    if not space.encodes:
        space.check(SamplesLatents)
    check_units(units or (), space.dim)
    point, varying = _start(space, example, seed)
    units = list(units or varying[:MOST_ROWS])
    values = np.linspace(-1, 1, steps) * (REACH[space.prior] if reach is None else reach)
    grid = points_of(point, units, values)
    images = space.decode(grid.reshape(-1, grid.shape[-1])).reshape(len(units), steps, *space.image_shape)
    page = tile(images)
    write_png(out, page)
    return Traversal(units, values, page)


def manifold(run, out, *, units=(0, 1), side=20):
    """Writes a picture of the plane of two latent units, the other units being 0.

    The points divide the prior into parts of the same mass. Kingma and Welling, "Auto-Encoding Variational Bayes"
    (2014), figure 4.

    Args:
        run, out: as for `traverse`.
        units: two: the first grows to the right, the second upwards.
        side: pictures along each side, >= 2.

    Returns:
        The picture, uint8 [height, width, channels].

    Raises:
        InputError: as for `traverse`.
    """
    check_png(out)
    check_integers(side=(side, 2))
    space = LatentSpace(run, SamplesLatents, Decodes)
    units = tuple(units)
    if len(units) != 2 or units[0] == units[1]:
        raise InputError(f"A plane has two different units. Received: {units}.")
    check_units(units, space.dim)
    points = latent_plane(space.dim, side, units, "uniform" if space.prior == "uniform" else "normal")
    codes = space.draw(1, 0)[:, space.dim :]  # of a conditional model: its first class
    flat = points.reshape(-1, space.dim)
    page = tile(space.decode(flat, np.tile(codes, [len(flat), 1])).reshape(side, side, *space.image_shape))
    write_png(out, page)
    return page


def check_units(units, dim):
    """Raises InputError unless these are units of `dim`."""
    for unit in units:
        if not isinstance(unit, int) or not 0 <= unit < dim:
            raise InputError(f"The latent units are numbered from 0 to {dim - 1}. Received: {unit!r}.")


def _start(space, example, seed):
    """The point whose neighbours are drawn, and all units, those that vary most first."""
    if not space.encodes:
        return space.draw(1, seed)[0], list(range(space.dim))
    split = space.run.recipe.data.test
    point = space.encode(space.examples(split, [0 if example is None else example]))[0]
    codes = np.concatenate([space.encode(x) for x in space.batches(split)])
    return point, np.argsort(-codes.var(axis=0), kind="stable").tolist()

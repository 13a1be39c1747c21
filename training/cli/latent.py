"""The verb `latent` and its sub-verbs, as the command line has them. Importing this imports no TensorFlow."""

import shlex

from keraszoo.arguments import Parser, run_subverb

USAGE = """usage: keraszoo latent SUBVERB RUN [options]
       keraszoo latent SUBVERB --help for the options

Pictures of the latent space of a finished run's model.
"""


def latent_command(argv):
    return run_subverb(argv, SUBVERBS, USAGE)


def walk_command(argv):
    parser = _parser("walk", "Film closed walks through random points of latent space.")
    parser.add_argument("--out", default="walk.gif", metavar="FILE", help=".gif to write (default: walk.gif)")
    parser.add_argument("--steps", type=int, default=60, help="number of pictures (default: 60)")
    parser.add_argument("--anchors", type=int, default=5, help="random points that a walk passes (default: 5)")
    parser.add_argument("--tiles", type=int, default=16, help="number of walks beside each other (default: 16)")
    _add_linear(parser)
    options = parser.parse_args(argv)

    from ..latent.verbs import walk

    walk(
        options.run,
        options.out,
        steps=options.steps,
        seed=options.seed,
        anchors=options.anchors,
        tiles=options.tiles,
        linear=options.linear,
    )
    print(f"{options.tiles} closed walks of {options.steps} steps in {options.out}")
    return 0


def interpolate_command(argv):
    parser = _parser("interpolate", "Draw what lies between pairs of random points of latent space.")
    parser.add_argument("--out", default="interpolation.png", metavar="FILE", help=".png (default: interpolation.png)")
    parser.add_argument("--steps", type=int, default=10, help="pictures in a row, both ends included (default: 10)")
    parser.add_argument("--rows", type=int, default=8, help="number of pairs (default: 8)")
    _add_linear(parser)
    options = parser.parse_args(argv)

    from ..latent.verbs import interpolate

    interpolate(
        options.run, options.out, steps=options.steps, seed=options.seed, rows=options.rows, linear=options.linear
    )
    print(f"{options.rows} rows from one random point to another in {options.out}")
    return 0


def arithmetic_command(argv):
    parser = _parser("arithmetic", "Add and subtract the mean latent vectors of classes.")
    parser.add_argument(
        "--plus", action="append", default=[], metavar="CLASS", help="name, number or rows:12,57; may come again"
    )
    parser.add_argument("--minus", action="append", default=[], metavar="CLASS", help="name or number; may come again")
    parser.add_argument(
        "--features",
        metavar="RUN",
        help="run of a classifier, which finds the classes among the model's samples; without it the model encodes "
        "its training examples",
    )
    parser.add_argument("--count", type=int, default=32, help="samples to take a mean over (default: 32)")
    parser.add_argument("--draws", type=int, default=4096, help="samples to classify (default: 4096)")
    parser.add_argument("--out", default="arithmetic.png", metavar="FILE", help=".png (default: arithmetic.png)")
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    options = parser.parse_args(argv)

    from ..latent.verbs import SHOWN, arithmetic

    arithmetic(
        options.run,
        options.out,
        options.plus,
        options.minus,
        features=options.features,
        count=options.count,
        draws=options.draws,
        seed=options.seed,
        data_dir=options.data_dir,
    )
    print(f"In {options.out}, from the top:")
    for sign, name in [("+", name) for name in options.plus] + [("-", name) for name in options.minus]:
        print(f"  {sign} {name}: {SHOWN} examples, then the mean of the class")
    print(f"  = {SHOWN} neighbours of the result, then the result")
    return 0


def traverse_command(argv):
    parser = _parser("traverse", "Draw what each latent unit does: one at a time goes through its values.")
    parser.add_argument("--units", type=int, nargs="+", metavar="UNIT", help="(default: the 16 that vary most)")
    parser.add_argument("--steps", type=int, default=11, help="values of each unit (default: 11)")
    parser.add_argument("--reach", type=float, help="largest value (default: 3, of a uniform prior 1)")
    parser.add_argument("--example", type=int, metavar="ROW", help="test example to start at (default: 0)")
    parser.add_argument("--out", default="traversal.png", metavar="FILE", help=".png (default: traversal.png)")
    _add_data_dir(parser)
    options = parser.parse_args(argv)

    from ..latent.verbs import traverse

    drawn = traverse(
        options.run,
        options.out,
        units=options.units,
        steps=options.steps,
        reach=options.reach,
        example=options.example,
        seed=options.seed,
        data_dir=options.data_dir,
    )
    print(f"From {drawn.values[0]:g} to {drawn.values[-1]:g} in {options.out}, from the top units")
    print(f"  {', '.join(map(str, drawn.units))}")
    return 0


def manifold_command(argv):
    parser = _parser("manifold", "Draw the plane of two latent units.", seed=False)
    parser.add_argument(
        "--units", type=int, nargs=2, default=(0, 1), metavar="UNIT", help="to the right and upwards (default: 0 1)"
    )
    parser.add_argument("--side", type=int, default=20, help="pictures along each side (default: 20)")
    parser.add_argument("--out", default="manifold.png", metavar="FILE", help=".png (default: manifold.png)")
    options = parser.parse_args(argv)

    from ..latent.verbs import manifold

    manifold(options.run, options.out, units=options.units, side=options.side)
    print(f"Unit {options.units[0]} to the right and unit {options.units[1]} upwards in {options.out}")
    return 0


def attribute_command(argv):
    parser = _parser("attribute", "Draw test examples that get a class's attribute, or lose it.", seed=False)
    parser.add_argument("attribute", metavar="CLASS", help="name or number of the class that has it")
    parser.add_argument("--against", metavar="CLASS", help="the class to compare with (default: all others)")
    parser.add_argument("--rows", type=int, default=8, help="number of examples (default: 8)")
    parser.add_argument("--steps", type=int, default=9, help="(default: 9)")
    parser.add_argument("--reach", type=float, default=1.5, help="times the vector at the ends (default: 1.5)")
    parser.add_argument("--out", default="attribute.png", metavar="FILE", help=".png (default: attribute.png)")
    _add_data_dir(parser)
    options = parser.parse_args(argv)

    from ..latent.verbs import attribute

    attribute(
        options.run,
        options.out,
        options.attribute,
        against=options.against,
        rows=options.rows,
        steps=options.steps,
        reach=options.reach,
        data_dir=options.data_dir,
    )
    reach = f"-{options.reach:g} to {options.reach:g}"
    print(f"Examples, then with {reach} times {options.attribute} in {options.out}")
    return 0


def project_command(argv):
    parser = _parser("project", "Draw the codes of examples as points of a plane, in the colours of their classes.")
    parser.add_argument("--method", default="pca", help="pca, tsne or umap (default: pca)")
    parser.add_argument("--count", type=int, default=2000, help="examples at most (default: 2000)")
    parser.add_argument("--split", help="of which examples (default: the recipe's test split)")
    parser.add_argument("--out", default="projection.png", metavar="FILE", help=".png (default: projection.png)")
    _add_data_dir(parser)
    options = parser.parse_args(argv)

    from ..latent.verbs import project

    points = project(
        options.run,
        options.out,
        options.method,
        count=options.count,
        split=options.split,
        seed=options.seed,
        data_dir=options.data_dir,
    )
    print(f"{len(points)} codes by {options.method} in {options.out}")
    return 0


def embed_command(argv):
    parser = _parser("embed", "Write codes for TensorBoard's embedding projector.", seed=False)
    parser.add_argument("--count", type=int, default=2000, help="examples at most (default: 2000)")
    parser.add_argument("--split", help="of which examples (default: the recipe's test split)")
    _add_data_dir(parser)
    options = parser.parse_args(argv)

    from ..latent.verbs import embed

    folder = embed(options.run, count=options.count, split=options.split, data_dir=options.data_dir)
    print(f"The projector's files are in {folder}. Next:")
    print(f"  tensorboard --logdir {shlex.quote(str(folder.parent))}")
    return 0


def units_command(argv):
    parser = _parser("units", "Tell what each latent unit carries, in nats, those that carry most first.", seed=False)
    parser.add_argument("--split", help="of which examples (default: the recipe's test split)")
    _add_data_dir(parser)
    options = parser.parse_args(argv)

    from ..evaluation import table
    from ..latent.verbs import units

    found = units(options.run, options.split, data_dir=options.data_dir)
    rows = [
        (str(unit.number), _number(unit.kl), _number(unit.variance), _number(unit.noise), "active" * unit.active)
        for unit in found
    ]
    print(table(rows, ("unit", "KL (nats)", "variance of mean", "mean variance", "")))
    active = sum(unit.active for unit in found)
    total = "" if found[0].kl is None else f", KL {sum(unit.kl for unit in found):.4g} nats in all"
    print(f"{active} of {len(found)} units active{total}")
    return 0


def _number(value):
    return "" if value is None else f"{value:.4f}"


def _parser(name, description, seed=True):
    parser = Parser(f"latent {name}", description)
    parser.add_argument("run", help="run directory")
    if seed:
        parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same points (default: 0)")
    return parser


def _add_data_dir(parser):
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")


def _add_linear(parser):
    parser.add_argument(
        "--linear", action="store_true", help="in straight lines (default: in arcs, where the prior is normal)"
    )


#: sub-verb: (function, one line of help)
SUBVERBS = {
    "walk": (walk_command, "film closed walks through random points"),
    "interpolate": (interpolate_command, "draw what lies between two random points"),
    "arithmetic": (arithmetic_command, "add and subtract the means of classes, or of examples"),
    "attribute": (attribute_command, "draw examples that get a class's attribute"),
    "traverse": (traverse_command, "draw what each unit does"),
    "manifold": (manifold_command, "draw the plane of two units"),
    "project": (project_command, "draw codes as points of a plane"),
    "embed": (embed_command, "write codes for TensorBoard's projector"),
    "units": (units_command, "tell what each unit carries"),
}

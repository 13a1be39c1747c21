"""The verb `latent` and its sub-verbs, as the command line has them. Importing this imports no TensorFlow."""

from keraszoo.arguments import Parser
from keraszoo.errors import InputError, closest


def latent_command(argv):
    if not argv or argv[0] in ("-h", "--help"):
        print(usage())
        return 0
    if argv[0] not in SUBVERBS:
        raise InputError(f"Unknown sub-verb. Received: {argv[0]!r}. {closest(argv[0], SUBVERBS)}")
    function, _ = SUBVERBS[argv[0]]
    return function(argv[1:])


def usage():
    lines = "\n".join(f"  {name:<12} {line}" for name, (_, line) in SUBVERBS.items())
    return f"""usage: keraszoo latent SUBVERB RUN [options]
       keraszoo latent SUBVERB --help for the options

Pictures of the latent space of a finished run's model.

{lines}"""


def walk_command(argv):
    parser = _parser("walk", "Film closed walks through random points of latent space.")
    parser.add_argument("--out", default="walk.gif", metavar="FILE", help=".gif to write (default: walk.gif)")
    parser.add_argument("--steps", type=int, default=60, help="number of pictures (default: 60)")
    parser.add_argument("--anchors", type=int, default=5, help="random points that a walk passes (default: 5)")
    parser.add_argument("--tiles", type=int, default=16, help="number of walks beside each other (default: 16)")
    _add_linear(parser)
    options = parser.parse_args(argv)

    from .latent import walk

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

    from .latent import interpolate

    interpolate(
        options.run, options.out, steps=options.steps, seed=options.seed, rows=options.rows, linear=options.linear
    )
    print(f"{options.rows} rows from one random point to another in {options.out}")
    return 0


def arithmetic_command(argv):
    parser = _parser("arithmetic", "Add and subtract the mean latent vectors of classes.")
    parser.add_argument("--plus", action="append", default=[], metavar="CLASS", help="name or number; may come again")
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

    from .latent import SHOWN, arithmetic

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


def _parser(name, description):
    parser = Parser(f"latent {name}", description)
    parser.add_argument("run", help="run directory")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same points (default: 0)")
    return parser


def _add_linear(parser):
    parser.add_argument(
        "--linear", action="store_true", help="in straight lines (default: in arcs, where the prior is normal)"
    )


#: sub-verb: (function, one line of help)
SUBVERBS = {
    "walk": (walk_command, "film closed walks through random points"),
    "interpolate": (interpolate_command, "draw what lies between two random points"),
    "arithmetic": (arithmetic_command, "add and subtract the means of classes"),
}

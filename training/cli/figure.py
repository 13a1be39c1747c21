"""The verb `figure` and its sub-verbs, as the command line has them. Importing this imports no TensorFlow."""

from keraszoo.arguments import Parser, run_subverb

BUMPS, CLOUDS = "points/two_bumps", "points/two_clouds"


USAGE = """usage: keraszoo figure FIGURE [options]
       keraszoo figure FIGURE --help for the options

Draw what densities do with data of one or two features.
"""


def figure_command(argv):
    return run_subverb(argv, SUBVERBS, USAGE, "figure")


def histogram_command(argv):
    parser = _parser("histogram", "Draw a histogram of numbers, its bins at several places.", BUMPS, 200)
    parser.add_argument("--bins", type=int, default=12, metavar="N", help="(default: 12)")
    return _drawn("histogram", parser.parse_args(argv))


def kernels_command(argv):
    parser = _parser("kernels", "Draw the kernel of each number and their sum, for three bandwidths.", BUMPS, 40)
    parser.add_argument(
        "--bandwidth",
        type=_number_or_name,
        default="likelihood",
        metavar="H",
        help="of the middle one: a number, scott, silverman, isj or likelihood (default: likelihood)",
    )
    parser.add_argument("--kernel", default="gaussian", help="gaussian, epanechnikov, tophat, ... (default: gaussian)")
    return _drawn("kernels", parser.parse_args(argv))


def mixture_command(argv):
    parser = _parser("mixture", "Draw a mixture of Gaussians after some iterations of EM.", CLOUDS, 500)
    _add_components(parser)
    parser.add_argument(
        "--iterations", type=int, nargs="+", default=[0, 1, 2, 5, 20], metavar="I", help="(default: 0 1 2 5 20)"
    )
    return _drawn("mixture", parser.parse_args(argv))


def samples_command(argv):
    parser = _parser("samples", "Draw examples beside samples of a density that is fitted to them.", CLOUDS, 1000)
    parser.add_argument("--density", default="mixture", help="histogram, kernels or mixture (default: mixture)")
    _add_components(parser)
    return _drawn("samples", parser.parse_args(argv))


def _drawn(name, options):
    from .. import figure

    getattr(figure, name)(**vars(options))
    print(f"The figure is in {options.out}")
    return 0


def _number_or_name(text):
    try:
        return float(text)
    except ValueError:
        return text


def _add_components(parser):
    parser.add_argument("--components", type=int, default=2, metavar="K", help="of the mixture (default: 2)")


def _parser(name, description, dataset, count):
    parser = Parser(f"figure {name}", description)
    parser.add_argument("--out", default=f"{name}.png", metavar="FILE", help=f".png to write (default: {name}.png)")
    features = "one feature" if dataset == BUMPS else "two features"
    parser.add_argument("--dataset", default=dataset, help=f"name or path of data of {features} (default: {dataset})")
    parser.add_argument("--count", type=int, default=count, help=f"examples at most (default: {count})")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same figure (default: 0)")
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    return parser


#: sub-verb: (function, one line of help)
SUBVERBS = {
    "histogram": (histogram_command, "the same histogram with its edges moved"),
    "kernels": (kernels_command, "the kernel of each example and their sum"),
    "mixture": (mixture_command, "a mixture of Gaussians as it learns by EM"),
    "samples": (samples_command, "examples beside samples of a density"),
}

"""The verbs of classifiers, as the command line has them. Importing this imports no TensorFlow."""

from keraszoo.arguments import Parser

from .analysis import FILES, SHOWN, say_rest, shortened


def classify_command(argv):
    parser = _parser("classify", "Tell the most probable classes of images, or of rows of a table.")
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES)
    parser.add_argument("--top", type=int, default=1, metavar="K", help="classes of each (default: 1)")
    parser.add_argument("--table", metavar="FILE", help=".csv to write")
    options = parser.parse_args(argv)

    from ..classification.explanation import classify
    from ..evaluation import table

    found = classify(options.run, options.files, options.top, table=options.table, data_dir=options.data_dir)
    cells = [
        (shortened(each.query), name[:30], f"{score:.4f}")
        for each in found
        for name, score in zip(each.classes, each.scores, strict=True)
    ]
    print(table(cells[:SHOWN], ("example", "class", "score")))
    say_rest(cells, options.table)
    return 0


def explain_command(argv):
    parser = _parser("explain", "Draw which pixels of images a classifier's answers depend on.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="images, multi-page TIFFs or folders of images")
    parser.add_argument("--out", required=True, metavar="FILE", help=".png to write, replaced if it is there")
    parser.add_argument(
        "--method",
        default="gradient",
        help="gradient; grad_cam, the evidence in a convolution's maps; or deconvolution, what excites a layer most "
        "(default: gradient)",
    )
    parser.add_argument("--class", dest="of_class", metavar="NAME", help="that is explained (default: the answer)")
    parser.add_argument("--layer", metavar="NAME", help="of the encoder (default: the last convolution)")
    options = parser.parse_args(argv)

    from ..classification.explanation import explain
    from ..evaluation import table

    found = explain(
        options.run,
        options.files,
        options.out,
        options.method,
        of_class=options.of_class,
        layer=options.layer,
        data_dir=options.data_dir,
    )
    cells = [(shortened(each.query), each.classes[0][:30], f"{each.scores[0]:.4f}") for each in found]
    print(table(cells, ("image", "class", "score")))
    print(f"What they depend on ({options.method}) is in {options.out}")
    return 0


def _parser(verb, description):
    parser = Parser(verb, description)
    parser.add_argument("run", help="run directory")
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    return parser

"""The verbs that use a finished run, as the command line has them. Importing this imports no TensorFlow."""

from keraszoo.arguments import Parser


def compress_command(argv):
    parser = _parser("compress", "Store the run's test images as quantised codes: what it costs and how good they are.")
    options = parser.parse_args(argv)

    from ..analysis import compress
    from ..evaluation import table

    rows = compress(options.run, data_dir=options.data_dir)
    cells = [
        (str(row.bits), f"{row.rate:.4g}", "" if row.entropy is None else f"{row.entropy:.4g}", f"{row.psnr:.2f}")
        for row in rows
    ]
    print(table(cells, ("bits/unit", "bits/pixel", "entropy-coded", "PSNR (dB)")))
    return 0


def search_command(argv):
    parser = _parser("search", "Find the training images whose codes are nearest to that of an image.")
    parser.add_argument("image", metavar="IMAGE", help="PNG or JPEG of any size")
    parser.add_argument("--count", type=int, default=8, help="how many (default: 8)")
    parser.add_argument("--hashing", action="store_true", help="compare binary codes by the bits that differ")
    parser.add_argument("--out", metavar="FILE", help=".png for the query and its neighbours")
    options = parser.parse_args(argv)

    from ..analysis import search
    from ..evaluation import table

    found = search(
        options.run,
        options.image,
        options.count,
        hashing=options.hashing,
        out=options.out,
        data_dir=options.data_dir,
    )
    distance = "bits that differ" if options.hashing else "distance"
    cells = [(str(row), f"{far:.5g}", label or "") for row, far, label in found]
    print(table(cells, ("training image", distance, "class")))
    if options.out:
        print(f"The image and its neighbours are in {options.out}")
    return 0


def anomaly_command(argv):
    parser = _parser("anomaly", "Tell images that are unlike the training images, by the model's loss.")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="PNG or JPEG of any size")
    parser.add_argument(
        "--quantile",
        type=float,
        default=0.99,
        help="share of the training images that is not called an anomaly (default: 0.99)",
    )
    options = parser.parse_args(argv)

    from ..analysis import anomaly
    from ..evaluation import table

    threshold, verdicts = anomaly(options.run, options.images, options.quantile, data_dir=options.data_dir)
    cells = [
        (
            _shortened(image),
            f"{verdict.score:.5g}",
            f"{verdict.share:.1%}",
            "anomaly" if verdict.anomaly else "ordinary",
        )
        for image, verdict in zip(options.images, verdicts, strict=True)
    ]
    print(table(cells, ("image", "score", "above", "verdict")))
    print(f"Anomalies score above {threshold:.5g}, as {1 - options.quantile:.3g} of the training images do.")
    return 0


def restore_command(argv):
    parser = Parser("restore", "Restore an image with a run's model: less noise, more pixels, or no hole.")
    parser.add_argument("run", help="run directory")
    parser.add_argument("image", metavar="IMAGE", help="PNG or JPEG")
    parser.add_argument("out", metavar="OUT", help=".png to write; replaced if it is there")
    parser.add_argument("--mask", metavar="FILE", help="image as large as IMAGE: white is known, black is the hole")
    options = parser.parse_args(argv)

    from ..analysis import restore

    height, width, _ = restore(options.run, options.image, options.out, options.mask).shape
    print(f"Restored image of {height}x{width} (height x width) in {options.out}")
    return 0


def segment_command(argv):
    parser = Parser("segment", "Segment an image with a run's model: the class of each pixel.")
    parser.add_argument("run", help="run directory")
    parser.add_argument("image", metavar="IMAGE", help="PNG or JPEG of any size")
    parser.add_argument(
        "out",
        metavar="MASK",
        help=".png to write, replaced if it is there: white is the foreground, or grey levels 0, 1, 2 ... are classes",
    )
    options = parser.parse_args(argv)

    from ..analysis import segment

    mask, shares = segment(options.run, options.image, options.out)
    height, width = mask.shape
    covered = ", ".join(f"class {number} {share:.1%}" for number, share in enumerate(shares))
    print(f"Mask of {height}x{width} (height x width) in {options.out}: {covered}")
    return 0


def translate_command(argv):
    parser = Parser("translate", "Translate an image into the other domain with a run's model.")
    parser.add_argument("run", help="run directory")
    parser.add_argument("image", metavar="IMAGE", help="PNG or JPEG of any size")
    parser.add_argument("out", metavar="OUT", help=".png to write; replaced if it is there")
    parser.add_argument(
        "--to", choices=("a", "b"), default="b", help="the first or the second of the recipe's domains (default: b)"
    )
    options = parser.parse_args(argv)

    from ..analysis import translate

    height, width, _ = translate(options.run, options.image, options.out, options.to).shape
    print(f"Translated image of {height}x{width} (height x width) in {options.out}")
    return 0


def _parser(verb, description):
    parser = Parser(verb, description)
    parser.add_argument("run", help="run directory")
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    return parser


def _shortened(path, length=36):
    return path if len(path) <= length else "..." + path[3 - length :]

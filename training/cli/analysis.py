"""The verbs that use a finished run, as the command line has them. Importing this imports no TensorFlow."""

from keraszoo.arguments import Parser

FILES = "images (PNG, JPEG, TIFF and others), multi-page TIFFs, folders of images, or tables (.csv, .npy)"
SHOWN = 40  # rows on the screen; --table has all


def compress_command(argv):
    parser = _parser("compress", "Store images as quantised codes: what it costs and how good they are.")
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"{FILES}; without, the run's test images")
    options = parser.parse_args(argv)

    from ..analysis import compress
    from ..evaluation import table

    rows = compress(options.run, options.files, table=options.table, data_dir=options.data_dir)
    cells = [
        (str(row.bits), f"{row.rate:.4g}", "" if row.entropy is None else f"{row.entropy:.4g}", f"{row.psnr:.2f}")
        for row in rows
    ]
    print(table(cells, ("bits/unit", "bits/pixel", "entropy-coded", "PSNR (dB)")))
    return 0


def search_command(argv):
    parser = _parser("search", "Find the training images whose codes are nearest to those of images.")
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES)
    parser.add_argument("--count", type=int, default=8, help="how many for each (default: 8)")
    parser.add_argument("--hashing", action="store_true", help="compare binary codes by the bits that differ")
    parser.add_argument("--out", metavar="FILE", help=".png for the images and their neighbours")
    options = parser.parse_args(argv)

    from ..analysis import search
    from ..evaluation import table

    found = search(
        options.run,
        options.files,
        options.count,
        hashing=options.hashing,
        out=options.out,
        table=options.table,
        data_dir=options.data_dir,
    )
    header = ("training image", "bits that differ" if options.hashing else "distance", "class")
    cells = [(str(each.row), f"{each.distance:.5g}", each.label or "") for each in found]
    if len(found) > options.count:
        header = ("image", *header)
        cells = [(shortened(each.query), *cell) for each, cell in zip(found, cells, strict=True)]
    print(table(cells[:SHOWN], header))
    say_rest(cells, options.table)
    if options.out:
        print(f"The images and their neighbours are in {options.out}")
    return 0


def anomaly_command(argv):
    parser = _parser("anomaly", "Tell images that are unlike the training images, by the model's loss.")
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES)
    parser.add_argument(
        "--quantile",
        type=float,
        default=0.99,
        help="share of the training images that is not called an anomaly (default: 0.99)",
    )
    options = parser.parse_args(argv)

    from ..analysis import anomaly
    from ..evaluation import table

    threshold, verdicts = anomaly(
        options.run, options.files, options.quantile, table=options.table, data_dir=options.data_dir
    )
    cells = [
        (
            shortened(verdict.query),
            f"{verdict.score:.5g}",
            f"{verdict.share:.1%}",
            "anomaly" if verdict.anomaly else "ordinary",
        )
        for verdict in verdicts
    ]
    print(table(cells[:SHOWN], ("image", "score", "above", "verdict")))
    say_rest(cells, options.table)
    if len(cells) > len(options.files):
        print(f"{sum(verdict.anomaly for verdict in verdicts)} of {len(verdicts)} are anomalies.")
    print(f"Anomalies score above {threshold:.5g}, as {1 - options.quantile:.3g} of the training images do.")
    return 0


def restore_command(argv):
    parser = _image_parser("restore", "Restore images with a run's model: less noise, more pixels, no holes, colours.")
    parser.add_argument(
        "--mask", metavar="FILE", help="image as large as IMAGE, or as many: white is known, black is the hole"
    )
    parser.add_argument(
        "--temperature", type=float, metavar="T", help="of colours: 1 for their mean, 0 for the most probable ones"
    )
    options = parser.parse_args(argv)

    from ..image_to_image import restore

    done = restore(
        options.run, options.image, options.out, options.mask, temperature=options.temperature, table=options.table
    )
    return _say_written(done, "Restored", options.out)


def segment_command(argv):
    parser = _image_parser(
        "segment",
        "Segment images with a run's model: the class of each pixel. In masks white is the foreground, or grey levels "
        "0, 1, 2 ... are classes. Large images are segmented block by block.",
    )
    for kind, text in (
        ("instances", "number of each pixel's object, 0 in the background, 16 bits"),
        ("overlay", "images with their objects in colours"),
        ("probabilities", "of the foreground or of all classes, float32, .tif only"),
    ):
        parser.add_argument(f"--{kind}", metavar="OUT", help=f"where to write the {text}")
    options = parser.parse_args(argv)

    from ..image_to_image import segment

    done = segment(**vars(options))
    if isinstance(done, list):
        return _say_written(done, "Segmented", options.out)
    mask, shares = done
    height, width = mask.shape
    covered = ", ".join(f"class {number} {share:.1%}" for number, share in enumerate(shares))
    print(f"Mask of {height}x{width} (height x width) in {options.out}: {covered}")
    return 0


def translate_command(argv):
    parser = _image_parser("translate", "Translate images into the other domain with a run's model.")
    parser.add_argument(
        "--to", choices=("a", "b"), default="b", help="the first or the second of the recipe's domains (default: b)"
    )
    options = parser.parse_args(argv)

    from ..image_to_image import translate

    done = translate(options.run, options.image, options.out, options.to, table=options.table)
    return _say_written(done, "Translated", options.out)


def _say_written(done, what, out):
    """Tells what was written: of an image its size, of several how many."""
    if isinstance(done, list):
        print(f"{what} {len(done)} images into {out}")
    else:
        print(f"{what} image of {done.shape[0]}x{done.shape[1]} (height x width) in {out}")
    return 0


def say_rest(cells, table):
    if len(cells) > SHOWN:
        print(f"... {len(cells) - SHOWN} rows more" + (f", in {table}" if table else "; --table FILE.csv has all"))


def _image_parser(verb, description):
    parser = Parser(verb, description)
    parser.add_argument("run", help="run directory")
    parser.add_argument("image", metavar="IMAGE", help="an image of any size, a multi-page TIFF, or a folder of images")
    parser.add_argument(
        "out", metavar="OUT", help=".png to write, replaced if it is there; or a .tif, or a new folder, for any number"
    )
    parser.add_argument("--table", metavar="FILE", help=".csv to write, a row for each image")
    return parser


def _parser(verb, description):
    parser = Parser(verb, description)
    parser.add_argument("run", help="run directory")
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    parser.add_argument("--table", metavar="FILE", help=".csv to write")
    return parser


def shortened(path, length=36):
    return path if len(path) <= length else "..." + path[3 - length :]

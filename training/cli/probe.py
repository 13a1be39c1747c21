"""`keraszoo probe`, as the command line has it. Importing this imports no TensorFlow."""

from keraszoo.arguments import Parser


def probe_command(argv):
    parser = Parser(
        "probe",
        "Tell what can be learned of the features of runs' models with few labels, by logistic regression and nearest "
        "neighbours, beside pixels, PCA, the untrained model and an encoder trained from scratch on the same labels.",
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run directory")
    parser.add_argument(
        "--labels",
        nargs="+",
        type=_count,
        default=[10, 100, 1000, "all"],
        metavar="N",
        help="numbers of labels, or all (default: 10 100 1000 all)",
    )
    parser.add_argument("--draws", type=int, default=5, help="of each number of labels (default: 5)")
    parser.add_argument(
        "--rows", type=int, default=10_000, help="training rows, and test rows, at most (default: 10000)"
    )
    parser.add_argument(
        "--fine-tune", action="store_true", help="also train a layer of classes on the encoder, frozen and not"
    )
    parser.add_argument("--table", metavar="FILE", help=".csv to write")
    parser.add_argument("--out", metavar="FILE", help=".png to write: accuracy against the number of labels")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same numbers (default: 0)")
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    options = parser.parse_args(argv)

    from ..evaluation import table
    from ..probing.probe import probe

    scores = probe(**vars(options))
    for run in dict.fromkeys(score.run for score in scores):
        own = [score for score in scores if score.run == run]
        counts = sorted({score.labels for score in own})
        found = {(score.representation, score.size, score.learner): {} for score in own}
        for score in own:
            found[score.representation, score.size, score.learner][score.labels] = _cell(score)
        rows = [(name, str(size), learner, *map(cells.get, counts)) for (name, size, learner), cells in found.items()]
        print(f"\n{run}: test accuracy, the mean over draws of the labels +- their standard deviation")
        print(table(rows, ("representation", "size", "learner", *(f"{count} labels" for count in counts))))
    for name, path in (("table", options.table), ("picture", options.out)):
        if path:
            print(f"The {name} is in {path}")
    return 0


def _cell(score):
    return f"{score.accuracy:.3f}" + ("" if score.sd is None else f" +- {score.sd:.3f}")


def _count(text):
    """A number, where it is one; what cannot be is refused with all other numbers."""
    try:
        return int(text)
    except ValueError:
        return text

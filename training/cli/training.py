"""The verbs that train, evaluate and sample, as the command line has them. Importing this imports no TensorFlow."""

import contextlib
import shlex
import sys

from keraszoo.arguments import Parser
from keraszoo.recipes import names
from keraszoo.system.processes import Unfailing

from ..options import add_options


def train_command(argv):
    parser = Parser(
        "train",
        "Train a recipe into a run directory, or resume one. SIGTERM, SIGHUP and Ctrl-C save a checkpoint and end with "
        "exit code 75, on several workers too; a second one ends at once.",
    )
    recipe = "family/recipe or family, see `keraszoo list`; optional with --resume"
    parser.add_argument("recipe", nargs="?", help=recipe).completer = names
    parser.add_argument("--run", metavar="DIR", help="run directory (default: runs/RECIPE)")
    parser.add_argument("--resume", action="store_true", help="continue from the newest checkpoint of the run")
    add_options(parser)
    options = parser.parse_args(argv)
    if options.recipe is None and not (options.resume and options.run):
        parser.error("name a recipe (`keraszoo list` shows them), or give --run DIR --resume")
    with contextlib.redirect_stdout(Unfailing(sys.stdout)):  # no reason to end a training
        return _train(options)


def _train(options):
    from keraszoo import models
    from keraszoo.models.abilities import Classifies, HasCodeVectors, Restores, Samples, Segments, Translates

    from ..changes import parse_assignments
    from ..evaluation import table, verdicts
    from ..session import train

    values = vars(options)
    values["arguments"] = parse_assignments(values.pop("arguments") or [])
    for name in ("domains", "image_size", "class_names", "context"):
        values[name] = tuple(values[name]) if values[name] else None
    run = train(**values)
    if run is None:  # the chief of several workers says the rest
        return 0
    print()
    print(table(verdicts(run.recipe, run.metrics())))
    pictures = f"Pictures are in {run.samples}. " * any(run.samples.iterdir())
    print(f"\n{pictures}Next:")
    path = shlex.quote(str(run.path))
    print(f"  tensorboard --logdir {shlex.quote(str(run.logs))}")
    model = getattr(models, run.recipe.model)
    samples = f"samples.{'png' if len(run.recipe.input_shape) == 3 else 'npy'}"
    if issubclass(model, Samples):
        print(f"  keraszoo sample {path} --out {samples}")
    elif issubclass(model, HasCodeVectors):
        print(f"  keraszoo sample {path} --sampler mixture --out {samples}")
    if issubclass(model, Restores):
        mask = " --mask mask.png" * (model.mask is not None)
        print(f"  keraszoo restore {path} damaged.png restored.png{mask}")
    if issubclass(model, Segments):
        print(f"  keraszoo segment {path} image.png mask.png")
    if issubclass(model, Classifies):
        print(f"  keraszoo evaluate {path} --figures figures")
    if issubclass(model, Translates):
        print(f"  keraszoo translate {path} image.png translated.png --to b")
    print(f"  keraszoo export {path} --to served")
    return 0


def launch_command(argv):
    parser = Parser("launch", "Train with several worker processes on this machine.")
    parser.usage = "keraszoo launch --workers N [--max-restarts R] -- train RECIPE ..."
    parser.add_argument("--workers", type=int, required=True, metavar="N", help="number of processes")
    parser.add_argument(
        "--max-restarts", type=int, default=0, metavar="R", help="start again when a worker dies (default: 0)"
    )
    own, separator, command = argv, None, []
    if "--" in argv:
        own, separator, command = argv[: argv.index("--")], "--", argv[argv.index("--") + 1 :]
    options = parser.parse_args(own)
    if not separator or command[:1] != ["train"] or len(command) == 1:
        parser.error("the training follows two dashes: keraszoo launch --workers 2 -- train RECIPE")

    from ..cluster.launch import launch

    return launch(command[1:], options.workers, options.max_restarts)


def data_service_command(argv):
    parser = Parser("data-service", "Read, decode and batch data for trainings on other machines, until stopped.")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="workers in this process (default: 2)")
    parser.add_argument("--port", type=int, default=5050, help="of the dispatcher; 0 takes a free one (default: 5050)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="name under which others reach this machine (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--join", metavar="ADDRESS", help="add the workers to the dispatcher at host:port instead of starting one"
    )
    options = parser.parse_args(argv)

    from ..cluster.data_service import serve

    serve(options.workers, options.host, options.port, options.join)
    return 0


def evaluate_command(argv):
    parser = Parser("evaluate", "Evaluate a finished run on a split of its data.")
    parser.add_argument("run", help="run directory")
    parser.add_argument("--split", help="name of the split (default: the recipe's test split)")
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument(
        "--figures", metavar="DIR", help="of a classifier: new folder for its confusion, reliability and errors as PNG"
    )
    options = parser.parse_args(argv)

    from keraszoo.runs.run import Run

    from ..classification.evaluation import answers_of, told
    from ..evaluation import evaluated, restorations, table, verdicts

    run = Run.open(options.run)
    split = options.split or run.recipe.data.test
    prepared = run.data(options.data_dir)
    found = answers_of(run.model(), prepared, split, options.figures)
    metrics = evaluated(run, prepared, split, options.batch_size, found)
    shown = {split: metrics}
    groups = run.metrics() if split == run.recipe.data.test else {}
    shown |= {group: groups[group] for group in ("segmentation", "classification") if group in groups}
    print(table(verdicts(run.recipe, shown)))
    if split == run.recipe.data.test and (compared := restorations(run, data_dir=options.data_dir)):
        print()
        print(table(compared[1:], header=compared[0]))
    if of_classes := _segmented_classes(run, shown):
        print()
        print(table(of_classes[1:], header=of_classes[0]))
    if found is not None:
        classes = told(found, prepared, split, options.figures)
        print()
        print(table(classes[1:], header=classes[0]))
    if options.figures:
        print(f"\nFigures are in {options.figures}")
    return 0


def _segmented_classes(run, shown):
    """Rows of a table of the classes of pixels; none for a model that does not segment."""
    from ..evaluators.segmentation import class_table

    return class_table(shown["segmentation"], run.model().class_names) if "segmentation" in shown else []


def likelihood_command(argv):
    parser = Parser(
        "likelihood",
        "Tell the negative log-likelihood of a VAE's test examples by importance sampling. It is also written to the "
        "run's metrics.json.",
    )
    parser.add_argument("run", help="run directory")
    parser.add_argument("--samples", type=int, default=5000, help="draws per example (default: 5000)")
    parser.add_argument("--count", type=int, metavar="N", help="the first N examples only (default: all)")
    parser.add_argument("--split", help="name of the split (default: the recipe's test split)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same value (default: 0)")
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    options = parser.parse_args(argv)

    from keraszoo.runs.run import Run

    from ..evaluation import table, verdicts
    from ..likelihood import likelihood

    run = Run.open(options.run)
    found = likelihood(run, options.samples, options.count, options.split, seed=options.seed, data_dir=options.data_dir)
    print(table(verdicts(run.recipe, {"likelihood": found})))
    return 0


def sample_command(argv):
    parser = Parser("sample", "Draw samples from a finished run.")
    parser.add_argument("run", help="run directory")
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same samples (default: 0)")
    parser.add_argument("--temperature", type=float, default=1.0, help="scale of the latent noise (default: 1)")
    parser.add_argument("--out", default="samples.png", metavar="FILE", help=".png or .npy (default: samples.png)")
    _add_sampler(parser)
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    options = parser.parse_args(argv)

    from ..sampling import sample

    samples = sample(**vars(options))
    print(f"{len(samples)} samples of shape {samples.shape[1:]} in {options.out}")
    return 0


def _add_sampler(parser):
    parser.add_argument(
        "--sampler",
        metavar="KIND",
        help="gaussian, mixture or flow: a density of the codes of the training examples, fitted once and kept beside "
        "the run (default: the model's own prior)",
    )
    parser.add_argument("--components", type=int, metavar="N", help="of the mixture (default: as the BIC chooses)")


def measure_command(argv):
    parser = Parser(
        "measure",
        "Tell how good a run's samples are, beside what real examples reach. Points with known modes need no features.",
    )
    parser.add_argument("run", help="run directory")
    parser.add_argument(
        "--features",
        metavar="RUN",
        help="run of a classifier of the same data, for its features (default: the library's own of digits, mnist, "
        "cifar10)",
    )
    parser.add_argument(
        "--count", type=int, default=10_000, help="samples, and examples to compare them with (default: 10000)"
    )
    parser.add_argument("--split", help="split to compare them with (default: the recipe's test split)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same samples (default: 0)")
    _add_sampler(parser)
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    options = parser.parse_args(argv)

    from ..evaluation import table
    from ..measurement import measure

    found = measure(**vars(options))
    rows = [(name, *(f"{values[name]:.4g}" for values in found.values())) for name in found["samples"]]
    print(table(rows, ("measure", *found)))
    return 0


def disentanglement_command(argv):
    parser = Parser(
        "disentanglement",
        "Tell how well a run's codes keep the factors of its data apart. These must be known, as those of shapes/32. "
        "The scores are also written to the run's metrics.json.",
    )
    parser.add_argument("run", help="run directory")
    parser.add_argument("--trees", default="forest", help="of DCI: forest or boosting, which is slow (default: forest)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same scores (default: 0)")
    parser.add_argument("--data-dir", help="of tensorflow-datasets (default: TFDS_DATA_DIR or ~/tensorflow_datasets)")
    options = parser.parse_args(argv)

    from ..evaluation import table
    from ..evaluators.known_factors import disentanglement

    scores = disentanglement(options.run, trees=options.trees, seed=options.seed, data_dir=options.data_dir)
    print(table([(name, f"{value:.3f}") for name, value in scores.items()], ("measure", "value")))
    return 0

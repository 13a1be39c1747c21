"""The command `keraszoo`: finds the verb, imports what that verb needs, and turns mistakes into one line."""

import contextlib
import importlib
import os
import sys
import tempfile

from . import __version__
from .arguments import completing, one_of
from .core.errors import InputError, Preempted, closest
from .system.failures import in_one_line
from .system.processes import die_with_parent, leave, stopping_signals

#: verb: (module, function, needs TensorFlow, one line of help)
VERBS = {
    "list": ("keraszoo.recipes.command", "list_command", False, "show the recipes"),
    "show": ("keraszoo.recipes.command", "show_command", False, "show a recipe's values and what it reaches"),
    "train": ("keraszoo.training.cli.training", "train_command", True, "train a recipe, or resume a run"),
    "launch": ("keraszoo.training.cli.training", "launch_command", False, "train with several workers on this machine"),
    "data-service": (
        "keraszoo.training.cli.training",
        "data_service_command",
        True,
        "read data for trainings on other machines",
    ),
    "evaluate": ("keraszoo.training.cli.training", "evaluate_command", True, "evaluate a finished run"),
    "likelihood": (
        "keraszoo.training.cli.training",
        "likelihood_command",
        True,
        "tell how likely a VAE's test examples are",
    ),
    "sample": ("keraszoo.training.cli.training", "sample_command", True, "draw samples from a finished run"),
    "measure": ("keraszoo.training.cli.training", "measure_command", True, "tell how good a run's samples are"),
    "disentanglement": (
        "keraszoo.training.cli.training",
        "disentanglement_command",
        True,
        "tell how well codes keep factors apart",
    ),
    "probe": ("keraszoo.training.cli.probe", "probe_command", True, "tell what can be learned of a run's features"),
    "compress": ("keraszoo.training.cli.analysis", "compress_command", True, "images as quantised codes"),
    "classify": (
        "keraszoo.training.cli.classification",
        "classify_command",
        True,
        "tell the classes of images or rows",
    ),
    "explain": (
        "keraszoo.training.cli.classification",
        "explain_command",
        True,
        "show what a class of an image depends on",
    ),
    "search": ("keraszoo.training.cli.analysis", "search_command", True, "find images like an image"),
    "anomaly": ("keraszoo.training.cli.analysis", "anomaly_command", True, "tell unusual images"),
    "restore": ("keraszoo.training.cli.analysis", "restore_command", True, "restore a damaged image"),
    "segment": ("keraszoo.training.cli.analysis", "segment_command", True, "tell the class of each pixel"),
    "weights": ("keraszoo.training.cli.weights", "weights_command", False, "show, verify and make trained weights"),
    "latent": ("keraszoo.training.cli.latent", "latent_command", True, "walk through a model's latent space"),
    "figure": ("keraszoo.training.cli.figure", "figure_command", True, "draw what densities do with data"),
    "translate": ("keraszoo.training.cli.analysis", "translate_command", True, "translate an image"),
    "report": ("keraszoo.training.cli.report", "report_command", True, "write a page about finished runs"),
    "export": ("keraszoo.export.command", "export_command", True, "export a run for TensorFlow Serving"),
    "versions": (
        "keraszoo.export.versions_command",
        "versions_command",
        False,
        "show, label and remove served versions",
    ),
    "profile-export": (
        "keraszoo.export.command",
        "profile_export_command",
        True,
        "measure what an exported model's answers cost",
    ),
    "lite": ("keraszoo.export.command", "lite_command", True, "write an exported model for LiteRT"),
    "doctor": ("keraszoo.export.command", "doctor_command", True, "prove that an exported model serves"),
    "serve": ("keraszoo.export.server.command", "serve_command", True, "serve exported models over REST and gRPC"),
    "predict": ("keraszoo.export.client.command", "predict_command", False, "ask a server of exported models"),
}


def usage():
    verbs = "\n".join(f"  {verb:<15} {line}" for verb, (_, _, _, line) in VERBS.items())
    return f"""keraszoo {__version__}: generative models, ready to train and to serve

usage: keraszoo VERB [options]        keraszoo VERB --help for the options

{verbs}

Try: keraszoo train vae/digits --run runs/digits"""


def main(argv=None):
    """Runs `keraszoo` with these arguments (those of the process by default); returns the exit code."""
    try:
        try:
            return _run(sys.argv[1:] if argv is None else list(argv))
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever read standard output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is flushed at the exit
        return 1


def _complete():
    """What could follow on a shell's command line: the verbs, or what a verb's own parser says."""
    words = os.environ["COMP_LINE"][: int(os.environ["COMP_POINT"])].split(" ")
    words = [word for word in words[:-1] if word] + words[-1:]
    if len(words) == 2 or words[1] not in VERBS:
        one_of(VERBS)
    module, function, _, _ = VERBS[words[1]]
    completing(after=2)
    getattr(importlib.import_module(module), function)(words[2:-1])


def _run(argv):
    if completing(after=1):
        return _complete()
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if argv[0] == "--version":
        print(f"keraszoo {__version__}")
        return 0
    verb, arguments = argv[0], argv[1:]
    die_with_parent()
    try:
        if verb not in VERBS:
            raise InputError(f"Unknown verb. Received: {verb!r}. {closest(verb, VERBS)}")
        module, function, needs_tensorflow, _ = VERBS[verb]
        if needs_tensorflow and not {"-h", "--help"} & set(arguments):
            _import_tensorflow_quietly()
        with stopping_signals(leave):
            return getattr(importlib.import_module(module), function)(arguments)
    except InputError as error:
        _complain(verb, " ".join(str(error).split()))
        return error.exit_code
    except Preempted as stop:
        return stop.code
    except BrokenPipeError:
        raise
    except Exception as error:
        if (line := in_one_line(error)) is None:
            raise
        _complain(verb, line)
        return InputError.exit_code
    except KeyboardInterrupt:
        print(f"\nkeraszoo {verb}: interrupted", file=sys.stderr)
        return 130


def _complain(verb, line):
    """One line on standard error, names that are no Unicode included."""
    print(f"keraszoo {verb}: {line}".encode(errors="backslashreplace").decode(), file=sys.stderr)


def _import_tensorflow_quietly():
    """Imports TensorFlow without its notes on missing GPUs, which no setting of its own silences."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from .versions import check_versions

    check_versions()
    with _stderr_held_back():
        import tensorflow as tf

        tf.config.list_physical_devices()


@contextlib.contextmanager
def _stderr_held_back():
    """Holds back what is written to file descriptor 2, C++ included; it is shown after all if an exception passes."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        original = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(original, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)


if __name__ == "__main__":
    sys.exit(main())

"""The command `keraszoo serve`."""

import contextlib
import functools
import shutil

from keraszoo.arguments import Parser
from keraszoo.core.errors import InputError

BACKENDS = ("auto", "tensorflow_model_server", "embedded")
_say = functools.partial(print, flush=True)


def serve_command(argv):
    """`keraszoo serve DIR [options]`, or `keraszoo serve --zoo [RECIPE ...]`.

    Args:
        argv: the arguments after `serve`.

    Returns:
        The exit code.

    Raises:
        InputError: when nothing in DIR can be served, there are no weights of a recipe, an option is wrong, or a port
            is taken.
    """
    parser = Parser("serve", "Serve exported models over REST and gRPC, as TensorFlow Serving does.")
    parser.add_argument(
        "dir", nargs="?", metavar="DIR", help="a folder for each model, as keraszoo export --to writes it"
    )
    parser.add_argument(
        "--zoo",
        nargs="*",
        metavar="RECIPE",
        help="serve trained weights instead, each exported once: those of these recipes, all, or (none named) a few "
        "well-known ones",
    ).completer = _trained
    parser.add_argument(
        "--prepare", action="store_true", help="with --zoo: export what was never served, and end; for a quick start"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="auto (the default): tensorflow_model_server where it is on PATH, else the embedded server",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine)")
    parser.add_argument("--rest-port", type=_port, default=8501, metavar="N", help="default: 8501; 0: any free one")
    parser.add_argument("--grpc-port", type=_port, default=8500, metavar="N", help="default: 8500; 0: any free one")
    parser.add_argument(
        "--versions", default="latest:1", metavar="WHICH", help="latest:N, all, or N,M,... (default: latest:1)"
    )
    parser.add_argument(
        "--label", action="append", default=[], metavar="MODEL:LABEL=VERSION", help="another name of a version"
    )
    parser.add_argument(
        "--allow-unverified",
        action="store_true",
        help="serve SavedModels without a manifest of keraszoo export too; a SavedModel is a program",
    )
    parser.add_argument(
        "--batching",
        action="store_true",
        help="merge requests of several clients, where a version has batching_params.pbtxt",
    )
    options = parser.parse_args(argv)
    if (options.dir is None) == (options.zoo is None):
        received = "neither" if options.dir is None else f"{options.dir} and --zoo"
        raise InputError(f"Serve a DIR of exported models, or --zoo, the trained weights. Received: {received}.")
    if options.prepare and options.zoo is None:
        raise InputError("--prepare exports trained weights, with --zoo. Received: DIR.")

    from .models import check_root
    from .selection import Policy, parse_labels

    policy, labels = Policy.parse(options.versions), parse_labels(options.label)
    if options.zoo is None:
        check_root(options.dir)
    else:
        from .zoo import chosen, prepare, served

        recipes = chosen(options.zoo)
        if options.prepare:
            prepare(recipes, _say)
            return 0
    binary = shutil.which("tensorflow_model_server")
    backend = options.backend
    if backend == "auto":
        backend = "tensorflow_model_server" if binary else "embedded"
        why = "which is on PATH" if binary else "as tensorflow_model_server is not on PATH"
        _say(f"Server: {backend}, {why}")
    else:
        _say(f"Server: {backend}")
    from . import model_server

    if options.zoo is None:
        _say(f"With Docker instead: {model_server.docker_command(options.dir)}")
        directory = contextlib.nullcontext(options.dir)
    else:
        directory = served(recipes, _say, whole=backend == "tensorflow_model_server")
    if backend == "tensorflow_model_server":
        with directory as root:
            return model_server.run(binary, root, options, policy, labels, _say)
    try:
        from .embedded import serve
    except ModuleNotFoundError as error:
        raise InputError(
            f"The embedded server needs the package {error.name}: pip install 'keraszoo[serving]'."
        ) from None

    with directory as root:
        serve(
            root,
            host=options.host,
            rest_port=options.rest_port,
            grpc_port=options.grpc_port,
            policy=policy,
            labels=labels,
            allow_unverified=options.allow_unverified,
            batching=options.batching,
            say=_say,
        )
    return 0


def _trained(**_):
    """The recipes of which there are weights, for the shell."""
    from keraszoo.weights import names

    return names()


def _port(text):
    number = int(text)
    if not 0 <= number < 2**16:
        raise ValueError
    return number


_port.__name__ = "port"  # what argparse calls it in its error

"""The command `keraszoo serve`."""

import functools
import shutil

from keraszoo.arguments import Parser
from keraszoo.core.errors import InputError

BACKENDS = ("auto", "tensorflow_model_server", "embedded")


def serve_command(argv):
    """`keraszoo serve DIR [options]`.

    Args:
        argv: the arguments after `serve`.

    Returns:
        The exit code.

    Raises:
        InputError: when nothing in DIR can be served, an option is wrong, or a port is taken.
    """
    parser = Parser("serve", "Serve exported models over REST and gRPC, as TensorFlow Serving does.")
    parser.add_argument("dir", metavar="DIR", help="a folder for each model, as keraszoo export --to writes it")
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

    from .models import check_root
    from .selection import Policy, parse_labels

    policy, labels = Policy.parse(options.versions), parse_labels(options.label)
    check_root(options.dir)
    say = functools.partial(print, flush=True)
    binary = shutil.which("tensorflow_model_server")
    chosen = options.backend
    if chosen == "auto":
        chosen = "tensorflow_model_server" if binary else "embedded"
        why = "which is on PATH" if binary else "as tensorflow_model_server is not on PATH"
        say(f"Server: {chosen}, {why}")
    else:
        say(f"Server: {chosen}")
    from . import model_server

    say(f"With Docker instead: {model_server.docker_command(options.dir)}")
    if chosen == "tensorflow_model_server":
        return model_server.run(binary, options.dir, options, policy, labels, say)
    try:
        from .embedded import serve
    except ModuleNotFoundError as error:
        raise InputError(
            f"The embedded server needs the package {error.name}: pip install 'keraszoo[serving]'."
        ) from None

    serve(
        options.dir,
        host=options.host,
        rest_port=options.rest_port,
        grpc_port=options.grpc_port,
        policy=policy,
        labels=labels,
        allow_unverified=options.allow_unverified,
        batching=options.batching,
        say=say,
    )
    return 0


def _port(text):
    number = int(text)
    if not 0 <= number < 2**16:
        raise ValueError
    return number


_port.__name__ = "port"  # what argparse calls it in its error

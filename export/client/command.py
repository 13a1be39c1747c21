"""The command `keraszoo predict`."""

from keraszoo.arguments import Parser
from keraszoo.core.errors import InputError

_SHOWN = 20  # numbers of a row on the screen


def predict_command(argv):
    """`keraszoo predict ADDRESS MODEL [FILE...] [options]`.

    Args:
        argv: the arguments after `predict`.

    Returns:
        The exit code.

    Raises:
        InputError: when the signature does not take what is given, or the server does not answer it.
    """
    parser = Parser("predict", "Ask a server of exported models, KerasZoo's or TensorFlow Serving.")
    parser.add_argument("address", metavar="ADDRESS", help="http://HOST:PORT or grpc://HOST:PORT")
    parser.add_argument("model", metavar="MODEL", help="name of the served model")
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="images, tables (.csv, .npy), or an .npz with an array for each input"
    )
    parser.add_argument("--signature", default="serving_default", metavar="NAME", help="default: the model's first")
    parser.add_argument(
        "--set", action="append", default=[], metavar="INPUT=VALUES", help="numbers of an input, such as seed=1,2,3"
    )
    parser.add_argument("--out", metavar="FILE", help=".png for images, .npz for everything")
    parser.add_argument("--version", type=int, metavar="N", help="of the model (default: the newest)")
    parser.add_argument("--label", help="of the version, in place of its number")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="for one attempt (default: 30)")
    parser.add_argument("--retries", type=int, default=5, metavar="N", help="while the server is busy (default: 5)")
    options = parser.parse_args(argv)

    from . import files
    from .client import Client

    with Client(
        options.address,
        options.model,
        version=options.version,
        label=options.label,
        timeout=options.timeout,
        retries=options.retries,
    ) as client:
        known = client.signatures()
        infos = known.get(options.signature, {}).get("inputs", {})
        inputs = files.read(options.files, infos) if options.files and infos else {}
        inputs |= _repeated(dict(_numbers(text) for text in options.set), inputs)
        answer = client.predict(inputs, options.signature)
    if options.out:
        files.write(options.out, answer)
        print(f"The answer is in {options.out}")
    for name, array in answer.items():
        shape = "x".join(map(str, array.shape))
        print(f"{name} {'bytes' if array.dtype == object else array.dtype} [{shape}]")
        if not files.is_image(array):
            _show(array)
    return 0


def _numbers(text):
    name, equals, values = text.partition("=")
    try:
        numbers = [float(value) if set(value) & set(".enE") else int(value) for value in values.split(",")]
    except ValueError:
        numbers = []
    if not equals or not name or not numbers:
        raise InputError(f"--set is INPUT=VALUES with numbers, such as seed=1,2,3. Received: {text!r}.")
    return name, numbers


def _repeated(given, inputs):
    """Arrays: single numbers repeated for as many rows as the other inputs have."""
    import numpy as np

    rows = max((len(array) for array in (*given.values(), *inputs.values())), default=1)
    return {name: np.repeat(array, rows) if len(array) == 1 else np.asarray(array) for name, array in given.items()}


def _show(array):
    for row in array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1):
        words = [_word(value) for value in row[:_SHOWN]]
        print("   ", *words, *(["..."] if len(row) > _SHOWN else []))


def _word(value):
    return value.decode(errors="replace") if isinstance(value, bytes) else f"{value:.6g}" if value % 1 else f"{value}"

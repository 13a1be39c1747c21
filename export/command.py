"""The commands `keraszoo export` and `keraszoo doctor`."""

import json
import shlex
import textwrap
from pathlib import Path

from keraszoo.arguments import Parser

_WIDTH = 80


def export_command(argv):
    """`keraszoo export RUN --to DIR [--name NAME] [--new-interface] [--sampler KIND]`.

    Args:
        argv: the arguments after `export`.

    Returns:
        The exit code.

    Raises:
        InputError: as `keraszoo.export.export` does.
    """
    parser = Parser("export", "Publish a trained model as the next version for TensorFlow Serving.")
    parser.add_argument("run", metavar="RUN", help="run directory, as written by keraszoo train")
    parser.add_argument("--to", metavar="DIR", required=True, help="base directory of the served models")
    parser.add_argument("--name", metavar="NAME", help="name of the served model (default: the run's family)")
    parser.add_argument(
        "--new-interface", action="store_true", help="publish although clients of the newest version could not call it"
    )
    parser.add_argument(
        "--bundle", action="store_true", help="write compose.yaml, which starts TensorFlow Serving on DIR"
    )
    parser.add_argument("--profile", action="store_true", help="measure what an answer costs, for the manifest")
    parser.add_argument(
        "--sampler",
        metavar="KIND",
        help="gaussian, mixture or flow: what the signature sample draws codes from, see `keraszoo sample`",
    )
    parser.add_argument("--components", type=int, metavar="N", help="of the mixture, as for `keraszoo sample`")
    parser.add_argument("--data-dir", help="of tensorflow-datasets, for a sampler that is not fitted yet")
    arguments = parser.parse_args(argv)

    from .contents import manifest
    from .pipeline import export

    chosen = {
        name: getattr(arguments, name)
        for name in ("name", "new_interface", "profile", "sampler", "components", "data_dir")
    }
    version = export(arguments.run, arguments.to, **chosen)
    described = manifest.read(version)
    size = sum(file.stat().st_size for file in version.rglob("*") if file.is_file())
    print(f"{version}: {size / 1e6:.2f} MB, {described['parameters']:,} parameters")
    print("Signatures (the first is the default; N is the number of rows):")
    for name, sides in described["signatures"].items():
        text = f"{name}: {_tensors(sides['inputs'])} -> {_tensors(sides['outputs'])}"
        print(textwrap.fill(text, _WIDTH, initial_indent="    ", subsequent_indent="        "))
    print(f"Warm-up: {described['warm_up']}")
    if described["cost"] is not None:
        print_cost(described["cost"])
    if arguments.bundle:
        from .published.bundle import write_bundle

        print(f"Bundle: {write_bundle(arguments.to, version.parent.name)}")
    print("Next:")
    print(f"    keraszoo doctor {shlex.quote(str(version.parent))}")
    print(f"    keraszoo serve {shlex.quote(arguments.to)}")
    print(f"    docker run --rm -p 8501:8501 -v {shlex.quote(str(Path(arguments.to).absolute()))}:/models \\")
    print("        tensorflow/serving --model_config_file=/models/models.config")
    return 0


def doctor_command(argv):
    """`keraszoo doctor DIR [--version N] [--json]`.

    Args:
        argv: the arguments after `doctor`.

    Returns:
        The exit code: 0 when every check is ok, else 2.

    Raises:
        InputError: when there is no such version.
    """
    parser = Parser("doctor", "Prove that an exported version works without Python.")
    parser.add_argument("path", metavar="DIR", help="a served model (base/name) or one version of it")
    parser.add_argument("--version", metavar="N", type=int, help="number of the version (default: the newest)")
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    arguments = parser.parse_args(argv)

    from .outside.examination import examine
    from .published import versions

    directory = versions.find(arguments.path, arguments.version)
    checks = examine(directory)
    healthy = all(check.ok for check in checks)
    if arguments.json:
        described = {
            "version": str(directory),
            "healthy": healthy,
            "checks": [check._asdict() for check in checks],
        }
        print(json.dumps(described, indent=2))
    else:
        _print_table(directory, checks)
    return 0 if healthy else 2


def profile_export_command(argv):
    """`keraszoo profile-export DIR [--version N] [--rows N ...] [--json]`.

    Args:
        argv: the arguments after `profile-export`.

    Returns:
        The exit code.

    Raises:
        InputError: when there is no such version, or it cannot be run.
    """
    parser = Parser("profile-export", "Measure what an answer costs: time, processor and memory of each signature.")
    parser.add_argument("path", metavar="DIR", help="a served model (base/name) or one version of it")
    parser.add_argument("--version", metavar="N", type=int, help="number of the version (default: the newest)")
    parser.add_argument(
        "--rows", metavar="N", type=int, nargs="+", default=[1, 8, 32], help="rows of a request (1 8 32)"
    )
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    arguments = parser.parse_args(argv)

    from .outside.cost import cost
    from .published import versions

    found = cost(versions.find(arguments.path, arguments.version), arguments.rows)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print_cost(found)
    return 0


def lite_command(argv):
    """`keraszoo lite DIR --out FILE.tflite [--version N] [--weights float32]`.

    Args:
        argv: the arguments after `lite`.

    Returns:
        The exit code.

    Raises:
        InputError: when there is no such version, or none of its signatures can be converted.
    """
    parser = Parser(
        "lite", "Write an exported version as a LiteRT (TensorFlow Lite) file, for phones and small boards."
    )
    parser.add_argument("path", metavar="DIR", help="a served model (base/name) or one version of it")
    parser.add_argument("--out", metavar="FILE", required=True, help="the file, such as vae.tflite")
    parser.add_argument("--version", metavar="N", type=int, help="number of the version (default: the newest)")
    parser.add_argument("--weights", default="float32", help="float32, float16 (half the size) or int8 (a quarter)")
    arguments = parser.parse_args(argv)

    from .lite import to_lite
    from .published import versions

    found = to_lite(versions.find(arguments.path, arguments.version), arguments.out, arguments.weights)
    print(f"{found.path}: {found.bytes / 1e6:.2f} MB, weights in {arguments.weights}")
    print("Farthest from the version's answers to its golden examples:")
    for signature, outputs in found.differences.items():
        told = ", ".join(f"{name} {difference:.2g}" for name, difference in outputs.items())
        print(textwrap.fill(f"{signature}: {told}", _WIDTH, initial_indent="    ", subsequent_indent="        "))
    for signature, reason in found.left_out.items():
        print(textwrap.fill(f"Left out: {signature}, as {reason}", _WIDTH, subsequent_indent="    "))
    return 0


def print_cost(found):
    """What `keraszoo.export.outside.cost` found, as a table."""
    from rich.console import Console
    from rich.table import Table

    print(f"{found['bytes'] / 1e6:.2f} MB on disk; an answer, without HTTP and batching:")
    table = Table(box=None, pad_edge=False)
    table.add_column("signature")
    for name in ("rows", "ms", "CPU ms", "ms a row", "MiB at its peak"):
        table.add_column(name, justify="right")
    for signature, measured in found["signatures"].items():
        for rows, each in measured.items():
            numbers = each["ms"], each["cpu_ms"], each["ms"] / int(rows)
            table.add_row(signature, rows, *(f"{number:.3g}" for number in numbers), f"{each['peak_mib']:.1f}")
    Console(highlight=False, width=_WIDTH).print(table)


def _tensors(infos):
    """`image float32[N,28,28,1], ...`"""
    return ", ".join(f"{name} {info['dtype']}{_shape(info['shape'])}" for name, info in infos.items())


def _shape(shape):
    if shape is None:
        return "[N,...]"
    return f"[{','.join(['N', *('?' if size is None else str(size) for size in shape[1:])])}]"


def _print_table(directory, checks):
    column = max(len(check.name) for check in checks)
    print(directory)
    for check in checks:
        start = f"{check.name:<{column}}  {'ok' if check.ok else 'FAILED':<6}  "
        if len(start) > _WIDTH // 2:
            print(start.rstrip())
            start = " " * 8
        print(textwrap.fill(check.detail, _WIDTH, initial_indent=start, subsequent_indent=" " * len(start)))
    failed = sum(not check.ok for check in checks)
    print(f"{failed} of {len(checks)} checks failed" if failed else f"healthy: {len(checks)} checks passed")

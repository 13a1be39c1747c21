"""`keraszoo report`, as the command line has it. Importing this imports no TensorFlow."""

from keraszoo.arguments import Parser


def report_command(argv):
    parser = Parser(
        "report", "Write one HTML page about finished runs: measures, curves, pictures, recipe, environment."
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run directory; several are set side by side")
    parser.add_argument("--out", metavar="FILE", default="report.html", help="(default: report.html)")
    options = parser.parse_args(argv)

    from ..reporting.report import report

    print(f"The report is in {report(options.runs, options.out)}")
    return 0

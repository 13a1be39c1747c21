"""KerasZoo beside its peers: all comparisons, and the tables of docs/benchmarks.md. `make bench` runs it.

    python benchmarks/peers.py                     # about an hour on two idle cores
    python benchmarks/peers.py --only start gans   # these alone; the other tables stay

Each comparison is a process of its own, in which the libraries take turns. What is not installed is left out. The
part of the page between its two marks is written again; what stands around them is not.
"""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time
from importlib import metadata

from interleaved import others_seconds

HERE = pathlib.Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
RECORDS = HERE / "peers.json"
BEGIN, END = "<!-- measured by `make bench` -->", "<!-- end of what was measured -->"

#: {name: (title, script, options, options of --quick)}
COMPARISONS = {
    "start": ("Import, first step and memory", "start.py", [], ["--rounds", "1"]),
    "vae": ("A VAE's step", "step_time.py", [], ["--quick"]),
    "likelihood": ("A VAE's likelihood", "likelihood.py", [], ["--images", "5", "--samples", "500"]),
    "gans": ("GANs", "gans.py", [], ["--rounds", "2", "--steps", "10"]),
    "flows": ("Flows", "flows.py", ["--features", "8", "43"], ["--quick", "--no-compile"]),
    "densities": ("Densities without a network", "density_speed.py", [], ["--rounds", "1"]),
    "unet": ("U-Net", "unet.py", ["--precision", "float32", "bfloat16"], ["--rounds", "2", "--steps", "2"]),
}
PACKAGES = (
    "tensorflow", "keras", "tensorflow-probability", "numpy", "scikit-learn", "torch", "pythae", "zuko", "nflows",
    "segmentation-models-pytorch",
)  # fmt: skip
QUIET = 0.1  # share of the processors that other programs may use


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, default=list(COMPARISONS))
    parser.add_argument("--quick", action="store_true", help="do they run? Nothing is written")
    options = parser.parse_args()
    known = json.loads(RECORDS.read_text()) if RECORDS.exists() else {}
    for name in options.only:
        known[name] = measured(name, options.quick)
        if not options.quick:
            RECORDS.write_text(json.dumps(known, indent=1) + "\n")
            write_page(known)


def measured(name, quick):
    """The records of one comparison, with the machine, the versions, and what other programs used meanwhile."""
    title, script, arguments, quickly = COMPARISONS[name]
    print(f"== {title}: {script}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "records"
        command = [sys.executable, HERE / script, *(quickly if quick else arguments), "--records", file]
        started, before = time.perf_counter(), others_seconds()
        own = os.times()
        subprocess.run(command, check=True)
        seconds, now = time.perf_counter() - started, os.times()
        used = now.children_user + now.children_system - own.children_user - own.children_system
        others = before and (others_seconds() - before - used) / seconds / os.cpu_count()
        records = [json.loads(line) for line in file.read_text().splitlines()]
    versions = {package: version for package in PACKAGES if (version := installed(package))}
    return {
        "date": time.strftime("%Y-%m-%d"), "machine": machine(), "minutes": round(seconds / 60, 1),
        "others": others and round(max(others, 0), 3), "versions": versions, "records": records,
    }  # fmt: skip


def installed(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def machine():
    """The processor, as far as the system tells."""
    model = platform.processor() or platform.machine()
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{model}, {os.cpu_count()} cores"
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    told = {key.strip(): value.strip() for key, value in told.items()}
    flags = told.get("flags", "").split()
    units = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    return f"{told.get('model name', model)}, {os.cpu_count()} cores, {', '.join(units)}"


def write_page(known):
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables(known)}\n{END}{after}")


def tables(known):
    """All that was measured, as Markdown."""
    parts = []
    for name, (title, script, arguments, _) in COMPARISONS.items():
        if name not in known:
            continue
        run = known[name]
        versions = ", ".join(f"{package} {version}" for package, version in run["versions"].items())
        busy = "" if run["others"] is None else f", other programs used {run['others']:.0%} of the processors"
        busy += ", more than a comparison should have" * bool(run["others"] and run["others"] > QUIET)
        parts += [f"## {title}\n", *(of_start if name == "start" else of_work)(run["records"])]
        command = " ".join(["python", f"benchmarks/{script}", *arguments])
        parts += [f"\n`{command}`: {run['date']}, {run['machine']}; {run['minutes']} minutes{busy}. {versions}.\n"]
    return "\n".join(parts)


def of_start(records):
    yield "| | library | import, s | first step, s | peak, MiB |\n|---|---|---|---|---|"
    for each in records:
        yield (
            f"| {each['start']} | {each['library']} | {each['import_s']:.1f} | {each['first_step_s']:.1f} "
            f"| {each['peak_MiB']:.0f} |"
        )


def of_work(records):
    yield "| | work | KerasZoo, ms | beside | its ms | **ratio** | ratio of processor time |"
    yield "|---|---|---|---|---|---|---|"
    for each in records:
        low, middle, high = each["ratio"]
        cpu = each["peer_cpu_ms"] / each["ours_cpu_ms"]
        ours, theirs = digits(each["ours_ms"]), digits(each["peer_ms"])
        yield (
            f"| {each['title']} | {each['work']} | {ours} | {each['peer']} | {theirs} "
            f"| **{middle:.2f}** ({low:.2f}-{high:.2f}) | {cpu:.2f} |"
        )


def digits(value):
    """Three significant digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()

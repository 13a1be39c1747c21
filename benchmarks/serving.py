"""What serving costs: rows/s and processor time of the embedded server, beside the same signature without a server.

    python benchmarks/serving.py                # five minutes on two cores
    python benchmarks/serving.py --quick        # does it run?
    python benchmarks/serving.py --overload     # four times as many requests as it can answer; a minute

Models are not trained: their weights cost nothing. Each round measures every row in turn, a direct call among them, and
a ratio is that of one round: other work on the machine slows both. See benchmarks/README.md.
"""

import argparse
import base64
import contextlib
import dataclasses
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import orjson
import psutil
from serving_clients import Clients
from tensorflow_serving.apis import predict_pb2

from keraszoo import recipes
from keraszoo.export import export, graph
from keraszoo.export.contents import golden
from keraszoo.export.outside.session import Session
from keraszoo.export.wire import protos
from keraszoo.training.build import build_model

MODELS = {  # name: recipe, signature
    "dense": ("vae/mnist", "reconstruct"),
    "importance-weighted": ("iwae/mnist_binarized", "reconstruct"),
    "convolutional": ("classifier/cifar10", "classify"),
    "unet": ("unet/cells", "segment"),
}
MEASURED = ("dense", "importance-weighted", "convolutional")
BATCHES, CLIENTS = (1, 32), (1, 8, 32)
OVERLOAD = 4


# ---------------------------------------------------------------------- what is measured


@dataclasses.dataclass
class Row:
    """Requests of one kind. `measure(seconds)` is (requests, seconds, CPU seconds of whoever answers)."""

    name: str
    measure: object
    rates: list = dataclasses.field(default_factory=list)  # requests a second, one a round
    costs: list = dataclasses.field(default_factory=list)  # CPU ms a request, one a round

    def run(self, seconds):
        requests, took, cpu = self.measure(seconds)
        self.rates.append(requests / took)
        self.costs.append(1e3 * cpu / requests)


@dataclasses.dataclass
class Group:
    """Rows of which the first is the direct call; the others are told by their ratios to it."""

    title: str
    rows: list


def direct(version, signature, inputs):
    """One call after another of a signature in this process."""
    session = Session(graph.signatures(graph.read(version)))
    session.load(str(version))

    def measure(seconds):
        for _ in range(3):
            session.run(signature, inputs)
        calls, start, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() < start + seconds:
            session.run(signature, inputs)
            calls += 1
        return calls, time.perf_counter() - start, time.process_time() - cpu

    return Row("direct call", measure)


def served(server, clients, kind, count, name, signature, inputs):
    """Requests of so many clients at once to a server."""
    path, body = request(kind, name, signature, inputs)

    def measure(seconds):
        cpu = server.cpu()
        endings, took = clients.ask(kind, server.addresses[kind], path, body, count, seconds)
        if wrong := {each.status for each in endings} - {"OK"}:
            raise RuntimeError(f"The server answered {', '.join(wrong)}.")
        return len(endings), took, server.cpu() - cpu

    return Row(f"{kind}, {count} client{'s' * (count > 1)}{', merged' * server.merges}", measure)


def request(kind, name, signature, inputs):
    """(path, body) of a request."""
    if kind == "REST":
        plain = {key: _plain(array) for key, array in inputs.items()}
        body = orjson.dumps({"signature_name": signature, "inputs": plain}, option=orjson.OPT_SERIALIZE_NUMPY)
        return f"/v1/models/{name}:predict", body
    message = predict_pb2.PredictRequest()
    message.model_spec.name, message.model_spec.signature_name = name, signature
    for key, array in inputs.items():
        protos.to_proto(array, message.inputs[key])
    return "", message.SerializeToString()


def _plain(array):
    return [{"b64": base64.b64encode(each).decode()} for each in array] if array.dtype == object else array


class Server:
    """`keraszoo serve` in a process of its own."""

    def __init__(self, root, *options):
        self.merges = "--batching" in options
        program = [sys.executable, "-m", "keraszoo", "serve", str(root), "--backend", "embedded"]
        self._process = psutil.Popen(
            [*program, "--rest-port", "0", "--grpc-port", "0", *options], stdout=subprocess.PIPE, text=True
        )
        told = ""
        for line in self._process.stdout:
            told += line
            if line.startswith("Ready"):
                break
        self.addresses = {
            "REST": re.search(r"^REST: http://(\S+)$", told, re.MULTILINE)[1],
            "gRPC": re.search(r"^gRPC: (\S+)$", told, re.MULTILINE)[1],
        }

    def cpu(self):
        """Seconds of all its threads."""
        times = self._process.cpu_times()
        return times.user + times.system

    def memory(self):
        """MiB."""
        return self._process.memory_info().rss / 2**20

    def close(self):
        self._process.terminate()
        self._process.wait()


def groups_of(root, server, merging, clients):
    """All that is measured."""
    for name in MEASURED:
        recipe, signature = MODELS[name]
        version = root / name / "1"
        for batch in BATCHES:
            inputs = example(version, signature, batch)
            rows = [direct(version, signature, inputs)]
            for kind in ("gRPC", "REST"):
                rows += [served(server, clients, kind, count, name, signature, inputs) for count in CLIENTS]
                if batch == 1:
                    rows.append(served(merging, clients, kind, CLIENTS[-1], name, signature, inputs))
            yield Group(f"{name} ({recipe}, {signature}), {batch} row{'s' * (batch > 1)} a request", rows)
    recipe, signature = MODELS["unet"]
    version = root / "unet" / "1"
    image = np.random.default_rng(0).integers(0, 256, [1, 64, 64, 1], "uint8")
    encoded = np.empty(1, object)
    encoded[0] = png(image[0, ..., 0])
    rows = [direct(version, signature, {"image": np.float32(image / 255)})]
    rows += [
        served(server, clients, kind, 1, "unet", f"{signature}_png_bytes", {"image_bytes": encoded})
        for kind in ("gRPC", "REST")
    ]
    yield Group(f"unet ({recipe}), one PNG, beside {signature} of the decoded image", rows)


def example(version, signature, batch):
    """So many rows of the version's own example."""
    inputs, _ = golden.load(version / golden.FILE)[signature]
    return {name: np.resize(array, (batch, *array.shape[1:])) for name, array in inputs.items()}


def png(image):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return file.getvalue()


def overload(root, server, clients, seconds):
    """Lines about four times as many requests as the server can answer."""
    recipe, signature = MODELS["unet"]
    inputs = example(root / "unet" / "1", signature, 1)
    yield f"{OVERLOAD} times as many requests as are answered without a pause, {seconds:g} s; {recipe}, {signature}"
    for kind in ("gRPC", "REST"):
        path, body = request(kind, "unet", signature, inputs)
        endings, took = clients.ask(kind, server.addresses[kind], path, body, 8, seconds / 2)
        capacity, before = len(endings) / took, server.memory()
        memory = []
        for _ in range(2):
            endings, took = clients.ask(kind, server.addresses[kind], path, body, 1, seconds, rate=OVERLOAD * capacity)
            memory.append(server.memory())
        answered = sorted(each.seconds for each in endings if each.status == "OK")
        refused = [each for each in endings if each.status != "OK"]
        how = ", ".join(sorted({each.status for each in refused}))
        told = ", all with Retry-After" * all(each.retry_after for each in refused)
        yield (
            f"{kind}: {len(answered)} of {len(endings)} answered, {len(answered) / took / capacity:.2f} of the rate "
            f"without overload, after {statistics.median(answered):.1f} s, the last after {answered[-1]:.1f} s"
        )
        yield f"  {len(refused)} refused: {how}{told}"
        yield f"  memory {before:.0f} MiB before, {memory[0]:.0f} after it, {memory[1]:.0f} when it has come again"


# ---------------------------------------------------------------------- what is told


def quartiles(values, others):
    ratios = [mine / theirs for mine, theirs in zip(values, others, strict=True)]
    return statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else 3 * ratios


def table(groups):
    yield f"{'':<30}{'rows/s over a direct call':^30}{'CPU of a request over a call':^30}"
    for group in groups:
        first = group.rows[0]
        ms, cpu = 1e3 / statistics.median(first.rates), statistics.median(first.costs)
        yield f"{group.title}: a direct call takes {ms:.2f} ms, {cpu:.2f} ms of CPU"
        for row in group.rows[1:]:
            low, rate, high = quartiles(row.rates, first.rates)
            least, cost, most = quartiles(row.costs, first.costs)
            more = statistics.median(row.costs) - cpu
            yield (
                f"  {row.name:<28}{rate:>8.2f} ({low:.2f}-{high:.2f}){'':<8}{cost:>8.2f} ({least:.2f}-{most:.2f})"
                f"{more:>+8.2f} ms"
            )


def others_share(started, cpu_started):
    """What other programs than these took of the processors since then."""
    busy = _busy() - cpu_started
    return busy / ((time.perf_counter() - started) * os.cpu_count())


def _busy():
    times = psutil.cpu_times()
    return times.user + times.nice + times.system - _ours()


def _ours():
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(each.cpu_times().user + each.cpu_times().system for each in family)


def main():
    parser = argparse.ArgumentParser(description="Rows/s and CPU of the embedded server beside a direct call.")
    parser.add_argument("--rounds", type=int, default=7, help="how often each row is measured (7)")
    parser.add_argument("--seconds", type=float, default=0.6, help="of a row in a round (.6)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of .2 s: does it run?")
    parser.add_argument("--overload", action="store_true", help="measure only what too many requests do")
    parser.add_argument("--served", type=Path, help="where the exported models are, or are written to, to be kept")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 2, 0.2
    with contextlib.ExitStack() as stack:
        root = options.served or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, (recipe, _) in MODELS.items():
            if not (root / name / "1").exists():
                export(build_model(recipes.get(recipe)), root, name)
        clients = stack.enter_context(Clients())
        server = stack.enter_context(contextlib.closing(Server(root)))
        if options.overload:
            for line in overload(root, server, clients, 2.0 if options.quick else 10.0):
                print(line, flush=True)
            return
        merging = stack.enter_context(contextlib.closing(Server(root, "--batching")))
        groups = list(groups_of(root, server, merging, clients))
        print(f"{os.cpu_count()} processors; {options.rounds} rounds; medians (quartiles)", flush=True)
        started, busy = time.perf_counter(), _busy()
        for _ in range(options.rounds):
            for group in groups:
                for row in group.rows:
                    row.run(options.seconds)
        share = others_share(started, busy)
        print("\n".join(table(groups)))
        print(f"Other programs used {max(share, 0):.0%} of the processors.")


if __name__ == "__main__":
    main()

"""The program that the doctor runs in a process of its own: it serves a version as TensorFlow Serving would.

    python -P -m keraszoo.export.outside._capi JOB

where JOB is the path of a JSON object with directory, signatures, default, golden, warm_up and exact, as
`examination` writes it.

It never imports TensorFlow's Python; it calls the C functions of the library under it, so it sees what a server sees.
Each check is announced and then reported as one line of JSON on stdout; a crash therefore tells how far it came.
"""

import contextlib
import json
import sys
import time
from pathlib import Path

import numpy as np

from keraszoo.system.processes import die_with_parent

from ..contents import golden
from .session import ServerError, Session, disable_xla

# What a value of another machine or release may differ by; on the exporting machine every bit must agree.
_RELATIVE, _ABSOLUTE = 1e-4, 1e-5


# ---------------------------------------------------------------------- the checks


def loads(server, directory, without_xla):
    """Whether the version loads: (ok, detail)."""
    start = time.perf_counter()
    server.load(directory)
    xla = "" if without_xla else " (with XLA on: this release cannot switch it off)"
    return True, f"in {time.perf_counter() - start:.1f} s by TensorFlow {server.version}{xla}"


def answers(server, signature, inputs, outputs, exact):
    """Whether `signature` answers its golden inputs with its golden outputs: (ok, detail)."""
    received = server.run(signature, inputs)
    if set(received) != set(outputs):
        return False, f"outputs {sorted(received)} instead of {sorted(outputs)}"
    rows = len(next(iter(inputs.values())))
    equal, worst = True, 0.0
    for name, want in outputs.items():
        got = received[name]
        if got.dtype != want.dtype or got.shape != want.shape:
            return False, f"{name} is {got.dtype}{list(got.shape)} instead of {want.dtype}{list(want.shape)}"
        if got.shape[:1] != (rows,):
            return False, f"{name} has shape {list(got.shape)} for {rows} rows: the batch must come first"
        if _same(got, want):
            continue
        if got.dtype != np.float32:
            return False, f"{name} differs from the Keras model"
        equal = False
        worst = max(worst, float(np.max(np.abs(got - want))))
        if exact or not np.allclose(got, want, _RELATIVE, _ABSOLUTE, equal_nan=True):
            return False, f"{name} differs from the Keras model by up to {worst:.2g}"
    if equal:
        return True, "equal to Keras, bit for bit"
    return True, f"within {worst:.2g} of Keras, as run on another machine"


def _same(got, want):
    return got.tolist() == want.tolist() if got.dtype == object else got.tobytes() == want.tobytes()


def refuses(server, signature, inputs, shapes):
    """Whether `signature` answers four malformed requests with an error, and survives an empty one: (ok, detail)."""
    accepted = []
    for mistake, malformed in _malformed(inputs, shapes):
        try:
            server.run(signature, malformed)
        except ServerError:
            continue
        accepted.append(mistake)
    with contextlib.suppress(ServerError):  # either answer will do; the process must live
        server.run(signature, {name: array[:0] for name, array in inputs.items()})
    if accepted:
        return False, f"accepted {', '.join(accepted)}"
    return True, "4 of 4 refused, process alive"


def _malformed(inputs, shapes):
    """Four (name of the mistake, inputs), from well-formed inputs and the shapes `{name: [None, ...]}`."""
    # An input with a fixed inner size shows most; any will do.
    name = max(inputs, key=lambda key: (sum(size is not None for size in shapes[key]), len(shapes[key])))
    good = inputs[name]
    yield "one dimension too many", {**inputs, name: good[..., None]}
    yield "one dimension too few", {**inputs, name: good[..., 0]}
    fixed = [axis for axis, size in enumerate(shapes[name]) if size is not None]
    if fixed:
        yield "a wrong inner dimension", {**inputs, name: np.concatenate([good, good], axis=fixed[-1])}
    else:
        yield "no batch at all", {**inputs, name: good.ravel()[:1].reshape(())}
    if len(inputs) > 1:
        yield "inputs of different batches", {**inputs, name: np.concatenate([good, good])}
    else:
        yield "a batch of batches", {**inputs, name: good[None]}


def alone(server, signature, inputs, outputs, known):
    """Whether a row of numbers that mean nothing is answered alone, and its neighbours as without it: (ok, detail)."""
    tried = 0
    for mistake, wrong in _meaningless(inputs, known):
        received = server.run(signature, wrong)
        for name, want in outputs.items():
            got = received[name]
            if got.shape != want.shape or not _near(np.delete(got, 1, 0), np.delete(want, 1, 0)):
                return False, f"{mistake} in a row changes {name} of another"
            if not _is_nothing(got[1]):
                return False, f"{mistake} is answered with {name} as if it meant something"
        tried += 1
    return True, f"{tried} of {tried} answered so that no neighbour notices" if tried else "any value will do"


def _meaningless(inputs, known):
    """(name of the mistake, inputs) of which the second row is nothing that the model takes."""
    for name, array in inputs.items():
        for mistake, value in _wrong_values(name, array.dtype, known[name]):
            changed = array.copy()
            changed[1] = value
            yield mistake, {**inputs, name: changed}


def _wrong_values(name, dtype, known):
    """(name of the mistake, value) for an input of which the manifest says what its values are."""
    if not known.get("meaning"):
        return
    if dtype == np.float32:
        yield f"NaN as {name}", np.nan
        yield f"infinity as {name}", np.inf
    for end, step in (("least", -1), ("most", 1)):
        if end in known:
            yield f"{name} beyond its {end}", known[end] + step


def _near(got, want):
    if got.dtype == np.float32:
        return np.allclose(got, want, _RELATIVE, _ABSOLUTE, equal_nan=True)
    return _same(got, want)


def _is_nothing(row):
    """Whether a row of an output is what `keraszoo.export.guards` answers where a row means nothing."""
    if row.dtype == np.float32:
        return np.isnan(row).all()
    if row.dtype == np.bool_:
        return not row.any()
    return (row == (b"" if row.dtype == object else -1)).all()


def replays(server, records):
    """Whether the warm-up requests, `[(signature, inputs)]`, all run: (ok, detail)."""
    start = time.perf_counter()
    for signature, inputs in records:
        server.run(signature, inputs)
    return True, f"{len(records)} records replayed in {time.perf_counter() - start:.2f} s"


def report(name, check, *arguments):
    """Announces a check, runs it and reports it; returns whether it passed."""
    print(json.dumps({"running": name}), flush=True)
    try:
        ok, detail = check(*arguments)
    except ServerError as error:
        ok, detail = False, " ".join(str(error).split())[:300]
    print(json.dumps({"name": name, "ok": ok, "detail": detail}), flush=True)
    return ok


def main():
    die_with_parent()
    job = json.loads(Path(sys.argv[1]).read_text())
    without_xla, server = disable_xla(), Session(job["signatures"])
    if not report("load", loads, server, job["directory"], without_xla):
        return
    examples = golden.load(job["golden"])
    # The first replay is the first work of the process, as it is in a server.
    if job["warm_up"]:
        requests = golden.load(job["warm_up"]).items()
        report("warm-up", replays, server, [(name.split("@")[0], inputs) for name, (inputs, _) in requests])
    for signature, infos in job["signatures"].items():
        if golden.ALIASES.get(signature) in job["signatures"]:
            continue  # the same graph under another name, which the warm-up has called
        example = examples[job["default"] if signature == "serving_default" else signature]
        report(f"answers of {signature}", answers, server, signature, *example, job["exact"])
        shapes = {name: info["shape"] for name, info in infos["inputs"].items()}
        report(f"wrong shapes: {signature}", refuses, server, signature, example[0], shapes)
        report(f"wrong values: {signature}", alone, server, signature, *example, infos["inputs"])


if __name__ == "__main__":
    main()

"""Work of several libraries in turn, round after round: what else the machine does then falls on all of them.

python benchmarks/peers.py        # all comparisons, into docs/benchmarks.md
"""

import dataclasses
import gc
import json
import os
import statistics
import time
from collections.abc import Callable


@dataclasses.dataclass
class Row:
    """One way to do the work. `run(times)` does it so often; what it answers is kept as `answer`."""

    name: str
    run: Callable[[int], object]
    times: list = dataclasses.field(default_factory=list)  # ms for each time, one a round
    cpu_times: list = dataclasses.field(default_factory=list)  # ms of all its threads, one a round
    answer: object = None  # of the last round
    first: float = float("nan")  # seconds of the first time, which traces and compiles

    def begin(self, times):
        """The first time, measured, and some more."""
        started = time.perf_counter()
        self.run(1)
        self.first = time.perf_counter() - started
        self.run(times)

    def measure(self, times):
        gc.collect()
        started, cpu_started = time.perf_counter(), time.process_time()
        self.answer = self.run(times)
        self.times.append(1e3 * (time.perf_counter() - started) / times)
        self.cpu_times.append(1e3 * (time.process_time() - cpu_started) / times)

    def ratios(self, other):
        """Quartiles of this row's time over the other's, round by round."""
        ratios = [mine / theirs for mine, theirs in zip(self.times, other.times, strict=True)]
        return statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else 3 * ratios


def in_turn(rows, rounds, times, warm_up=None):
    """Measures all rows in turn, `rounds` times."""
    for row in rows:
        row.begin(warm_up or times)
    for _ in range(rounds):
        for row in rows:
            row.measure(times)


def comparisons(title, work, ours, peers) -> list:
    """What `docs/benchmarks.md` tells of rows: a dict for each peer, the peer's time over ours in quartiles."""
    return [
        {
            "title": title,
            "work": work,
            "ours": ours.name,
            "peer": peer.name,
            "ours_ms": statistics.median(ours.times),
            "peer_ms": statistics.median(peer.times),
            "ours_cpu_ms": statistics.median(ours.cpu_times),
            "peer_cpu_ms": statistics.median(peer.cpu_times),
            "ratio": peer.ratios(ours),
        }
        for peer in peers
    ]


def lines(records):
    """A line of text for each record."""
    for each in records:
        sides = (f"{each[f'{side}_ms']:.2f} ms (CPU {each[f'{side}_cpu_ms']:.2f})" for side in ("ours", "peer"))
        times = "{1:.2f} times as long, half from {0:.2f} to {2:.2f}".format(*each["ratio"])
        yield f"{each['title']}, {each['work']}: {next(sides)}; {each['peer']} {next(sides)}, {times}"


def add_option(parser):
    parser.add_argument("--records", metavar="FILE", help="append what was measured to this file, a line of JSON each")


def append(path, records):
    """Appends records to a file; nothing without a file."""
    if path:
        with open(path, "a") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)


def others_seconds():
    """Processor time that all other programs have used since the start of the machine, in seconds; None if unknown."""
    try:
        with open("/proc/stat") as file:
            user, nice, system, _, _, *others = map(int, file.readline().split()[1:9])
    except (OSError, ValueError):
        return None
    return (user + nice + system + sum(others)) / os.sysconf("SC_CLK_TCK") - time.process_time()

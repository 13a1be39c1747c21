"""Versions come and go under load: no request fails, a damaged version never answers, and memory stays what it was."""

import json
import os
import shutil
import threading

import psutil
import pytest
import runner
from waiting import eventually

from keraszoo.export import Client, ServingError, publish
from keraszoo.export.contents import golden, manifest
from keraszoo.export.published import lifecycle, versions

MOST = 48  # MiB by which a server may grow over all swaps but the first ones


def states(server, name):
    _, _, raw = runner.send(server.rest, "GET", f"/v1/models/{name}")
    return {int(each["version"]): each for each in json.loads(raw).get("model_version_status", [])}


def wait_for(server, name, number, state):
    """Waits until a version has that state and every other one has ended or answers."""
    others = {"END"} if state == "AVAILABLE" else {"END", "AVAILABLE"}

    def done(found):
        rest = {each["state"] for other, each in found.items() if other != number}
        return found.get(number, {}).get("state") == state and rest <= others

    found = eventually(lambda: states(server, name), done, seconds=120)
    assert done(found), (number, state, found, server.said[-20:])
    return found


def copied(source, root, name):
    return publish(lambda draft: shutil.copytree(source, draft, dirs_exist_ok=True), root, name)


class Clients:
    """Threads that ask for the golden answers until they are stopped; what was not answered so is in `failed`."""

    def __init__(self, server, name, examples, of_each):
        self.failed, self.answered, self._stop = [], 0, threading.Event()
        addresses = [f"http://{server.rest}", f"grpc://{server.grpc}"]
        self._threads = [
            threading.Thread(target=self._ask, args=(each, name, examples)) for each in addresses * of_each
        ]

    def _ask(self, address, name, examples):
        with Client(address, name, retries=0) as client:
            while not self._stop.wait(0.02):  # busy enough, and the versions come to their turn
                for signature, (inputs, outputs) in examples.items():
                    try:
                        answer = client.predict(inputs, signature)
                    except ServingError as error:
                        self.failed.append(f"{address} {signature}: {error}")
                        continue
                    self.answered += 1
                    if any(answer[key].tobytes() != want.tobytes() for key, want in outputs.items()):
                        self.failed.append(f"{address} {signature}: another answer")

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize(("swaps", "clients"), [(3, 1), pytest.param(200, 2, marks=pytest.mark.slow)])
def test_no_request_fails_while_versions_change(zoo_server, swaps, clients):
    """A version is published, or an earlier one published again, or the newest removed, in turn."""
    source, name = zoo_server.serve("ConditionalVAE"), f"swapped-{swaps}"
    home, process, memory = zoo_server.root / name, psutil.Process(zoo_server.process.pid), []
    for _ in range(2):
        copied(source, zoo_server.root, name)
    wait_for(zoo_server, name, 2, "AVAILABLE")
    with Clients(zoo_server, name, golden.load(source / golden.FILE), clients) as load:
        for swap in range(swaps):
            newest = versions.numbers(home)
            if swap % 3 == 0:
                copied(source, zoo_server.root, name)
            elif swap % 3 == 1:
                lifecycle.roll_back(home, newest[-2])
            else:
                os.rename(home / str(newest[-1]), zoo_server.root / ".removed")
                shutil.rmtree(zoo_server.root / ".removed")
            lifecycle.keep(home, 3)
            wait_for(zoo_server, name, versions.numbers(home)[-1], "AVAILABLE")
            memory.append(process.memory_info().rss)
    assert not load.failed, load.failed[:5]
    assert load.answered > swaps
    early, late = memory[len(memory) // 5] / 2**20, memory[-1] / 2**20
    print(f"{swaps} swaps, {load.answered} answers, {early:.0f} MiB after a fifth of them, {late:.0f} at the end")
    assert late - early < MOST


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


HARM = {
    "a byte of the weights": lambda version: flip_a_byte(next((version / "variables").glob("*.data-*"))),
    "the index of the weights": lambda version: (version / "variables" / "variables.index").unlink(),
    "the graph": lambda version: (version / "saved_model.pb").unlink(),
    "half of the graph": lambda version: os.truncate(version / "saved_model.pb", 1000),
    "no manifest": lambda version: (version / manifest.FILE).unlink(),
    "half of the manifest": lambda version: os.truncate(version / manifest.FILE, 100),
    "an edited manifest": lambda version: (version / manifest.FILE).write_text(
        (version / manifest.FILE).read_text().replace("decode", "encode")
    ),
    "a file more": lambda version: (version / "assets" / "more").write_text("x"),
}


@pytest.mark.by_default("a byte of the weights", "the index of the weights", "an edited manifest")
@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
def test_a_damaged_version_is_refused_while_the_old_one_serves(zoo_server, harm, request):
    source, name = zoo_server.serve("ConditionalVAE"), "damaged"
    if not (zoo_server.root / name).exists():
        copied(source, zoo_server.root, name)
    wait_for(zoo_server, name, 1, "AVAILABLE")

    def fill(draft):
        shutil.copytree(source, draft, dirs_exist_ok=True)
        harm(draft)

    number = int(publish(fill, zoo_server.root, name).name)
    told = wait_for(zoo_server, name, number, "END")
    assert told[number]["status"]["error_code"] == "DATA_LOSS" and told[1]["state"] == "AVAILABLE"
    assert str(zoo_server.root) not in json.dumps(told) and "\n" not in told[number]["status"]["error_message"]
    with Client(f"http://{zoo_server.rest}", name) as client:
        for signature, (inputs, outputs) in golden.load(source / golden.FILE).items():
            answer = client.predict(inputs, signature)
            assert all(answer[key].tobytes() == want.tobytes() for key, want in outputs.items())
    assert zoo_server.says(f"{name}/{number}: not loaded: ")

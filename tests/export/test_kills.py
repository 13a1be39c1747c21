"""A publisher may be killed at any moment: what is served is whole, and its draft is gone with the next one."""

import itertools
import json
import os
import subprocess
import sys

import pytest

from keraszoo.export import publish
from keraszoo.export.contents import manifest
from keraszoo.export.published import versions

#: attempts, each in a process that is killed before its n-th touch of the disk; after each of them a whole one
_ATTEMPTS = '''
import json, os, pathlib, signal, sys
from keraszoo.export import publish, write_server_config
from keraszoo.export.contents import manifest
from keraszoo.export.published import lifecycle, versions

base, first, every = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
TOUCHES = ("open", "os.", "shutil.", "tempfile.", "fcntl.")

def fill(draft):
    (draft / "variables").mkdir()
    for name in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        (draft / name).write_bytes(os.urandom(1000))
    manifest.seal_as(draft, {"format": 2, "name": "vae", "files": manifest.checksums(draft)})

def attempt(left):
    def count(event, arguments):
        nonlocal left
        if event.startswith(TOUCHES):
            left -= 1
            if not left:
                print(json.dumps(event), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    home = publish(fill, base, "vae").parent
    lifecycle.label(home, "stable", versions.numbers(home)[-1])
    if len(versions.numbers(home)) > 1:
        lifecycle.roll_back(home, versions.numbers(home)[-2])
    lifecycle.keep(home, 3)
    write_server_config(base)

def tried(number):
    """Whether an attempt came to its end, and what is there then."""
    child = os.fork()
    if not child:
        attempt(number)
        os._exit(0)
    ended, home = os.waitpid(child, 0)[1] == 0, base / "vae"
    found = versions.numbers(home) if home.exists() else []
    return ended, {
        "versions": found,
        "damage": [manifest.damage(home / str(each), manifest.read(home / str(each))["files"]) for each in found],
        "labels": lifecycle.labels(home),
        "drafts": sorted(str(path) for path in base.rglob(".draft-*")),
        "config": (base / "models.config").read_text() if (base / "models.config").exists() else "",
    }

number, ended = first, False
while not ended:
    ended, killed = tried(number)
    print(json.dumps([killed, tried(0)[1]]), flush=True)
    number += every
'''


@pytest.mark.parametrize(("first", "every"), [(5, 23), pytest.param(1, 1, marks=pytest.mark.slow)])
def test_killed_at_any_touch_of_the_disk(tmp_path, first, every):
    """Publishing, a label, rolling back, removal and the server's configuration, one after another."""
    command = [sys.executable, "-c", _ATTEMPTS, str(tmp_path), str(first), str(every)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=500).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    killed_before = [line for line in lines if isinstance(line, str)]
    pairs = [line for line in lines if not isinstance(line, str)]
    assert len(pairs) == len(killed_before) + 1 > 3
    for killed, whole in pairs:
        for found in (killed, whole):
            assert not any(found["damage"]), found
            assert found["labels"].keys() <= {"stable"} and (not found["config"] or found["config"].endswith("}\n"))
        assert not whole["drafts"] and whole["versions"] and whole["labels"], "what was left of a dead one is removed"
    assert any(killed["drafts"] for killed, _ in pairs)
    for (_, before), (killed, _) in itertools.pairwise(pairs):
        assert set(before["versions"]) & set(killed["versions"]), "what has been served is never all gone"
    print(f"killed {len(killed_before)} times, before {sorted(set(killed_before))}")


#: where an export is killed: after this function
_STEPS = {
    "the graphs": "saved_model.write",
    "the page": "client_page.write",
    "batching": "batching.write",
    "the warm-up": "warmup.write",
    "the manifest": "manifest.write",
    "the doctor": "examination.examine",
    "the version's rename": "versions.publish",
}
_EXPORT = """
import os, signal, sys
from keraszoo.export import export, pipeline
from keraszoo.models import VAE

module, name = sys.argv[2].split(".")
module = getattr(pipeline, module)
original = getattr(module, name)

def last(*arguments, **options):
    original(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(module, name, last)
export(VAE((8, 8, 1), latent_dim=2, hidden=(4,)), sys.argv[1], "vae")
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", _STEPS.values(), ids=_STEPS)
def test_an_export_is_killed_after_each_of_its_steps(tmp_path, step):
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", _EXPORT, str(tmp_path), step], timeout=300).returncode == -9
    home = tmp_path / "vae"
    published = versions.numbers(home)
    assert published == ([1, 2] if step == "versions.publish" else [])
    for number in published:
        assert not manifest.damage(home / str(number), manifest.read(home / str(number))["files"])
    drafts = [name for name in os.listdir(home) if name.startswith(".draft-")]
    assert len(drafts) == (0 if published else 1), "the second has removed the first one's"
    publish(lambda draft: (draft / "x").touch(), tmp_path, "vae")
    assert not list(tmp_path.rglob(".draft-*"))

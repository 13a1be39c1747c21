"""What somebody does on the first day, on a machine that has Python and nothing else: `make acceptance`.

The wheel is installed into an empty environment by pip, and all commands run from an empty folder, as users type them.
What they print and leave is looked at. The test ends with the times from `pip install` on.
"""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
import sources
from PIL import Image, ImageDraw
from waiting import eventually

#: what no command shows; TensorFlow itself, in a program of one's own, logs as it does
TRACES = ("Traceback", "Warning:", "WARNING:")


class Stranger:
    """A folder, an environment, and a watch.

    Attributes:
        home: where the commands run.
        times: `[(what, seconds, processor seconds)]` since `begin`.
    """

    def __init__(self, home):
        self.home, self.bin, self.times, self.started = home, home.parent / "environment" / "bin", [], []
        kept = {name: os.environ[name] for name in ("LANG", "SSL_CERT_FILE") if name in os.environ}
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        self.variables = {"HOME": str(home.parent), "PATH": f"{self.bin}:{os.defpath}", **kept, **pip}

    def begin(self):
        """Starts the watch."""
        self._start = self._now()

    @staticmethod
    def _now():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.time(), children.ru_utime + children.ru_stime

    def note(self, what, at=None):
        """Notes what has been reached, now or at that time."""
        now, processor = self._now()
        self.times.append((what, (at or now) - self._start[0], processor - self._start[1]))

    def run(self, *command, code=0):
        """What a command prints, which ends with that code and without a trace."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.home,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=1200,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{' '.join(map(str, command))}\n{said}"
        assert not [trace for trace in TRACES if trace in said and command[0] == "keraszoo"], said
        return said

    def start(self, *command):
        """A command that goes on, its output in one stream."""
        self.started.append(
            subprocess.Popen(
                command, cwd=self.home, env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        )
        return self.started[-1]

    @contextlib.contextmanager
    def serving(self, folder):
        """The address at which `keraszoo serve` answers, and after it an end that leaves no trace."""
        server = self.start(
            "keraszoo", "serve", folder, "--backend", "embedded", "--rest-port", "0", "--grpc-port", "0"
        )
        said = []
        try:
            for line in server.stdout:
                said.append(line)
                if line.startswith("Ready"):
                    break
            found = re.search(r"^REST: (http://\S+)$", "".join(said), re.M)
            assert found, "".join(said)
            yield found[1]
        finally:
            server.terminate()
            said.append(server.communicate(timeout=60)[0])
        assert not [trace for trace in TRACES if trace in "".join(said)], "".join(said)


def asked(address, path, question=None):
    """The answer of a server: JSON, or a page as text."""
    data = None if question is None else json.dumps(question).encode()
    with urllib.request.urlopen(f"{address}{path}", data=data, timeout=60) as answer:
        body, kind = answer.read().decode(), answer.headers["content-type"]
    return json.loads(body) if "json" in kind else body


def draw_pictures(folder, count):
    """Pictures as people keep them: two folders of PNG files of several sizes, and what else lies about."""
    random = np.random.default_rng(0)
    for name in ("discs", "squares"):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            side = int(random.integers(40, 61))
            image = Image.new("RGB", (side, side), tuple(random.integers(160, 256, 3).tolist()))
            x, y, size = (int(random.integers(4, side // 3)), int(random.integers(4, side // 3)), side // 2)
            shape = ImageDraw.Draw(image).ellipse if name == "discs" else ImageDraw.Draw(image).rectangle
            shape((x, y, x + size, y + size), fill=tuple(random.integers(0, 120, 3).tolist()))
            image.save(folder / name / f"IMG {index:04d}.png")
    (folder / ".DS_Store").write_bytes(b"\0" * 8)
    (folder / "notes.txt").write_text("taken on Tuesday\n")


def explored(address, model):
    """What Chromium shows of the explorer's page, where there is Chromium; else what the server sends."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        return asked(address, "/explore")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom"]
    page = subprocess.run(
        [chromium, *options, f"{address}/explore#model={model}"], capture_output=True, text=True
    ).stdout
    assert f'data-ready="{model}"' in page, page[-2000:]
    return page


def size_of(path):
    with Image.open(path) as image:
        image.verify()
        return image.size


@pytest.fixture
def me(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "environment")], check=True)
    stranger = Stranger(home)
    yield stranger
    for process in stranger.started:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_strangers_day(me, tmp_path):
    home, wheel = me.home, sources.wheel(tmp_path)
    me.begin()

    # ------------------------------------------------------------------ installed
    me.run("pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[serving]")
    me.note("installed")
    assert "No broken requirements" in me.run("pip", "check")
    me.note("checked")
    recipes = me.run("keraszoo", "list")
    assert "vae/digits" in recipes and "unet/cells" in recipes
    assert "vae/digits" in me.run("keraszoo", "list", "vae", "digits")
    assert "realnvp" not in me.run("keraszoo", "list", "vae", "digits")

    # ------------------------------------------------------------------ the first picture, the first answer
    me.run("keraszoo", "train", "vae/digits", "--run", "runs/first")
    pictures = sorted((home / "runs/first/samples").glob("*.png"), key=os.path.getmtime)
    me.note("first picture", at=os.path.getmtime(pictures[0]))
    me.note("trained")
    me.run("keraszoo", "export", "runs/first", "--to", "served")
    with me.serving("served") as address:
        rows = [{"seed": seed, "temperature": 1.0} for seed in range(4)]
        drawn = asked(address, "/v1/models/vae:predict", {"signature_name": "sample", "instances": rows})
        answered = time.time()
        assert np.shape(drawn["predictions"]) == (4, 8, 8, 1)
    me.note("first served answer", at=answered)  # processor time is known of processes that have ended

    # ------------------------------------------------------------------ a trained model
    program = """
import keraszoo
from keraszoo.data import load
digits, classifier = load("digits"), keraszoo.load("classifier/digits")
answers = classifier.classify(digits.array("test") / 255.0).numpy().argmax(axis=1)
print("right:", (answers == digits.array("test", "label")).mean())
"""
    right = float(re.search(r"right: (\S+)", me.run("python", "-c", program))[1])
    assert right > 0.9
    assert "classifier/digits" in me.run("keraszoo", "weights", "verify")

    # ------------------------------------------------------------------ pictures of one's own, a crash, and on
    draw_pictures(home / "pictures", 60)
    own = ["--dataset", "pictures", "--image-size", "32", "32", "--augment", "flip", "--batch-size", "16"]
    often = ["--epochs", "40", "--checkpoint-every", "5", "--run", "runs/mine"]
    training = me.start("keraszoo", "train", "vae", *own, *often)
    told = training.stdout.readline()
    while "pictures:" not in told:
        assert told, "the training ended before it told of the pictures"
        told = training.stdout.readline()
    assert "122 files found" in told and "120 used" in told and "notes.txt" in told, told
    written = (home / "runs/mine/checkpoints").glob
    assert eventually(lambda: training.poll() is not None or list(written("step-*.npz")), seconds=600)
    assert training.poll() is None, training.stdout.read()
    training.send_signal(signal.SIGKILL)
    assert training.wait(60) == -signal.SIGKILL and not (home / "runs/mine/model.keras").exists()
    refused = me.run("keraszoo", "evaluate", "runs/mine", code=2).strip()
    assert len(refused.splitlines()) == 1 and "--resume" in refused, refused
    finished = me.run("keraszoo", "train", "--run", "runs/mine", "--resume", "--epochs", "8")
    assert "runs/mine/samples" in finished and (home / "runs/mine/model.keras").exists()
    assert "loss" in me.run("keraszoo", "evaluate", "runs/mine")
    me.run("keraszoo", "sample", "runs/mine", "--count", "16", "--out", "samples.png")
    assert size_of(home / "samples.png")[0] >= 4 * 32
    me.run("keraszoo", "report", "runs/first", "runs/mine", "--out", "report.html")
    assert "<html" in (home / "report.html").read_text()[:200]

    # ------------------------------------------------------------------ served, asked, explored
    advised = me.run("keraszoo", "export", "runs/mine", "--to", "served", code=2)  # vae is the digits' already
    assert "--name" in advised
    me.run("keraszoo", "export", "runs/mine", "--to", "served", "--name", "shapes")
    assert "shapes" in me.run("keraszoo", "versions", "served")
    with me.serving("served") as address:
        assert asked(address, "/v1/models/shapes")["model_version_status"][0]["state"] == "AVAILABLE"
        photo = home / "pictures/discs/IMG 0000.png"
        pixels = np.asarray(Image.open(photo).resize((32, 32)), "float32") / 255.0
        code = asked(address, "/v1/models/shapes:predict", {"signature_name": "encode", "instances": [pixels.tolist()]})
        assert np.isfinite(code["predictions"][0]["latent"]).all()
        Image.open(photo).resize((32, 32)).save(home / "small.png")
        me.run("keraszoo", "predict", address, "shapes", "small.png", "--out", "again.png")
        assert size_of(home / "again.png") == (32, 32)
        page = explored(address, "shapes")
        assert "<script" in page and "shapes" in asked(address, "/v1/models/shapes/metadata")["model_spec"]["name"]
    me.note("the day")
    print(f"\n{'':24}{'seconds':>9}{'processor':>11}")
    for what, seconds, processor in me.times:
        print(f"{what:24}{seconds:9.0f}{processor:11.0f}")

"""A training that kills itself (kill -9), for test_resume.py: `python killed_training.py PATH STRATEGY WHEN STEP`.

WHEN is `step` (inside the graph, once STEP steps are done), `checkpoint` (when the STEP-th checkpoint is half written),
`save_model` (before model.keras is written), `write_metrics` (before metrics.json is), `never`, or `resume` to go on.
Of two workers, the one that the last bit of STEP names is killed.
"""

import json
import os
import pathlib
import signal
import sys

import tensorflow as tf

from keraszoo.core.trainer import Trainer
from keraszoo.runs.run import Run
from keraszoo.training import train

#: an epoch has 44 steps; executions, epochs and checkpoints end at different steps
OPTIONS = {"epochs": 3, "arguments": {"hidden": (16,)}, "checkpoint_every": 13}


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_step(last):
    original = Trainer.train_step

    def check(iterations):
        if iterations >= last:
            kill()

    def train_step(self, data):
        tf.py_function(check, [self.iterations.value], [])
        return original(self, data)

    Trainer.train_step = train_step


def kill_while_writing(last):
    original, written = Run.write, []

    def write(self, name, content):
        if name.startswith("checkpoints/"):
            written.append(name)
            if len(written) == last:

                def content(path):
                    pathlib.Path(path).write_bytes(b"half of a checkpo")
                    kill()

        original(self, name, content)

    Run.write = write


if __name__ == "__main__":
    path, strategy, when, step = sys.argv[1:]
    rank = json.loads(os.environ["TF_CONFIG"])["task"]["index"] if strategy == "multi_worker" else None
    if when in ("never", "resume") or rank not in (None, int(step) % 2):
        pass
    elif when == "step":
        kill_at_step(int(step))
    elif when == "checkpoint":
        kill_while_writing(int(step))
    else:
        setattr(Run, when, lambda *args, **kwargs: kill())
    options = {"strategy": strategy, "replicas": 2 if strategy == "mirrored" else None}
    if when == "resume":
        train(None, path, resume=True, checkpoint_every=OPTIONS["checkpoint_every"], **options)
    else:
        train("vae/digits", path, **options, **OPTIONS)

"""A training that kills itself (kill -9), for test_resume.py: `python killed_training.py PATH STRATEGY WHEN STEP`.

WHEN is `step` (inside the graph, once STEP steps are done), `checkpoint` (when the STEP-th checkpoint is half written),
`save_model` (before model.keras is written) or `write_metrics` (before metrics.json is).
"""

import os
import pathlib
import signal
import sys

import tensorflow as tf

from keraszoo.run import Run
from keraszoo.training import train
from keraszoo.zoo_model import ZooModel

#: an epoch has 44 steps; executions, epochs and checkpoints end at different steps
OPTIONS = {"epochs": 3, "arguments": {"hidden": (16,)}, "checkpoint_every": 13}


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_step(last):
    original = ZooModel.train_step

    def check(iterations):
        if iterations >= last:
            kill()

    def train_step(self, data):
        tf.py_function(check, [self.optimizer.iterations.value], [])
        return original(self, data)

    ZooModel.train_step = train_step


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
    if when == "step":
        kill_at_step(int(step))
    elif when == "checkpoint":
        kill_while_writing(int(step))
    else:
        setattr(Run, when, lambda *args, **kwargs: kill())
    train("vae/digits", path, strategy=strategy, replicas=2 if strategy == "mirrored" else None, **OPTIONS)

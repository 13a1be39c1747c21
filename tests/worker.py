"""One of the worker processes with which the contract tests compare: trains what it is asked for, line by line.

Each line of standard input is JSON: a recipe as JSON, a file with data and initial weights, and where to write
what was learned.
"""

import json
import pathlib
import sys

import keras
import numpy as np

from keraszoo.core.replicas import rank_of
from keraszoo.training.cluster.strategy import choose_strategy


def main():
    strategy = choose_strategy("multi_worker")  # before the imports below run their first operation
    sys.path.append(str(pathlib.Path(__file__).with_name("contract")))
    from noise import control_noise
    from test_contract import EPSILON, fresh, measured, trained

    from keraszoo.recipes import Recipe

    control_noise(by_row=True)
    rank, _ = rank_of(strategy)
    for line in sys.stdin:
        task = json.loads(line)
        with np.load(task["given"]) as given:
            given = dict(given)
        weights = [given.pop(f"w{i}") for i in range(len(given) - ("x" in given) - ("y" in given))]
        keras.utils.set_random_seed(0)
        with strategy.scope():
            model = fresh(Recipe.from_json(task["recipe"]), weights, epsilon=EPSILON)
        learned = trained(given["x"], given.get("y"), model)
        np.savez(f"{task['learned']}-{rank}.npz", *learned, measured(given["x"], given.get("y"), model))
        keras.backend.clear_session()
        print("done", flush=True)


if __name__ == "__main__":
    main()

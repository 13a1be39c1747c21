"""Step time on one and on two workers of this machine beside what docs/distributed.md predicts.

    python benchmarks/scaling.py

Each worker is bound to one core and computes the same local batch. Measured: the step of a worker alone (while another
that it knows nothing of keeps the second core as busy), the step of two together, and an all-reduce of as many bytes as
the gradient has, alone. Each is the fastest of several rounds, because whatever else runs only ever adds time.
"""

import json
import os
import subprocess
import sys
import time

LOCAL_BATCH = 64
STEPS, ROUNDS = 50, 12
MODELS = {
    "small": {"latent_dim": 2, "hidden": (64,)},
    "large": {"latent_dim": 20, "hidden": (512, 256)},
}


def measure():
    """What one worker measures; the chief prints it as JSON."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(sys.argv[2]) % len(cores)]})
    import numpy as np
    import tensorflow as tf

    from keraszoo.core.execution import Execution
    from keraszoo.core.replicas import is_chief
    from keraszoo.data import resident
    from keraszoo.data.sources.source import from_arrays
    from keraszoo.models import VAE
    from keraszoo.training.cluster.strategy import choose_strategy

    strategy = choose_strategy("multi_worker")
    batch = LOCAL_BATCH * strategy.num_replicas_in_sync
    images = np.random.default_rng(0).integers(0, 256, [10 * batch, 28, 28, 1], "uint8")
    data = resident(from_arrays("random", {"train": {"image": images}}, input="image"), "train", batch)
    results = {}
    for name, arguments in MODELS.items():
        with strategy.scope():
            model = VAE((28, 28, 1), **arguments)
        model.compile("adam")
        execute = Execution(
            model, "train_step", *model.kinds_of_steps()
        )  # what fit calls, without its beginning and end

        def train(execute=execute):
            execute(data, STEPS, 0)

        size = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
        shapes = [variable.shape for variable in model.trainable_variables]

        def exchange(shapes=shapes):
            def body():
                gradients = [tf.ones(shape) for shape in shapes]
                context = tf.distribute.get_replica_context()
                for _ in range(STEPS):
                    gradients = context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
                return tf.add_n([tf.reduce_sum(gradient) for gradient in gradients])

            return strategy.run(body)

        results[name] = {
            "bytes": 4 * size,
            "step": _fastest(train),
            "all_reduce": _fastest(tf.function(exchange, autograph=False)),
        }
    if is_chief(strategy):
        print(json.dumps(results))


def _fastest(function):
    """Seconds of one step, in the fastest of the rounds."""
    function()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        function()
        times.append((time.perf_counter() - started) / STEPS)
    return min(times)


def main():
    from keraszoo.training.cluster.launch import free_ports

    found = {}
    for workers in (1, 2):
        addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
        processes = []
        for core in range(2):
            cluster = addresses if workers == 2 else [addresses[core]]
            task = {"type": "worker", "index": core if workers == 2 else 0}
            config = {"cluster": {"worker": cluster}, "task": task}
            environment = {**os.environ, "TF_CONFIG": json.dumps(config), "CUDA_VISIBLE_DEVICES": ""}
            command = [sys.executable, __file__, "worker", str(core)]
            processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
        printed = [process.communicate()[0] for process in processes]
        found[workers] = json.loads(printed[0].splitlines()[-1])
    for name in MODELS:
        one, two = found[1][name], found[2][name]
        bandwidth = one["bytes"] / two["all_reduce"]  # 2 (N - 1) / N is 1 for two workers
        predicted = one["step"] + one["bytes"] / bandwidth
        print(
            f"{name}: gradient {one['bytes'] / 1e6:.2f} MB, one worker {1e3 * one['step']:.2f} ms, all-reduce "
            f"{1e3 * two['all_reduce']:.2f} ms ({bandwidth / 1e6:.0f} MB/s), predicted for two "
            f"{1e3 * predicted:.2f} ms, measured {1e3 * two['step']:.2f} ms"
        )


if __name__ == "__main__":
    measure() if sys.argv[1:2] == ["worker"] else main()

"""The processes that train together under MultiWorkerMirroredStrategy: who this one is, and agreeing on a number."""

import functools

import tensorflow as tf


def is_chief(strategy):
    """Whether this process writes the run: the cluster's chief or, without one, worker 0; any other process alone."""
    return rank_of(strategy)[0] == 0


def rank_of(strategy):
    """(place of this process, number of processes) among those that train together."""
    resolver = strategy.cluster_resolver
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy) or not resolver.cluster_spec():
        return 0, 1
    jobs = resolver.cluster_spec().as_dict()
    first = len(jobs.get("chief", ())) if resolver.task_type == "worker" else 0
    return first + resolver.task_id, sum(map(len, jobs.values()))


def sum_over_workers(strategy, number):
    """The sum of an integer that every worker passes; all of them must call it, and none returns before all have."""
    _, workers = rank_of(strategy)
    if workers == 1:
        return number
    total = _adder(strategy)(tf.constant(number, tf.int64))
    return int(total) // (strategy.num_replicas_in_sync // workers)


@functools.cache
def _adder(strategy):
    def add(value):
        return strategy.reduce("SUM", strategy.run(tf.identity, args=(value,)), axis=None)

    return tf.function(add, autograph=False)

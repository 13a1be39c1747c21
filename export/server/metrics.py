"""What the server counts, under TensorFlow Serving's names, for Prometheus."""

import prometheus_client
from prometheus_client import CollectorRegistry, Gauge, Histogram

PATH = "/monitoring/prometheus/metrics"

_COUNT = ":tensorflow:serving:request_count"
_BUCKETS = [10 * 1.8**power for power in range(33)]  # microseconds


class Metrics:
    """The numbers of one server. Only names of models that are served become labels: those of requests are endless."""

    def __init__(self):
        prometheus_client.disable_created_metrics()
        self._registry = CollectorRegistry()
        self._count = Gauge(_COUNT, "The total number of requests.", ["model_name", "status"], registry=self._registry)
        self._latency = Histogram(
            ":tensorflow:serving:request_latency",
            "Distribution of wall time (in microseconds) for Tensorflow Serving request.",
            ["model_name", "API", "entrypoint"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._runtime = Histogram(
            ":tensorflow:serving:runtime_latency",
            "Distribution of wall time (in microseconds) for Tensorflow runtime.",
            ["model_name", "API", "runtime"],
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def request(self, model, api, entrypoint, code, seconds):
        """Counts a request that has ended with `code`; only answered ones have a duration."""
        self._count.labels(model, code.name).inc()
        if code == 0:
            self._latency.labels(model, api, entrypoint).observe(seconds * 1e6)

    def run(self, model, api, seconds):
        """Counts a run of TensorFlow."""
        self._runtime.labels(model, api, "TF1").observe(seconds * 1e6)

    def page(self):
        """The text (bytes) that Prometheus reads."""
        page = prometheus_client.generate_latest(self._registry)
        # The library would have a counter's name end in _total, which TensorFlow Serving's does not.
        return page.replace(f"# TYPE {_COUNT} gauge".encode(), f"# TYPE {_COUNT} counter".encode())

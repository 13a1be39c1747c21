"""Warm-up records: requests that TensorFlow Serving replays when it loads a version, before it answers anyone.

Without them the first client waits for the graph to be optimised and the kernels to be prepared.
"""

from pathlib import Path

import tensorflow as tf

#: where TensorFlow Serving looks for them
FILE = "assets.extra/tf_serving_warmup_requests"
UNREADABLE = "not replayed; to read the records: pip install 'keraszoo[serving]'"
_MISSING = "none; to write records: pip install 'keraszoo[serving]'"


def write(directory, name, examples, default):
    """Writes one request of one row for each signature.

    Args:
        directory: of the version.
        name: of the model.
        examples: `{signature: ({input name: array}, outputs)}`.
        default: the signature that `serving_default` stands for.

    Returns:
        A sentence: how many records, or how to get them when tensorflow-serving-api is not installed.
    """
    try:
        from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog
    except ImportError:
        return _MISSING
    requests = {"serving_default": examples[default], **examples}
    path = Path(directory) / FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, (inputs, _) in requests.items():
            log = PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = name
            request.model_spec.signature_name = signature
            for wire_name, array in inputs.items():
                request.inputs[wire_name].CopyFrom(tf.make_tensor_proto(array[:1]))
            writer.write(log.SerializeToString())
    return f"{len(requests)} records"


def read(directory):
    """The recorded requests, `[(signature, {input name: array})]`, or None where they cannot be read.

    They cannot without tensorflow-serving-api.
    """
    try:
        from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog
    except ImportError:
        return None
    requests = []
    for record in tf.data.TFRecordDataset(str(Path(directory) / FILE)).as_numpy_iterator():
        request = PredictionLog.FromString(record).predict_log.request
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
        requests.append((request.model_spec.signature_name, inputs))
    return requests

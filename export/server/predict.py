"""Predictions: from a request's tensors to the answer's, for REST and for gRPC."""

import time

from tensorflow_serving.apis import predict_pb2

from ..wire import json_tensors, json_text, protos
from ..wire.status import Code, Refused, invalid

DEFAULT = "serving_default"


class Predictor:
    """Answers predictions.

    Args:
        models: `Models`.
        limits: `Limits`.
        metrics: `Metrics`.
    """

    def __init__(self, models, limits, metrics):
        self._models, self._limits, self._metrics = models, limits, metrics

    def from_json(self, name, number, label, body):
        """The body (bytes) that answers the body of a request to a model, its version and label.

        Raises:
            Refused: in TensorFlow Serving's words.
        """
        document = json_text.parse(body)
        signature = json_signature(document)
        with self._models.lease(name, number, label) as servable:
            sides = servable.signatures.get(signature or DEFAULT)
            if sides is None:
                raise invalid(f'Serving signature name: "{signature or DEFAULT}" not found in signature def')
            if not sides["inputs"]:
                raise invalid(f"Failed to get input map for signature: {signature or 'DEFAULT'}")
            inputs, form = json_tensors.tensors(document, sides["inputs"])
            _check_names(inputs, sides["inputs"])
            self._limits.check({key: array.shape for key, array in inputs.items()})
            outputs = self.run(servable, signature or DEFAULT, inputs)
        return json_tensors.answer(outputs, form)

    def from_proto(self, request):
        """The `PredictResponse` to a `PredictRequest`.

        Raises:
            Refused: in TensorFlow Serving's words.
        """
        spec = request.model_spec
        with self._models.lease(*chosen(request)) as servable:
            signature = spec.signature_name or DEFAULT
            sides = servable.signatures.get(signature)
            if sides is None:
                raise Refused(Code.FAILED_PRECONDITION, f'Serving signature key "{signature}" not found.')
            _check_names(request.inputs, sides["inputs"])
            self._limits.check(
                {key: [dim.size for dim in proto.tensor_shape.dim] for key, proto in request.inputs.items()}
            )
            inputs = {key: protos.to_array(key, proto) for key, proto in request.inputs.items()}
            wanted = _wanted(request.output_filter, sides["outputs"])
            outputs = self.run(servable, signature, inputs, wanted)
            response = predict_pb2.PredictResponse()
            describe(response.model_spec, servable, signature)
        for key, array in outputs.items():
            protos.to_proto(array, response.outputs[key])
        return response

    def run(self, servable, signature, inputs, outputs=None, api="Predict"):
        """The outputs of a signature, timed."""
        start = time.perf_counter()
        answered = servable.run(signature, inputs, outputs)
        self._metrics.run(servable.name, api, time.perf_counter() - start)
        return answered


def json_signature(document):
    """The signature that a request in JSON names, "" where it names none."""
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise invalid(
            f"JSON Value: {json_text.quoted(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    return signature.encode("utf-8", "replace").decode()  # what is no text is no signature's name


def chosen(request):
    """The model, version and label that a gRPC request names: what `Models.lease` takes.

    Raises:
        Refused: when it names none.
    """
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    spec = request.model_spec
    number = spec.version.value if spec.HasField("version") else None
    return spec.name, number, spec.version_label or None


def describe(spec, servable, signature=None):
    """Fills a response's ModelSpec with what has answered."""
    spec.name = servable.name
    spec.version.value = servable.number
    if signature is not None:
        spec.signature_name = signature


def _check_names(given, inputs):
    """Raises Refused unless a request's inputs are those of the signature."""
    if len(given) != len(inputs):
        sent, known = set(given), set(inputs)
        raise invalid(
            f"input size does not match signature: {len(sent)}!={len(known)} len({{{_listed(sent)}}}) != "
            f"len({{{_listed(known)}}}). Sent extra: {{{_listed(sent - known)}}}. "
            f"Missing but required: {{{_listed(known - sent)}}}."
        )
    for name in given:
        if name not in inputs:
            raise invalid(
                f"input tensor alias not found in signature: {name}. "
                f"Inputs expected to be in the set {{{_listed(inputs)}}}."
            )


def _wanted(names, outputs):
    """The outputs that a request asks for, None for all."""
    for index, name in enumerate(names):
        if name not in outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {{{_listed(outputs)}}}."
            )
        if name in names[:index]:
            raise invalid(f"duplicate output tensor alias: {name}")
    return list(names) or None


def _listed(names):
    return ",".join(sorted(names))

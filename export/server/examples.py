"""Classification and regression: requests of `tf.train.Example`s, for signatures that parse them."""

import numpy as np
import orjson
from google.protobuf import text_format
from tensorflow.core.example import example_pb2
from tensorflow_serving.apis import classification_pb2, regression_pb2

from ..wire import json_tensors, json_text
from ..wire.status import invalid
from .predict import DEFAULT, chosen, describe, json_signature


class ExampleServices:
    """Answers `classify` and `regress`.

    Args:
        models, limits: `Models` and `Limits`.
        predictor: `Predictor`, which runs the signatures.
    """

    def __init__(self, models, limits, predictor):
        self._models, self._limits, self._predictor = models, limits, predictor

    def classify_json(self, name, number, label, body):
        """The body that answers the body of `:classify`."""
        request = classification_pb2.ClassificationRequest()
        _fill(request, body)
        with self._models.lease(name, number, label) as servable:
            results = self._classified(servable, request)
        return orjson.dumps(
            {
                "results": [
                    [[json_tensors.json_string(text), json_tensors.json_number(score)] for text, score in row]
                    for row in results
                ]
            },
            option=orjson.OPT_SERIALIZE_NUMPY,
        )

    def regress_json(self, name, number, label, body):
        """The body that answers the body of `:regress`."""
        request = regression_pb2.RegressionRequest()
        _fill(request, body)
        with self._models.lease(name, number, label) as servable:
            values = self._regressed(servable, request)
        return orjson.dumps(
            {"results": [json_tensors.json_number(value) for value in values]}, option=orjson.OPT_SERIALIZE_NUMPY
        )

    def classify(self, request):
        """The `ClassificationResponse` to a `ClassificationRequest`."""
        response = classification_pb2.ClassificationResponse()
        with self._models.lease(*chosen(request)) as servable:
            results = self._classified(servable, request)
            describe(response.model_spec, servable, request.model_spec.signature_name or DEFAULT)
        for row in results:
            classes = response.result.classifications.add().classes
            for text, score in row:
                classes.add(label=text.decode("utf-8", "replace"), score=score)
        return response

    def regress(self, request):
        """The `RegressionResponse` to a `RegressionRequest`."""
        response = regression_pb2.RegressionResponse()
        with self._models.lease(*chosen(request)) as servable:
            values = self._regressed(servable, request)
            describe(response.model_spec, servable, request.model_spec.signature_name or DEFAULT)
        for value in values:
            response.result.regressions.add(value=value)
        return response

    def _classified(self, servable, request):
        """`[[(label, score)]]`, one list for each example."""
        signature, sides = _sides(servable, request)
        outputs = sides["outputs"]
        if len(sides["inputs"]) != 1:
            raise invalid("Expected one input Tensor.")
        if len(outputs) not in (1, 2):
            raise invalid(f"Expected one or two output Tensors, found {len(outputs)}")
        definition = text_format.MessageToString(servable.definitions[signature])
        if "inputs" not in sides["inputs"]:
            raise invalid(f"No classification inputs found in SignatureDef: {definition}")
        wanted = [name for name in ("classes", "scores") if name in outputs]
        if not wanted:
            raise invalid(
                'Expected classification signature outputs to contain at least one of "classes" or "scores". '
                f"Signature was: {definition}"
            )
        rows, answered = self._run(servable, signature, request, wanted, "Classify")
        for name, array in answered.items():
            _check_classes(name, array, rows)
        classes, scores = answered.get("classes"), answered.get("scores")
        if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
            raise invalid(
                f"Tensors class and score should match in dim_size(1). Got {classes.shape[1]} vs. {scores.shape[1]}"
            )
        shape = next(iter(answered.values())).shape
        classes = np.full(shape, b"", object) if classes is None else classes
        scores = np.zeros(shape, np.float32) if scores is None else scores
        return [list(zip(*row, strict=True)) for row in zip(classes, scores, strict=True)]

    def _regressed(self, servable, request):
        """A number for each example, float32."""
        signature, sides = _sides(servable, request)
        definition = text_format.MessageToString(servable.definitions[signature])
        if len(sides["inputs"]) != 1:
            raise invalid("Expected one input Tensor.")
        if len(sides["outputs"]) != 1:
            raise invalid("Expected one output Tensor.")
        if "inputs" not in sides["inputs"]:
            raise invalid(f"No regression inputs found in SignatureDef: {definition}")
        if "outputs" not in sides["outputs"]:
            raise invalid(f"No regression outputs found in SignatureDef: {definition}")
        rows, answered = self._run(servable, signature, request, ["outputs"], "Regress")
        values = answered["outputs"]
        if not (values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1)):
            raise invalid(
                "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
                f"{_listed(values.shape)}"
            )
        if len(values) != rows:
            raise invalid(f"Input batch size did not match output batch size: {rows} vs. {len(values)}")
        if values.dtype != np.float32:
            raise invalid(f"Expected output Tensor of DT_FLOAT.  Got: {_type(values)}")
        return values.reshape(-1)

    def _run(self, servable, signature, request, wanted, api):
        examples = _serialized(request.input)
        self._limits.check({"examples": examples.shape})
        return len(examples), self._predictor.run(servable, signature, {"inputs": examples}, wanted, api)


def _sides(servable, request):
    signature = request.model_spec.signature_name or DEFAULT
    if signature not in servable.signatures:
        raise invalid(f"No signature was found with the name: {signature}")
    return signature, servable.signatures[signature]


def _check_classes(name, array, rows):
    if array.ndim != 2:
        raise invalid(f"Expected Tensor shape: [batch_size num_classes] but got {_listed(array.shape)}")
    if name == "classes" and array.dtype != object:
        raise invalid(f"Expected classes Tensor of DT_STRING. Got: {_type(array)}")
    if name == "scores" and array.dtype != np.float32:
        raise invalid(f"Expected scores Tensor of DT_FLOAT. Got: {_type(array)}")
    if len(array) != rows:
        raise invalid(f"Expected {name} output batch size of {rows}. Got: {len(array)}")


def _serialized(given):
    """The examples of an `Input`, each with the context that all share, as an array of bytes."""
    if given.WhichOneof("kind") == "example_list_with_context":
        context = given.example_list_with_context.context.SerializeToString()
        examples = [context + each.SerializeToString() for each in given.example_list_with_context.examples]
    else:
        examples = [each.SerializeToString() for each in given.example_list.examples]
    if not examples:
        raise invalid("Input is empty.")
    array = np.empty(len(examples), object)
    array[:] = examples
    return array


def _fill(request, body):
    """Reads the JSON of `:classify` or `:regress` into a request."""
    document = json_text.parse(body)
    request.model_spec.signature_name = json_signature(document)
    target = request.input.example_list
    if "context" in document:
        target = request.input.example_list_with_context
        target.context.CopyFrom(_example(document["context"]))
    examples = document.get("examples")
    if "examples" not in document:
        words = "When method is classify, key 'examples' is expected and was not found"
    elif not isinstance(examples, list):
        words = "Expecting 'examples' value to be an list/array"
    elif not examples:
        words = "'examples' value is an empty array"
    else:
        target.examples.extend(map(_example, examples))
        return
    raise invalid(f"JSON Value: {json_text.quoted(document)} {words}")


def _example(value):
    if not isinstance(value, dict):
        raise invalid(f"Example must be JSON object but got JSON {json_text.type_name(value)}")
    example = example_pb2.Example()
    for name, content in value.items():
        feature = example.features.feature[json_text.encoded(name).decode("utf-8", "replace")]
        for element in content if isinstance(content, list) else [content]:
            _add(feature, name, element)
    return example


def _add(feature, name, value):
    """Adds a value to a feature, all of whose values are of one kind."""
    if isinstance(value, (bool, int)):
        kind = "int64_list"
        if value >= 2**63:
            raise invalid(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
    elif isinstance(value, float):
        kind = "float_list"
    elif isinstance(value, str) or json_tensors.is_base64(value):
        kind = "bytes_list"
        value = json_text.encoded(value) if isinstance(value, str) else json_tensors.from_base64(value)
    else:
        raise invalid(f"Feature: {name} has element with unexpected JSON type: {json_text.type_name(value)}")
    before = feature.WhichOneof("kind")
    if before not in (None, kind):
        expected = {"int64_list": "int64", "float_list": "float", "bytes_list": "bytes"}[before]
        raise invalid(f"Unexpected element type in feature: {name} expecting type: {expected}")
    getattr(feature, kind).value.append(int(value) if kind == "int64_list" else value)


def _listed(shape):
    return f"[{','.join(map(str, shape))}]"


def _type(array):
    return "DT_STRING" if array.dtype == object else f"DT_{array.dtype.name.upper()}"

"""Requests over gRPC, in TensorFlow Serving's messages."""

import grpc
from google.protobuf import json_format
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from ..wire import protos
from .errors import ServingError, Unavailable


class Channel:
    """A model at the end of a gRPC channel.

    Args:
        place: `HOST:PORT`.
        model, version, label: of what is asked.
        timeout: seconds.
        encrypted: not over gRPC.
    """

    def __init__(self, place, model, version, label, timeout, encrypted=False):
        self._place, self._chosen, self._timeout = place, (model, version, label), timeout
        no_limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._channel = grpc.insecure_channel(place, options=no_limits)
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._model = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def predict(self, signature, arrays, sides):
        request = predict_pb2.PredictRequest()
        self._choose(request.model_spec)
        request.model_spec.signature_name = signature
        for name, array in arrays.items():
            protos.to_proto(array, request.inputs[name])
        response = self._ask(self._prediction.Predict, request)
        return {name: protos.to_array(name, proto) for name, proto in response.outputs.items()}

    def metadata(self):
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._choose(request.model_spec)
        response = self._ask(self._prediction.GetModelMetadata, request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        told = json_format.MessageToDict(signatures, preserving_proto_field_name=True)
        return told.get("signature_def", {})

    def versions(self):
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = self._chosen[0]
        response = self._ask(self._model.GetModelStatus, request)
        states = get_model_status_pb2.ModelVersionStatus.State
        return {each.version: states.Name(each.state) for each in response.model_version_status}

    def close(self):
        self._channel.close()

    def _choose(self, spec):
        spec.name, version, label = self._chosen
        if version is not None:
            spec.version.value = version
        if label is not None:
            spec.version_label = label

    def _ask(self, method, request):
        try:
            return method(request, timeout=self._timeout)
        except grpc.RpcError as error:
            code, message = error.code(), error.details()
        if code is grpc.StatusCode.UNAVAILABLE:
            raise Unavailable(f"{self._place} cannot be reached or is busy: {message}")
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            message = f"no answer in {self._timeout:g} s ({message})"
        raise ServingError(code.name, f"{self._place} refused: {message}")

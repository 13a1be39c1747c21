"""The gRPC side: PredictionService and ModelService."""

import functools
import os
import time

import grpc
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import model_management_pb2, model_service_pb2_grpc, prediction_service_pb2_grpc
from tensorflow_serving.config import model_server_config_pb2

from ..wire.status import Code, Refused, invalid
from . import information
from .selection import Policy

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_ROOM = 2**20  # bytes of a message beside its tensors
_LONGEST = 1000  # characters of a status, which travels in a header of 8 KiB, as up to twelve bytes each


class _Service:
    """What both services have: how a request is counted and refused."""

    def __init__(self, models, work, counters):
        self._models, self._work, self._metrics = models, work, counters

    async def _answer(self, request, context, api, function):
        start, code = time.perf_counter(), Code.OK
        spec = request.model_spec if hasattr(request, "model_spec") else None
        name = spec.name if spec is not None and self._models.answers(spec.name) else ""
        try:
            return await self._work.run(function, request, seconds=context.time_remaining())
        except Refused as refused:
            code = refused.code
            message = refused.message[:_LONGEST].encode("utf-8", "replace").decode()
            await context.abort(_CODES[code], message)
        finally:
            self._metrics.request(name, api, "GRPC", code, time.perf_counter() - start)


class Prediction(_Service, prediction_service_pb2_grpc.PredictionServiceServicer):
    """TensorFlow Serving's PredictionService.

    Args:
        models, work, counters: `Models`, `Work`, `Metrics`.
        methods: `{"Predict" | "Classify" | "Regress": function of the request}`.
    """

    def __init__(self, models, work, counters, methods):
        super().__init__(models, work, counters)
        self._methods = methods

    async def Predict(self, request, context):
        return await self._answer(request, context, "Predict", self._methods["Predict"])

    async def Classify(self, request, context):
        return await self._answer(request, context, "Classify", self._methods["Classify"])

    async def Regress(self, request, context):
        return await self._answer(request, context, "Regress", self._methods["Regress"])

    async def MultiInference(self, request, context):
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "MultiInference is not implemented here")

    async def GetModelMetadata(self, request, context):
        function = functools.partial(information.metadata_of, self._models)
        return await self._answer(request, context, "GetModelMetadata", function)


class Model(_Service, model_service_pb2_grpc.ModelServiceServicer):
    """TensorFlow Serving's ModelService; models can be chosen anew, from those in the server's own directory."""

    async def GetModelStatus(self, request, context):
        function = functools.partial(information.status_of, self._models)
        return await self._answer(request, context, "GetModelStatus", function)

    async def HandleReloadConfigRequest(self, request, context):
        return await self._answer(request, context, "HandleReloadConfigRequest", self._reload)

    def _reload(self, request):
        response = model_management_pb2.ReloadConfigResponse()
        try:
            if request.config.WhichOneof("config") != "model_config_list":
                raise invalid("A model_config_list is needed")
            configs = list(request.config.model_config_list.config)
            for config in configs:
                self._check_place(config)
            self._models.configure(
                {config.name: _policy(config) for config in configs},
                {config.name: dict(config.version_labels) for config in configs if config.version_labels},
            )
        except Refused as refused:
            response.status.error_code = refused.code
            response.status.error_message = refused.message
        return response

    def _check_place(self, config):
        if os.path.basename(config.name) != config.name or not config.name:
            raise invalid(f"The name of a model is that of its folder; received {config.name!r}")
        place = os.path.normpath(config.base_path or config.name)
        # Whoever reaches the port must not tell the server where to load programs from: only from its own directory.
        if place not in (config.name, str(self._models.root / config.name)):
            raise invalid(f"The base_path of {config.name} must be its folder in the server's own directory")


class Unreadable(grpc.aio.ServerInterceptor):
    """Answers bytes that are no message as gRPC's servers in C++ do; that in Python would name its own classes."""

    async def intercept_service(self, continuation, details):
        handler = await continuation(details)
        if handler is None:
            return None

        def read(message):
            try:
                return handler.request_deserializer(message)
            except DecodeError:
                return None

        async def answer(request, context):
            if request is None:
                await context.abort(grpc.StatusCode.INTERNAL, "The message cannot be parsed")
            return await handler.unary_unary(request, context)

        return handler._replace(request_deserializer=read, unary_unary=answer)


def _policy(config):
    chosen = config.model_version_policy
    kind = chosen.WhichOneof("policy_choice")
    if kind == "all":
        return Policy()
    if kind == "specific":
        return Policy(numbers=tuple(chosen.specific.versions))
    return Policy(latest=max(1, chosen.latest.num_versions))


def config_of(places, policies, default, labels):
    """The text of a `ModelServerConfig`.

    Args:
        places: `{model: absolute path of its folder}`.
        policies: `{model: Policy}`, of those that have one of their own.
        default: that of the others.
        labels: `{model: {label: number}}`.
    """
    config = model_server_config_pb2.ModelServerConfig()
    for name, place in places.items():
        entry = config.model_config_list.config.add(name=name, base_path=str(place), model_platform="tensorflow")
        policy = policies.get(name, default)
        if policy.numbers is not None:
            entry.model_version_policy.specific.versions.extend(policy.numbers)
        elif policy.latest is None:
            entry.model_version_policy.all.SetInParent()
        else:
            entry.model_version_policy.latest.num_versions = policy.latest
        entry.version_labels.update(labels.get(name, {}))
    return str(config)


def server(limits, prediction, model):
    """A gRPC server (`grpc.aio`) of the two services, which takes messages up to the limits' size."""
    most = limits.body + _ROOM
    made = grpc.aio.server(
        interceptors=[Unreadable()],
        options=[
            ("grpc.max_receive_message_length", most),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),  # a port that is taken is an error
        ],
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction, made)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(model, made)
    return made

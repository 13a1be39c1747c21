"""What a server tells about its models: the states of versions, and what they take and answer."""

from google.protobuf import json_format
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from ..wire.status import invalid
from .predict import chosen, describe

FIELD = "signature_def"


def status_of(models, request):
    """The `GetModelStatusResponse` to a `GetModelStatusRequest`.

    Raises:
        Refused: when there is no such model or version.
    """
    name, number, _ = chosen(request)
    response = get_model_status_pb2.GetModelStatusResponse()
    for version, state, refused in models.status(name, number):
        told = response.model_version_status.add(version=version, state=state.value)
        told.status.error_code = refused.code if refused else 0
        told.status.error_message = refused.message if refused else ""
    return response


def metadata_of(models, request):
    """The `GetModelMetadataResponse` to a `GetModelMetadataRequest`.

    Raises:
        Refused: when there is no such model or version, or it asks for more than the signatures.
    """
    where = chosen(request)
    if not request.metadata_field:
        raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != FIELD:
            raise invalid(f"Metadata field {field} is not supported")
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    with models.lease(*where) as servable:
        response.metadata[FIELD].Pack(_signatures(servable))
        describe(response.model_spec, servable)
    return response


def status_json(models, name, number):
    """The body of `GET /v1/models/NAME`, a dictionary."""
    request = get_model_status_pb2.GetModelStatusRequest()
    _choose(request.model_spec, name, number)
    return _dictionary(status_of(models, request))


def metadata_json(models, name, number, label):
    """The body of `GET /v1/models/NAME/metadata`, a dictionary."""
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=[FIELD])
    _choose(request.model_spec, name, number, label)
    response = metadata_of(models, request)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata[FIELD].Unpack(signatures)
    return {"model_spec": _dictionary(response.model_spec), "metadata": {FIELD: _dictionary(signatures)}}


def _choose(spec, name, number, label=None):
    spec.SetInParent()
    spec.name = name
    if number is not None:
        spec.version.value = number
    if label is not None:
        spec.version_label = label


def _signatures(servable):
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, definition in servable.definitions.items():
        signatures.signature_def[name].CopyFrom(definition)
    return signatures


def _dictionary(message):
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )

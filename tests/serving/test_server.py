"""The embedded server: it answers as TensorFlow Serving does, as Keras does, and keeps answering."""

import concurrent.futures
import gzip
import json
import os
import random
import shutil
import signal
import socket
import threading
import time

import cases
import grpc
import numpy as np
import psutil
import pytest
import runner
import saved_models
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)
from waiting import eventually

from keraszoo.core.errors import InputError
from keraszoo.export import Client, ServingError
from keraszoo.export.client.command import predict_command
from keraszoo.export.contents import golden, manifest

HALF = "/v1/models/half:predict"


def post(server, path, body):
    """The status and the answer of a POST."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, _, raw = runner.send(server.rest, "POST", path, body)
    return status, json.loads(raw)


def get(server, path):
    status, _, raw = runner.send(server.rest, "GET", path)
    return status, json.loads(raw)


# ---------------------------------------------------------------------- REST


@pytest.mark.parametrize("case", cases.ALL, ids=lambda case: case["id"])
def test_answers_as_tensorflow_serving_does(server, case):
    assert runner.failure(server.rest, case) is None


@pytest.mark.serving
@pytest.mark.parametrize("case", cases.ALL, ids=lambda case: case["id"])
def test_tensorflow_serving_answers_so(model_server, case):
    """The cases themselves, on the real thing. Those of our own limits do not hold there."""
    model_server.rest = next(line.split("//")[1] for line in model_server.said if line.startswith("REST"))
    for _ in range(300):
        try:
            runner.send(model_server.rest, "GET", "/v1/models/vae")
            break
        except OSError:
            time.sleep(0.1)
    if "deep" not in case["id"]:
        assert runner.failure(model_server.rest, case) is None


def test_limits_are_told_in_one_sentence(server):
    ident = {"signature_name": "ident"}
    status, answer = post(server, "/v1/models/multi:predict", b" " * (33 * 2**20))
    assert status == 413 and "at most 33554432 bytes" in answer["error"]
    status, answer = post(server, "/v1/models/multi:predict", {**ident, "instances": [1.0] * 1025})
    assert status == 400 and "1025 rows" in answer["error"] and "at most 1024" in answer["error"]
    assert post(server, "/v1/models/multi:predict", {**ident, "instances": [1.0] * 1024})[0] == 200
    status, answer = post(server, "/v1/models/multi:predict", b'{"inputs":' + b"[" * 65 + b"]" * 65 + b"}")
    assert status == 400 and "deeper than 64 levels" in answer["error"]


def test_a_body_that_is_announced_too_long_is_not_waited_for(server):
    host, port = server.rest.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"POST /v1/models/multi:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_may_be_compressed_but_not_to_hide_its_size(server):
    packed, path = {"Content-Encoding": "gzip"}, "/v1/models/half_plus_two/versions/123:predict"
    status, _, raw = runner.send(server.rest, "POST", path, gzip.compress(b'{"instances": [1.0]}'), packed)
    assert status == 200 and json.loads(raw) == {"predictions": [2.5]}
    status, _, raw = runner.send(server.rest, "POST", path, gzip.compress(b" " * (40 * 2**20)), packed)
    assert status == 413
    status, _, raw = runner.send(server.rest, "POST", path, b'{"instances": [1.0]}', packed)
    assert status == 400 and b"The document is empty" in raw


def test_metrics_have_tensorflow_servings_names(server):
    post(server, "/v1/models/half_plus_two:predict", {"instances": [1.0]})
    post(server, "/v1/models/half_plus_two:predict", {})
    post(server, "/v1/models/nobody_knows_this:predict", {"instances": [1.0]})
    status, headers, page = runner.send(server.rest, "GET", "/monitoring/prometheus/metrics")
    page = page.decode()
    assert status == 200 and headers["content-type"].startswith("text/plain")
    assert "# TYPE :tensorflow:serving:request_count counter\n" in page
    assert ':tensorflow:serving:request_count{model_name="half_plus_two",status="INVALID_ARGUMENT"}' in page
    assert (
        ':tensorflow:serving:request_latency_count{API="predict",entrypoint="REST",model_name="half_plus_two"}' in page
    )
    labels = 'API="Predict",le="+Inf",model_name="half_plus_two",runtime="TF1"'
    assert f":tensorflow:serving:runtime_latency_bucket{{{labels}}}" in page
    assert "nobody_knows_this" not in page


def test_health_names_what_answers(server):
    status, answer = get(server, "/health")
    assert status == 200 and answer["status"] == "ok" and answer["models"]["half_plus_two"] == [123, 124]


def test_listens_on_this_machine_alone(server):
    connections = psutil.Process(server.process.pid).net_connections()
    addresses = {each.laddr.ip.removeprefix("::ffff:") for each in connections if each.status == "LISTEN"}
    assert addresses == {"127.0.0.1"}


def test_random_requests_are_answered_without_a_word_about_the_server(server):
    """Requests that are nearly right, with bytes changed, cut out, doubled: no 5xx but 501, no path, no traceback."""
    generator = random.Random(0)
    valid = [case for case in cases.ALL if case["request"]["method"] == "POST" and len(str(case["request"])) < 2000]
    seen = set()
    for _ in range(500):
        request = generator.choice(valid)["request"]
        body = bytearray(json.dumps(request.get("json", {"instances": [1]})).encode())
        for _ in range(generator.randrange(4)):
            place, length = generator.randrange(len(body)), generator.randrange(6)
            change = generator.choice(
                [bytes(generator.randrange(256) for _ in range(length)), body[place : place + length] * 2, b""]
            )
            body[place : place + length] = change or b"}"
        status, _, raw = runner.send(server.rest, "POST", request["path"], bytes(body))
        seen.add(status)
        assert status < 500 or status == 501, (request, bytes(body), raw)
        assert str(server.root).encode() not in raw and b"Traceback" not in raw and b".py" not in raw
    assert {200, 400, 404} <= seen
    assert get(server, "/health")[0] == 200


def test_damage_on_disk_is_told_without_the_path(server):
    shutil.copytree(server.root / "vae" / "1", server.root / "vae" / ".copying")
    (server.root / "vae" / ".copying" / "saved_model.pb").unlink()
    os.rename(server.root / "vae" / ".copying", server.root / "vae" / "2")
    answer = eventually(
        lambda: get(server, "/v1/models/vae")[1],
        lambda found: [each["state"] for each in found["model_version_status"]] == ["END", "AVAILABLE"],
    )
    broken = answer["model_version_status"][0]
    assert broken["version"] == "2" and broken["status"]["error_code"] == "DATA_LOSS"
    assert "saved_model.pb is missing" in broken["status"]["error_message"]
    assert str(server.root) not in json.dumps(answer)
    assert server.says("vae/2: not loaded: ")


# ---------------------------------------------------------------------- as Keras


@pytest.mark.parametrize("signature", ["serving_default", "encode", "decode", "reconstruct", "sample"])
@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_every_signature_answers_as_keras_bit_for_bit(server, transport, signature):
    examples = golden.load(server.root / "vae" / "1" / golden.FILE)
    inputs, outputs = examples["reconstruct" if signature == "serving_default" else signature]
    with Client(f"{transport}://{server.rest if transport == 'http' else server.grpc}", "vae", version=1) as client:
        answer = client.predict(inputs, signature)
    assert answer.keys() == outputs.keys()
    for name, want in outputs.items():
        assert answer[name].dtype == want.dtype and answer[name].tobytes() == want.tobytes(), name


def test_warm_up_requests_are_replayed(server):
    signatures = manifest.read(server.root / "vae" / "1")["signatures"]
    assert server.says("vae/1: loaded in")
    [loaded] = [line for line in server.said if line.startswith("vae/1: loaded in")]
    assert loaded.endswith(f" {len(signatures) + 1} warm-up requests")  # one for each, and the default


# ---------------------------------------------------------------------- gRPC


@pytest.fixture(scope="module")
def services(server):
    with grpc.insecure_channel(server.grpc) as channel:
        yield (
            prediction_service_pb2_grpc.PredictionServiceStub(channel),
            model_service_pb2_grpc.ModelServiceStub(channel),
        )


def request_of(name, signature="", number=None, label="", **inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    if number:
        request.model_spec.version.value = number
    if label:
        request.model_spec.version_label = label
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def refusal(method, request):
    """The code and the words with which a method refuses."""
    with pytest.raises(grpc.RpcError) as error:
        method(request, timeout=60)
    return error.value.code().name, error.value.details()


def test_grpc_predicts(services):
    predict = services[0].Predict
    answer = predict(request_of("half_plus_two", number=123, x=np.float32([1, 2])))
    assert tf.make_ndarray(answer.outputs["y"]).tolist() == [2.5, 3.0] and list(answer.outputs["y"].float_val) == [
        2.5,
        3,
    ]
    assert answer.model_spec.name == "half_plus_two" and answer.model_spec.version.value == 123
    assert answer.model_spec.signature_name == "serving_default"
    assert tf.make_ndarray(predict(request_of("half_plus_two", label="stable", x=np.float32(1))).outputs["y"]) == 2.5
    filtered = request_of("multi", a=np.float32([[1, 2]]), b=np.int32([1]))
    filtered.output_filter.append("sum")
    assert list(predict(filtered).outputs) == ["sum"]
    half = predict(request_of("multi", "half_in", x=np.float16([1.5])))
    assert tf.make_ndarray(half.outputs["y"]).tolist() == [1.5]
    half = predict(request_of("multi", "half_out", x=np.float32([1.5])))
    assert tf.make_ndarray(half.outputs["y"]).dtype == np.float16
    strings = predict(request_of("multi", "strings", s=np.array([b"\x00\xff" * 40, b""], object)))
    assert tf.make_ndarray(strings.outputs["echo_bytes"]).tolist() == [b"\x00\xff" * 40, b""]


def test_grpc_refuses_in_tensorflow_servings_words(services):
    predict, x = services[0].Predict, np.float32([1])
    nameless = predict_pb2.PredictRequest()
    nameless.model_spec.SetInParent()
    assert refusal(predict, predict_pb2.PredictRequest()) == ("INVALID_ARGUMENT", "Missing ModelSpec")
    assert refusal(predict, nameless) == ("INVALID_ARGUMENT", "ModelSpec has no name specified.")
    assert refusal(predict, request_of("nope", x=x)) == ("NOT_FOUND", "Servable not found for request: Latest(nope)")
    assert refusal(predict, request_of("half_plus_two", number=9, x=x))[1].endswith("Specific(half_plus_two, 9)")
    assert refusal(predict, request_of("half_plus_two", label="z", x=x))[0] == "INVALID_ARGUMENT"
    code, words = refusal(predict, request_of("half_plus_two", "nope", x=x))
    assert (code, words) == ("FAILED_PRECONDITION", 'Serving signature key "nope" not found.')
    code, words = refusal(predict, request_of("multi", a=np.float32([[1, 2]]), c=x, d=x))
    assert code == "INVALID_ARGUMENT" and words == (
        "input size does not match signature: 3!=2 len({a,c,d}) != len({a,b}). Sent extra: {c,d}. "
        "Missing but required: {b}."
    )
    assert refusal(predict, request_of("half_plus_two", z=x))[1].startswith(
        "input tensor alias not found in signature: z"
    )
    assert refusal(predict, request_of("half_plus_two", x=np.int32([1])))[0] == "INVALID_ARGUMENT"
    for names, words in {
        ("w",): "output tensor alias not found in signature: w",
        ("y", "y"): "duplicate output tensor alias: y",
    }.items():
        asked = request_of("half_plus_two", x=x)
        asked.output_filter.extend(names)
        assert refusal(predict, asked)[1].startswith(words)
    broken = request_of("half_plus_two", x=x)
    broken.inputs["x"].tensor_shape.dim[0].size = -3
    assert refusal(predict, broken) == ("INVALID_ARGUMENT", "tensor parsing error: x")
    claimed = request_of("half_plus_two", x=x)
    claimed.inputs["x"].tensor_shape.dim.add().size = 2**40
    assert "may have at most 16000000" in refusal(predict, claimed)[1]
    assert refusal(services[0].MultiInference, inference_pb2.MultiInferenceRequest())[0] == "UNIMPLEMENTED"


def test_grpc_classifies_and_regresses(services):
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = "examples", "classify"
    request.input.example_list.examples.add().features.feature["x"].float_list.value.append(0.25)
    [row] = services[0].Classify(request).result.classifications
    assert [(each.label, each.score) for each in row.classes] == [("small", 0.75), ("large", 0.25)]
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "examples", "regress"
    assert refusal(services[0].Regress, request) == ("INVALID_ARGUMENT", "Input is empty.")
    given = request.input.example_list_with_context
    given.context.features.feature["x"].float_list.value.append(0.25)
    given.examples.add()
    answer = services[0].Regress(request)
    assert [each.value for each in answer.result.regressions] == [0.5] and answer.model_spec.version.value == 1


def test_grpc_tells_states_and_signatures(services):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "half_plus_two"
    told = services[1].GetModelStatus(request).model_version_status
    assert [(each.version, each.state, each.status.error_code) for each in told] == [(124, 30, 0), (123, 30, 0)]
    request.model_spec.name = "nope"
    assert refusal(services[1].GetModelStatus, request)[0] == "NOT_FOUND"
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = "multi"
    assert "at least one metadata_field" in refusal(services[0].GetModelMetadata, request)[1]
    request.metadata_field.append("more")
    assert "Metadata field more is not supported" in refusal(services[0].GetModelMetadata, request)[1]
    request.metadata_field[:] = ["signature_def"]
    answer = services[0].GetModelMetadata(request)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures) and answer.model_spec.version.value == 1
    assert set(signatures.signature_def["scalars"].inputs) == {"n", "seed"}


def test_config_is_reloaded_from_the_servers_own_directory_only(server, services):
    request = model_management_pb2.ReloadConfigRequest()
    entry = request.config.model_config_list.config.add(name="half_plus_two", base_path="/etc")
    answer = services[1].HandleReloadConfigRequest(request)
    assert answer.status.error_code == 3 and "own directory" in answer.status.error_message
    entry.base_path = str(server.root / "half_plus_two")
    entry.model_version_policy.all.SetInParent()
    entry.version_labels.update({"stable": 5})
    others = [request.config.model_config_list.config.add(name=name) for name in ("multi", "examples", "vae")]
    for other in others:
        other.model_version_policy.specific.versions.append(1)
    answer = services[1].HandleReloadConfigRequest(request)
    assert answer.status.error_code == 9 and "version 5 of model half_plus_two" in answer.status.error_message
    entry.version_labels.update({"stable": 124, "canary": 124})
    assert services[1].HandleReloadConfigRequest(request).status.error_code == 0
    path = "/v1/models/half_plus_two/labels/stable:predict"
    assert post(server, path, {"instances": [1.0]}) == (200, {"predictions": [12.5]})
    entry.version_labels.update({"stable": 123})
    assert services[1].HandleReloadConfigRequest(request).status.error_code == 0
    assert post(server, path, {"instances": [1.0]}) == (200, {"predictions": [2.5]})


# ---------------------------------------------------------------------- the client


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_client_takes_and_gives_arrays(server, transport):
    with Client(f"{transport}://{server.rest if transport == 'http' else server.grpc}", "multi") as client:
        answer = client.predict({"a": [[1, 2]], "b": [3]})
        assert answer["sum"].tolist() == [[4.0, 5.0]] and answer["twice"].dtype == np.int32
        given = np.float32([[1 / 3, np.nan], [np.inf, -0.0]])
        assert client.predict(given, "ident")["y"].tobytes() == given.tobytes()
        assert client.predict([b"\xff", "ü"], "strings")["echo_bytes"].tolist() == [b"\xff", "ü".encode()]
        assert client.predict([2**62 + 1], "i64")["y"].tolist() == [2**62 + 1]
        assert client.predict({"n": 2, "seed": [1, 2]}, "scalars")["x"].shape == (2, 3)
        assert client.signatures()["image"]["inputs"] == {"x": {"dtype": "float32", "shape": [None, 4, 4, 1]}}
        assert client.versions() == {1: "AVAILABLE"}
        for inputs, signature, words in (
            ([1.5], "i32", "x takes int32"),
            ([1], "idnt", "Closest: ident"),
            ({"a": [[1, 2]]}, "serving_default", "takes a, b. Received: a."),
            (np.ones([1, 4, 4, 2]), "image", r"has the shape \[any, 4, 4, 1\]. Received: \[1, 4, 4, 2\]"),
            ([1], "text", "takes bytes or texts"),
            ([[1], [1, 2]], "ident", "must be an array"),
        ):
            with pytest.raises(InputError, match=words):
                client.predict(inputs, signature)


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_client_tells_what_the_server_refused(server, transport):
    address = f"{transport}://{server.rest if transport == 'http' else server.grpc}"
    for model, options, code in (("nope", {}, "NOT_FOUND"), ("half_plus_two", {"label": "z"}, "INVALID_ARGUMENT")):
        with Client(address, model, **options) as client, pytest.raises(ServingError) as error:
            client.predict([1.0])
        assert error.value.code == code and "\n" not in str(error.value)
    with (
        Client(f"{transport}://127.0.0.1:1", "vae", retries=1, timeout=5) as client,
        pytest.raises(ServingError) as error,
    ):
        client.versions()
    assert error.value.code == "UNAVAILABLE"
    with pytest.raises(InputError, match="http://HOST:PORT or grpc://HOST:PORT"):
        Client("ftp://x", "vae")


def test_predict_writes_an_image_for_an_image(server, tmp_path, capsys):
    from PIL import Image

    source = tmp_path / "digit.png"
    Image.fromarray(np.arange(64, dtype="uint8").reshape(8, 8)).save(source)
    address = f"http://{server.rest}"
    out = tmp_path / "again.png"
    assert predict_command([address, "vae", str(source), "--out", str(out)]) == 0
    with Image.open(out) as written:
        assert written.size == (8, 8)
    assert "image float32 [1x8x8x1]" in capsys.readouterr().out
    predict_command([address, "vae", str(source), "--signature", "encode"])
    with Client(address, "vae") as client:
        latent = client.predict(np.arange(64).reshape(1, 8, 8, 1) / 255, "encode")["latent"]
    assert " ".join(f"{value:.6g}" for value in latent[0]) in capsys.readouterr().out
    values = ["--set", "seed=1,2,3", "--set", "temperature=1", "--out", str(tmp_path / "three.npz")]
    predict_command([address, "vae", "--signature", "sample", *values])
    with np.load(tmp_path / "three.npz") as archive, Client(address, "vae") as client:
        want = client.predict({"seed": [1, 2, 3], "temperature": np.ones(3)}, "sample")["image"]
        assert archive["image"].tobytes() == want.tobytes()
    (tmp_path / "latent.csv").write_text("a,b\n0,1\n1,0\n")
    predict_command([address, "vae", str(tmp_path / "latent.csv"), "--signature", "decode"])
    assert "image float32 [2x8x8x1]" in capsys.readouterr().out
    for arguments, words in (
        ([str(tmp_path / "none.png")], "none.png: No such file"),
        ([str(source), "--signature", "decode"], "No one input takes an image"),
        (["--signature", "sample", "--set", "seed=x"], "--set is INPUT=VALUES"),
        ([str(source), "--out", str(tmp_path / "x.gif")], "--out is a .png or an .npz"),
    ):
        with pytest.raises(InputError, match=words):
            predict_command([address, "vae", *arguments])


# ---------------------------------------------------------------------- what goes wrong, on the small server


def published(small, number, source=1, damage=None):
    """Publishes a copy of a version of `half` under another number, by one rename."""
    home, draft = small.root / "half", small.root / "half" / f".draft-{number}"
    shutil.copytree(home / str(source), draft)
    (draft / "fingerprint.pb").unlink(missing_ok=True)
    saved_models.describe(draft, "half")
    if damage:
        with open(draft / damage, "r+b") as file:
            file.seek(10)
            file.write(b"damage")
    os.rename(draft, home / str(number))


def states(small):
    return {int(each["version"]): each["state"] for each in get(small, "/v1/models/half")[1]["model_version_status"]}


def wait_for(small, number, state):
    found = eventually(lambda: states(small), lambda found: found.get(number) == state)
    assert found.get(number) == state, small.said


def test_versions_change_under_load_without_a_failed_request(small):
    stop, failed = threading.Event(), []

    def ask():
        while not stop.is_set():
            status, answer = post(small, HALF, {"instances": [1.0]})
            if status != 200 or answer != {"predictions": [2.5]}:
                failed.append((status, answer))

    client = threading.Thread(target=ask)
    client.start()
    try:
        for number in range(2, 12):
            published(small, number)
            wait_for(small, number, "AVAILABLE")
            wait_for(small, number - 1, "END")
    finally:
        stop.set()
        client.join()
    assert not failed
    assert post(small, "/v1/models/half/versions/2:predict", {"instances": [1.0]})[0] == 404


def test_a_damaged_version_is_refused_while_the_old_one_serves(small):
    before = max(number for number, state in states(small).items() if state == "AVAILABLE")
    published(small, 100, damage="saved_model.pb")
    wait_for(small, 100, "END")
    [told] = get(small, "/v1/models/half/versions/100")[1]["model_version_status"]
    assert told["status"] == {
        "error_code": "DATA_LOSS",
        "error_message": "the version is damaged: saved_model.pb was changed",
    }
    assert states(small)[before] == "AVAILABLE"
    assert post(small, HALF, {"instances": [1.0]}) == (200, {"predictions": [2.5]})
    shutil.rmtree(small.root / "half" / "100")
    published(small, 100)  # it is mended, and is tried again
    wait_for(small, 100, "AVAILABLE")


def test_a_saved_model_without_a_manifest_is_not_served_unasked(small):
    shutil.copytree(small.root / "half" / "1", small.root / ".foreign" / "1")
    (small.root / ".foreign" / "1" / manifest.FILE).unlink()
    os.rename(small.root / ".foreign", small.root / "foreign")
    _, answer = eventually(
        lambda: get(small, "/v1/models/foreign"),
        lambda found: found[0] == 200 and found[1]["model_version_status"][0]["state"] == "END",
    )
    assert "manifest.json is missing" in answer["model_version_status"][0]["status"]["error_message"]
    assert post(small, "/v1/models/foreign:predict", {"instances": [1.0]})[0] == 404


SLOW = {"signature_name": "slow", "inputs": [3000.0]}


def test_too_many_requests_are_told_to_come_again(small):
    """One runs, one waits: of six at once some are refused, all others answered; a client that waits gets its turn."""
    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        asked = [
            threads.submit(runner.send, small.rest, "POST", "/v1/models/multi:predict", json.dumps(SLOW).encode())
            for _ in range(6)
        ]
        answers = [each.result() for each in asked]
    refused = [(headers, raw) for status, headers, raw in answers if status == 503]
    assert {status for status, _, _ in answers} == {200, 503} and len(answers) - len(refused) >= 2
    assert all(headers["Retry-After"] == "1" and b"try again later" in raw for headers, raw in refused)
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        clients = [Client(f"http://{small.rest}", "multi", retries=30) for _ in range(2)]
        clients += [Client(f"grpc://{small.grpc}", "multi", retries=30) for _ in range(2)]
        asked = [threads.submit(client.predict, SLOW["inputs"], "slow") for client in clients]
        assert all(each.result()["y"].shape == (1,) for each in asked)
    for client in clients:
        client.close()


def test_a_client_that_cannot_wait_is_told_so(small):
    with Client(f"grpc://{small.grpc}", "multi", timeout=0.05, retries=0) as client:
        client._signatures = {"slow": {"inputs": {"x": {"dtype": "float32", "shape": [None]}}, "outputs": {}}}
        with pytest.raises(ServingError) as error:
            client.predict([3000.0], "slow")
    assert error.value.code == "DEADLINE_EXCEEDED"


def test_a_server_that_is_stopped_answers_what_it_has_begun(small):
    """The last test here, as it ends the server."""
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        # the one before may still be at work
        eventually(
            lambda: post(small, "/v1/models/multi:predict", {**SLOW, "inputs": [1.0]})[0], lambda status: status == 200
        )
        asked = threads.submit(post, small, "/v1/models/multi:predict", {**SLOW, "inputs": [6000.0]})
        time.sleep(0.3)  # so long does nobody wait for a request to arrive
        small.process.send_signal(signal.SIGTERM)
        status, answer = asked.result()
        assert status == 200 and answer["outputs"] == [6000.0]
    assert small.process.wait(60) == 0
    with pytest.raises(OSError):
        get(small, "/health")

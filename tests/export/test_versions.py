"""The life of versions: what a next one may change, whose name it is, labels, going back, removal."""

import json
import types

import pytest
import tensorflow as tf

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.core.inputs import Input
from keraszoo.core.model import ZooModel
from keraszoo.export import doctor, export, pipeline
from keraszoo.export.contents import manifest
from keraszoo.export.outside import examination
from keraszoo.export.published import lifecycle, versions
from keraszoo.export.published.interface import changes

UNIT = (0.0, 1.0)


class Served(ZooModel):
    """Serves what it is given, by declarations of its own."""

    def __init__(self, **signatures):
        super().__init__()
        self.signatures = signatures
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def serving_signatures(self):
        return self.signatures


def twice(features):
    return {"features": 2 * features}


def counted(features):
    return {"features": features, "count": tf.reduce_sum(features, -1)}


def seeded(seed):
    return {"features": tf.cast(seed, tf.float32)[:, None]}


ENCODE = {"encode": (twice, [Input((3,), UNIT)])}
#: signatures of the next version, and what clients of ENCODE lose
NEXT = {
    "the same": (ENCODE, ""),
    "another signature besides": ({**ENCODE, "again": (twice, [Input((3,))])}, ""),
    "another output besides": ({"encode": (counted, [Input((3,), UNIT)])}, ""),
    "a wider range": ({"encode": (twice, [Input((3,), (-1.0, 2.0))])}, ""),
    "any number": ({"encode": (twice, [Input((3,))])}, ""),
    "a narrower range": ({"encode": (twice, [Input((3,), (0.0, 0.5))])}, "features of encode was 1 at most and is 0.5"),
    "another shape": (
        {"encode": (twice, [Input((4,), UNIT)])}, r"features of encode was float32\[N, 3\] and is float32\[N, 4\]"
    ),
    "another name": (
        {"encode": (lambda latent: twice(latent), [Input((3,), UNIT, name="latent")])},
        "encode has no input features any more; encode takes latent",
    ),
    "another signature": (
        {"decode": (twice, [Input((3,), UNIT)])}, "the default was encode and is decode; there is no encode any more"
    ),
    "another default": ({"again": (twice, [Input((3,))]), **ENCODE}, "the default was encode and is again"),
    "an output less": (
        {"encode": (lambda features: {"y": features}, [Input((3,), UNIT)])}, "encode has no output features any more"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("signatures", "lost"), NEXT.values(), ids=NEXT)
@pytest.mark.by_default(every=2)
def test_a_version_that_clients_cannot_call_is_refused(signatures, lost, tmp_path):
    export(Served(**ENCODE), tmp_path, "model")
    if not lost:
        assert export(Served(**signatures), tmp_path, "model").name == "2"
        return
    with pytest.raises(InputError, match=f"Clients of .*: .*{lost}.* --new-interface.") as error:
        export(Served(**signatures), tmp_path, "model")
    assert "\n" not in str(error.value) and versions.numbers(tmp_path / "model") == [1]
    assert export(Served(**signatures), tmp_path, "model", new_interface=True).name == "2"
    assert export(Served(**signatures), tmp_path, "model").name == "3", "it is compared with the newest"


def test_nothing_changed_is_nothing_told():
    before = {"a": {"inputs": {"x": {"dtype": "float32", "shape": None}}, "outputs": {}}}
    assert changes(before, before) == []


def of_recipe(name, monkeypatch):
    """A finished run of a recipe, in the place of what a path names."""

    class FinishedRun:
        family, recipe = name.split("/")[0], types.SimpleNamespace(name=name)

        @classmethod
        def open(cls, path):
            return cls()

        def model(self):
            return Served(**ENCODE)

    monkeypatch.setattr(pipeline, "Run", FinishedRun)
    return "run"


def test_recipes_of_one_family_do_not_collide_unasked(tmp_path, monkeypatch):
    assert export(of_recipe("vae/digits", monkeypatch), tmp_path).parts[-2:] == ("vae", "1")
    assert export(of_recipe("vae/digits", monkeypatch), tmp_path).parts[-2:] == ("vae", "2")
    with pytest.raises(InputError, match="holds versions of the recipe vae/digits, and this is the recipe vae/mnist. "
                       "Nearest: --name vae_mnist, or --name vae for a version of the same model."):  # fmt: skip
        export(of_recipe("vae/mnist", monkeypatch), tmp_path)
    assert export(of_recipe("vae/mnist", monkeypatch), tmp_path, "vae_mnist").parts[-2:] == ("vae_mnist", "1")
    assert export(of_recipe("vae/mnist", monkeypatch), tmp_path, "vae").parts[-2:] == ("vae", "3")


def test_a_damaged_manifest_is_one_line_and_no_version_follows_it(tmp_path):
    version = export(Served(**ENCODE), tmp_path, "model")
    path = version / manifest.FILE
    whole = path.read_text()
    edited = whole.replace("encode", "decode"), whole.replace('"format": 2', '"format": 1')
    for damaged in (whole[:100], "[]", "{}", "\0", *edited):
        path.write_text(damaged)
        with pytest.raises(InputError, match="manifest") as error:
            export(Served(**ENCODE), tmp_path, "model")
        assert "\n" not in str(error.value) and versions.numbers(tmp_path / "model") == [1]
        assert [check.ok for check in doctor(version)] == [False]
    path.write_text(whole)
    assert export(Served(**ENCODE), tmp_path, "model").name == "2"


@pytest.fixture
def home(tmp_path):
    for _ in range(4):
        export(Served(**ENCODE), tmp_path / "served", "model")
    return tmp_path / "served" / "model"


@pytest.fixture(scope="module", autouse=True)
def without_examination():
    """The doctor has tests of its own."""
    examine = examination.examine
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examination, "examine", lambda path: [] if ".draft" in str(path) else examine(path))
        yield


def config(home):
    from google.protobuf import text_format
    from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

    text = (home.parent / "models.config").read_text()
    (model,) = text_format.Parse(text, ModelServerConfig()).model_config_list.config
    return model


def test_labels_reach_the_server_and_the_newest_is_served_beside_them(home, capsys):
    assert not config(home).version_labels and not config(home).HasField("model_version_policy")
    assert main(["versions", str(home), "--label", "stable=2", "--label", "canary=4"]) == 0
    assert dict(config(home).version_labels) == {"stable": 2, "canary": 4}
    assert list(config(home).model_version_policy.specific.versions) == [2, 4]
    export(Served(**ENCODE), home.parent, "model")
    assert list(config(home).model_version_policy.specific.versions) == [2, 4, 5]
    capsys.readouterr()
    assert main(["versions", str(home), "--label", "stable=4", "--unlabel", "canary", "--json"]) == 0
    assert [each["labels"] for each in json.loads(capsys.readouterr().out)["model"]] == [[], ["stable"], [], [], []]
    assert lifecycle.labels(home) == {"stable": 4} and dict(config(home).version_labels) == {"stable": 4}


def test_rolling_back_publishes_an_earlier_version_anew(home):
    old = manifest.read(home / "2")
    again = lifecycle.roll_back(home, 2)
    assert again == home / "5" and manifest.read(again) == old and not manifest.damage(again, old["files"])
    with pytest.raises(InputError, match="Version 5 of .* is the newest already"):
        lifecycle.roll_back(home, 5)
    (home / "3" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(InputError, match="is damaged: saved_model.pb was changed"):
        lifecycle.roll_back(home, 3)
    assert versions.numbers(home) == [1, 2, 3, 4, 5]


def test_the_newest_and_the_labelled_are_kept(home, capsys):
    lifecycle.label(home, "stable", 1)
    assert main(["versions", str(home), "--keep", "2"]) == 0
    assert "Removed: 2" in capsys.readouterr().out
    assert versions.numbers(home) == [1, 3, 4] and not list(home.glob(".draft*"))


def test_versions_are_shown_in_80_columns(home, capsys, monkeypatch):
    (home / "3" / manifest.FILE).write_text("{")
    lifecycle.label(home, "stable", 2)
    assert main(["versions", str(home.parent), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["model"]
    assert [each["version"] for each in shown] == [4, 3, 2, 1] and shown[2]["labels"] == ["stable"]
    assert "damaged" in shown[1]["problem"] and shown[0]["integrity"].startswith("hashed:")
    assert main(["versions", str(home)]) == 0
    out = capsys.readouterr().out
    assert "model" in out and "stable" in out and "Served" in out and "damaged" in out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--label", "stable"], "A label is given as NAME=N"),
        (["--label", "stable=9"], "has the versions 1, 2, 3, 4. Received: 9"),
        (["--label", "=1"], "A label is a word"),
        (["--label", "sta ble=1"], "A label is a word"),
        (["--unlabel", "stable"], "has no label 'stable'. It has: none"),
        (["--roll-back", "0"], "has the versions 1, 2, 3, 4. Received: 0"),
        (["--keep", "0"], "At least one version is kept"),
    ],
)
def test_what_cannot_be_done_to_versions_is_one_line(home, arguments, reason, capsys):
    assert main(["versions", str(home), *arguments]) == 2
    out, err = capsys.readouterr()
    assert reason in err and err.count("\n") == 1 and not out
    assert versions.numbers(home) == [1, 2, 3, 4] and lifecycle.labels(home) == {}


def test_places_without_versions_are_one_line(tmp_path, capsys):
    for path, reason in ((tmp_path / "none", "not a directory"), (tmp_path, "There is no version in")):
        assert main(["versions", str(path)]) == 2
        assert reason in capsys.readouterr().err
    (tmp_path / "model" / "1").mkdir(parents=True)
    (tmp_path / "model" / lifecycle.LABELS).write_text("[")
    assert main(["versions", str(tmp_path / "model")]) == 2
    assert "labels.json is damaged" in capsys.readouterr().err

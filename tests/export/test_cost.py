"""What an answer costs is measured of every signature, by a process that serves it."""

import json

import pytest

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.export import export
from keraszoo.export.contents import manifest
from keraszoo.export.outside.cost import cost
from keraszoo.models import ConditionalVAE


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    model = ConditionalVAE((4, 4, 1), latent_dim=2, hidden=(8,), num_classes=3)
    return export(model, tmp_path_factory.mktemp("served"), profile=True)


@pytest.mark.slow
def test_each_signature_and_number_of_rows_is_measured(version):
    found = manifest.read(version)["cost"]
    assert found["signatures"].keys() == manifest.read(version)["signatures"].keys()
    for measured in found["signatures"].values():
        assert list(measured) == ["1", "8", "32"]
        for each in measured.values():
            assert each["ms"] > 0 and each["cpu_ms"] > 0 and each["peak_mib"] >= 0
    assert 0 < found["bytes"] < sum(file.stat().st_size for file in version.rglob("*") if file.is_file())


@pytest.mark.slow
def test_the_command_measures_what_is_asked(version, capsys):
    assert main(["profile-export", str(version.parent), "--rows", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(list(measured) == ["2"] for measured in found["signatures"].values())
    assert main(["profile-export", str(version), "--rows", "2"]) == 0
    out = capsys.readouterr().out
    assert "MB on disk" in out and "reconstruct" in out and max(map(len, out.splitlines())) <= 80


def test_what_cannot_be_measured_is_one_line(version, tmp_path, capsys):
    for arguments in (["--rows", "0"], ["--version", "9"]):
        assert main(["profile-export", str(version.parent), *arguments]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "saved_model.pb").write_bytes((version / "saved_model.pb").read_bytes())
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "golden.npz").write_bytes((version / "assets.extra" / "golden.npz").read_bytes())
    with pytest.raises(InputError, match="cannot be measured: the server's process failed") as error:
        cost(tmp_path)  # without its weights
    assert "\n" not in str(error.value)

"""A finished run for the tests of runs."""

import pytest
from commands import FAST

from keraszoo.training import train


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return train("vae/digits", tmp_path_factory.mktemp("runs") / "vae", **FAST)

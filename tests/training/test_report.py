"""The page about runs: one file, with what the runs hold and nothing that a name could smuggle in."""

import html
import html.parser
import re

import pytest

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.recipes import get
from keraszoo.training import train
from keraszoo.training.reporting.curves import curves
from keraszoo.training.reporting.report import page, report


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder, recipe = tmp_path_factory.mktemp("runs"), get("autoencoder/digits")
    kept = recipe.replace(epochs=2, expected={"test/loss": (0.0, 1e-3)})
    return [train(kept.replace(seed=seed), folder / f"seed<{seed}>", say=lambda line: None) for seed in (0, 1)]


class Reader(html.parser.HTMLParser):
    """Collects text, tags and what is fetched from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.words, self.tags, self.fetched = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.fetched += [
            value for name, value in attributes if name in ("src", "href") and not re.match("data:|#", value)
        ]

    def handle_data(self, data):
        self.words.append(data.strip())


def test_it_is_one_file_with_measures_curves_pictures_and_recipe(runs, tmp_path):
    text = report(runs, tmp_path / "report.html").read_text()
    read = Reader(text)
    assert not read.fetched and "script" not in read.tags, "it needs nothing but itself"
    assert read.tags.count("svg") == 1 and read.tags.count("img") >= 4
    assert {"Measures", "Curves", "What was trained", "Where", "epoch 1", "epoch 2"} <= set(read.words)
    assert read.words.count("seed<0>") == read.words.count("seed<1>") == 3 and "<0>" not in text, "names are escaped"
    value = f"{runs[0].metrics()['test']['loss']:.5g}"
    assert value in read.words and "(expected 0 +- 0.001)" in read.words and 'class="missed"' in text


def test_one_run_has_its_title_and_no_header(runs):
    text = page({"run": runs[0]})
    assert html.escape(runs[0].recipe.title) in text and "<th>" not in text


def test_curves_are_of_every_metric(runs):
    history = runs[0].metrics()["history"]
    drawn = curves({"run": history})
    assert drawn.startswith("<svg") and curves({"run": []}) == ""
    names = {name.removeprefix("val_") for each in history for name in each}
    assert len(re.findall('id="axes_', drawn)) == len(names)


def test_what_is_no_finished_run_is_one_line(runs, tmp_path, capsys):
    for paths, reason in (([tmp_path / "none"], "no run"), ([runs[0].path] * 2, "twice")):
        assert main(["report", *map(str, paths), "--out", str(tmp_path / "report.html")]) == 2
        err = capsys.readouterr().err
        assert reason in err and err.count("\n") == 1 and not (tmp_path / "report.html").exists()
    assert main(["report", str(runs[0].path), "--out", str(tmp_path / "no" / "report.html")]) == 2
    assert "Cannot write" in capsys.readouterr().err
    with pytest.raises(InputError, match="one run at least"):
        report([], tmp_path / "report.html")

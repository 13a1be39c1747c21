"""Lists and pandas' tables where arrays are taken."""

import numpy as np
import pandas as pd
import pytest

from keraszoo.core.errors import InputError
from keraszoo.models import MAF, VAE, Classifier, ConditionalVAE, RealNVP

ROWS = np.array([[1.0, 4.0], [2.0, 2.5], [3.0, 1.0], [0.0, 7.0]])
TABLE = pd.DataFrame(ROWS, columns=["length", "width"], index=[9, 8, 7, 6])
FORMS = {
    "list": ROWS.tolist(),
    "table": TABLE,
    "mixed table": TABLE.assign(length=TABLE["length"].astype("int64")),
    "pandas' own types": TABLE.convert_dtypes(),
}


@pytest.fixture(scope="module")
def flow():
    model = MAF((2,), transforms=1, hidden=(4,), standardize=True)
    model.compile("sgd", run_eagerly=True)
    return model


@pytest.mark.parametrize("form", FORMS)
def test_rows_may_come_as_lists_and_tables(flow, form):
    given = FORMS[form]
    flow.adapt(given)
    np.testing.assert_allclose(flow.chain[0].shift, ROWS.mean(axis=0))
    want = flow.log_prob(ROWS)
    np.testing.assert_array_equal(flow.log_prob(given), want)
    np.testing.assert_allclose(flow.predict(given, verbose=0), want, rtol=1e-6)
    flow.adapted.assign(0.0)  # so that fit measures, too
    flow.fit(given, epochs=1, verbose=0)
    assert np.isfinite(flow.evaluate(given, verbose=0)).all()


def test_whole_numbers_without_a_type_are_numbers(flow):
    whole = [[1, 2], [3, 4]]
    for given in (whole, pd.DataFrame(whole)):
        np.testing.assert_array_equal(flow.log_prob(given), flow.log_prob(np.array(whole, "float32")))
    with pytest.raises(InputError, match="floating-point"):
        flow.log_prob(np.array(whole))


def test_labels_and_contexts_may_too():
    classifier = Classifier((2,), num_classes=3, hidden=(4,), features=2)
    classifier.compile("sgd", run_eagerly=True)
    for labels in ([0, 1, 2, 0], pd.Series([0, 1, 2, 0]), pd.DataFrame({"y": [0, 1, 2, 0]})):
        classifier.fit(TABLE / 10, labels, epochs=1, verbose=0)
    flow = RealNVP((2,), transforms=1, hidden=(4,), context_dim=2)
    flow.compile("sgd", run_eagerly=True)
    flow.fit(TABLE, TABLE, epochs=1, verbose=0)
    np.testing.assert_array_equal(flow.log_prob(TABLE, TABLE), flow.log_prob(ROWS, ROWS))


@pytest.mark.parametrize(
    "given, message",
    [
        (TABLE.assign(width=["a", "b", "c", "d"]), "numbers as x. Received: 'a' in column 'width'. Code it"),
        (
            TABLE.assign(width=[1.0, np.nan, 2.0, 3.0]),
            "1 gaps among the values of x in column 'width', the first in row 1",
        ),
        ([[1.0, 2.0], [3.0]], "rows of equal length"),
        ([["a", "b"]], "numbers as x. Received: 'a'"),
        (np.array([["a", "b"]]), "numbers as x. Received: 'a'"),
        (TABLE[["length"]], r"shape \(None, 2\)"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused_by_every_method(flow, given, message):
    for method in (flow.log_prob, flow.adapt, flow.fit, flow.predict):
        with pytest.raises(InputError, match=message) as refusal:
            method(given)
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("names", [["a", "b", "a", "b"], pd.Series(list("abab")), np.array(list("abab"))])
def test_names_of_classes_are_refused_with_the_remedy(names):
    vae = ConditionalVAE((2,), latent_dim=1, hidden=(4,), num_classes=2)
    vae.compile("sgd", run_eagerly=True)
    x = ROWS / 10
    for method in (vae.fit, vae.reconstruct):
        with pytest.raises(InputError, match=r"'a'.*numpy.unique\(y, return_inverse=True\)"):
            method(x, names)
    assert VAE((2,), latent_dim=1, hidden=(4,)).reconstruct(TABLE / 10).shape == (4, 2)

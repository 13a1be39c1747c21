"""Guards: a row of numbers that mean nothing is answered as such, and no neighbour notices."""

import math

import numpy as np
import pytest
import tensorflow as tf

from keraszoo.core.inputs import BoundedInput, Codes, Context, Input, Labels, Seed, Temperature, Undeclared
from keraszoo.export.contents import golden
from keraszoo.export.guards import guarded
from keraszoo.export.outside import _capi

IMAGE = Input((2, 2, 1), (0.0, 1.0))
#: (declaration, values of a row of it that are taken, values that are not)
CASES = {
    "image": (IMAGE, [0.0, 1.0, 1.0 + 5e-6], [1.001, -0.001, 255.0, math.nan, math.inf, -math.inf]),
    "any numbers": (Input((3,)), [-1e30, 0.0, 3.4e38], [math.nan, math.inf, -math.inf]),
    "one feature bounded": (
        BoundedInput((2,), lowest=(0.0, -math.inf), highest=(math.inf, math.inf)),
        [0.0, 5.0, -1.0],
        [math.nan, math.inf],
    ),
    "codes": (Codes((2, 2), 8), [0, 7], [-1, 8, 2**31 - 1]),
    "labels": (Labels(10), [0, 9], [-1, 10, 2**32 + 3, -(2**63)]),
    "context": (Context((2,)), [-5.0, 5.0], [math.nan, math.inf]),
    "seed": (Seed(), [-(2**63), 0, 2**63 - 1], []),
    "temperature": (Temperature(), [0.0, 1.0, 100.0], [-0.1, math.nan, math.inf]),
    "nothing known": (Undeclared(tf.TensorSpec([None, 2], tf.float32, name="x")), [math.nan, 9.0], []),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "good", "bad"), CASES.values(), ids=CASES)
def test_a_row_is_taken_if_all_of_its_numbers_are(declared, good, bad):
    example = declared.random(1, np.random.default_rng(0))
    assert declared.taken(tf.constant(example, declared.spec().dtype)).numpy().tolist() == [True]
    for value in (*good, *bad):
        row = np.full(example.shape, value, declared.spec().dtype.as_numpy_dtype)
        assert bool(declared.taken(tf.constant(row))[0]) == (value in good), value
    for value in bad:  # one number is enough
        row = np.array(example, declared.spec().dtype.as_numpy_dtype)
        row.ravel()[0] = value
        assert not declared.taken(tf.constant(row))[0], value


@pytest.mark.parametrize(("declared", "good", "bad"), CASES.values(), ids=CASES)
def test_what_stands_in_its_place_is_taken(declared, good, bad):
    spec = declared.spec()
    row = tf.zeros([1, *spec.shape[1:]], spec.dtype) + tf.cast(declared.neutral, spec.dtype)
    assert declared.taken(row).numpy().tolist() == [True]


def everything(image):
    total = tf.reduce_sum(image, [1, 2, 3])
    tf.debugging.assert_all_finite(total, "the model sees no number that it does not take")
    return {
        "image": image + 1,
        "class": tf.cast(total, tf.int64),
        "index": tf.cast(total, tf.int32),
        "full": total > 1,
        "name": tf.strings.as_string(total),
    }


def test_neighbours_are_answered_as_without_it():
    x = np.random.default_rng(0).random((4, 2, 2, 1), "float32")
    want = guarded("answer", everything, [IMAGE], [tf.constant(x)])
    x[2, 1, 0] = math.nan
    got = guarded("answer", everything, [IMAGE], [tf.constant(x)])
    for name, output in got.items():
        np.testing.assert_array_equal(np.delete(output, 2, 0), np.delete(want[name], 2, 0))
    assert np.isnan(got["image"][2]).all() and got["name"][2] == b"" and not got["full"][2]
    assert int(got["class"][2]) == int(got["index"][2]) == -1


def test_one_input_is_enough():
    declarations = [Input((2,), name="latent"), Labels(3)]
    got = guarded(
        "decode",
        lambda latent, label: {"image": latent * tf.cast(tf.gather([1, 2, 3], label), tf.float32)[:, None]},
        declarations,
        [tf.ones([4, 2]), tf.constant([0, 7, 2, -1], tf.int64)],
    )
    np.testing.assert_array_equal(got["image"], [[1, 1], [math.nan] * 2, [3, 3], [math.nan] * 2])


class Served:
    """A server in the place of the doctor's, which answers by a function."""

    def __init__(self, function):
        self.function = function

    def run(self, signature, inputs):
        return {name: np.asarray(output) for name, output in self.function(**inputs).items()}


KNOWN = {"image": {"meaning": IMAGE.meaning, **IMAGE.values()}}
#: of servers without these guards, what the doctor says
SPOILS = {
    "changes image of another": lambda image: {"image": image - tf.reduce_mean(image)},
    "as if it meant something": lambda image: {"image": tf.nn.relu(tf.where(tf.math.is_finite(image), image, 0.0))},
}


def test_the_doctor_sees_that_a_row_is_answered_alone():
    def guards(image):
        return guarded("answer", lambda image: {"image": image + 1}, [IMAGE], [tf.constant(image)])

    inputs = golden.inputs_for([IMAGE])
    assert _capi.alone(Served(guards), "answer", inputs, Served(guards).run("", inputs), KNOWN) == (
        True,
        "4 of 4 answered so that no neighbour notices",
    )


@pytest.mark.parametrize(("reason", "function"), SPOILS.items(), ids=SPOILS)
def test_the_doctor_tells_servers_that_do_not(reason, function):
    inputs, served = golden.inputs_for([IMAGE]), Served(function)
    ok, detail = _capi.alone(served, "answer", inputs, served.run("", inputs), KNOWN)
    assert not ok and reason in detail

"""JSON as TensorFlow Serving reads it: RFC 8259 and NaN, Infinity, and its words about what is wrong.

orjson reads what is ordinary. The rest goes to the standard library, which knows the two tokens and where it stopped.
"""

import json
import math
import re

import numpy as np
import orjson

from .status import invalid

DEPTH = 64  # levels of lists and objects in a request
_QUOTED = 256  # characters of a request that an error repeats

# What rapidjson calls the mistakes of which the standard library speaks otherwise.
_MISTAKES = {
    "Expecting value": "Invalid value.",
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Unterminated string starting at": "Missing a closing quotation mark in string.",
    "Invalid \\escape": "Invalid escape character in string.",
    "Invalid \\uXXXX escape": "Incorrect hex digit after \\u escape in string.",
    "Invalid control character at": "Invalid encoding in string.",
}
_NOT_BRACKETS = bytes(set(range(256)) - set(b'[]{}"\\'))
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_TOKEN = re.compile(rb'("(?:[^"\\]|\\.)*"?)|-?NaN|(-?)Inf(?!inity)', re.DOTALL)


def parse(body):
    """The object that a request's body (bytes) holds.

    Raises:
        Refused: with TensorFlow Serving's words, when it holds none.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    _check_depth(body)
    try:
        document = orjson.loads(body)
    except ValueError:
        document = _parse_slowly(body)
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {quoted(document)} Is not object")
    return document


def _check_depth(body):
    brackets = _STRING.sub(b"", body.translate(None, _NOT_BRACKETS))
    if len(brackets) <= DEPTH:
        return
    codes = np.frombuffer(brackets, np.uint8)
    steps = np.isin(codes, np.frombuffer(b"[{", np.uint8)).astype(np.int32) * 2 - 1
    if np.cumsum(steps).max() > DEPTH:
        raise invalid(f"JSON Parse error: lists and objects are nested deeper than {DEPTH} levels")


def _parse_slowly(body):
    body = body.removeprefix(b"\xef\xbb\xbf")
    if b"Inf" in body or b"-NaN" in body:  # spellings that the standard library does not know
        body = _TOKEN.sub(_spelled_out, body)
    text = body.decode("utf-8", "surrogateescape")
    start = len(text) - len(text.lstrip(" \t\n\r"))
    if start == len(text) or text[start] in "]},:":
        raise _mistake("The document is empty.", text, start)
    try:
        document, _ = json.JSONDecoder(parse_int=_whole, parse_float=_decimal).raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _mistake(_in_rapidjsons_words(error), text, error.pos) from None
    except OverflowError:
        raise invalid("JSON Parse error: Number too big to be stored in double. at offset: 0") from None
    return document


def _spelled_out(match):
    string, sign = match.groups()
    if string is not None:
        return string
    return b"NaN" if sign is None else sign + b"Infinity"


def _in_rapidjsons_words(error):
    if error.msg == "Expecting ',' delimiter":
        opened = []
        for bracket in _STRING.sub(b"", error.doc[: error.pos].encode("utf-8", "replace")):
            if bracket in b"[{":
                opened.append(bracket)
            elif bracket in b"]}" and opened:
                opened.pop()
        if opened and opened[-1:] == [ord("{")]:
            return "Missing a comma or } after an object member."
        return "Missing a comma or ] after an array element."
    return _MISTAKES.get(error.msg, f"{error.msg}.")


def _mistake(words, text, position):
    offset = len(text[:position].encode("utf-8", "surrogateescape"))
    return invalid(f"JSON Parse error: {words} at offset: {offset}")


def _whole(digits):
    """An integer, or what is beyond 64 bits as a float."""
    if len(digits) <= 20 and -(2**63) <= (value := int(digits)) < 2**64:
        return value
    return _decimal(digits)


def _decimal(digits):
    value = float(digits)
    if math.isinf(value):
        raise OverflowError
    return value


def encoded(string):
    """The bytes of a string of a request.

    Raises:
        Refused: when it holds half of a surrogate pair.
    """
    try:
        return string.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise invalid("JSON Parse error: The surrogate pair in string is invalid.") from None


def type_name(value):
    """What TensorFlow Serving calls the type of a value."""
    if isinstance(value, bool):
        return str(value)
    names = {type(None): "Null", dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}
    return names[type(value)]


def quoted(value):
    """The start of a value as TensorFlow Serving repeats it in errors: objects over lines, lists in one."""
    pieces, length = [], 0
    for piece in _pieces(value, 0):
        pieces.append(piece)
        length += len(piece)
        if length >= _QUOTED:
            break
    return "".join(pieces)[: 2 * _QUOTED]


def _pieces(value, level):
    if isinstance(value, list):
        yield "["
        for index, element in enumerate(value):
            if index:
                yield ", "
            yield from _pieces(element, level + 1)
        yield "]"
    elif isinstance(value, dict):
        yield "{"
        indent = "\n" + " " * 4 * (level + 1)
        for index, (key, element) in enumerate(value.items()):
            yield f"{',' if index else ''}{indent}{_text(key)}: "
            yield from _pieces(element, level + 1)
        yield "\n" + " " * 4 * level + "}" if value else "}"
    elif isinstance(value, str):
        yield _text(value)
    else:
        yield json.dumps(value)


def _text(string):
    return json.dumps(string[: 2 * _QUOTED], ensure_ascii=False)

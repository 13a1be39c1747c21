"""Docstrings' "Example:" becomes the section "Examples:" that griffe knows, where doctests are shown as code."""

import re

import griffe


class Examples(griffe.Extension):
    def on_object(self, *, obj, **_):
        if obj.docstring:
            obj.docstring.value = re.sub(r"^( *)Example:$", r"\1Examples:", obj.docstring.value, flags=re.M)

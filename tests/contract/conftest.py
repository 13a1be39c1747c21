"""Which laws are tried by default, and which in the slow suite alone."""

import pathlib

import pytest
import zoo


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A law is slow for recipes on which it is not tried by default, and for classes that are like another one."""
    for item in items:
        if item.path.parent != pathlib.Path(__file__).parent:
            continue
        law, tried = item.get_closest_marker("law"), item.get_closest_marker("tried")
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        of_class = parameters.get("name", parameters.get("case"))
        like_another = of_class in zoo.NAMES and of_class not in zoo.DISTINCT
        if law and tried and law.args[0] not in tried.args:
            item.add_marker(pytest.mark.slow)
        if like_another and not item.get_closest_marker("every_class"):
            item.add_marker(pytest.mark.slow)

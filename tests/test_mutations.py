"""What tests/mutations.py says is still so; running it, which takes a quarter of an hour, shows that the laws fail."""

import mutations


def test_the_table_is_what_the_breaks_say():
    """`python tests/mutations.py` writes it again."""
    assert mutations.TABLE.read_text() == mutations.table()


def test_every_law_of_the_contract_has_a_break():
    assert not [law for law in mutations.laws() if not mutations.breaks_of(law)]


def test_every_test_of_a_break_exists():
    for each in mutations.BREAKS:
        for node in each.nodes:
            file, name = node.split("[")[0].split("::")
            assert f"\ndef {name}(" in (mutations.ROOT / file).read_text(), node


def test_what_is_broken_is_there_once():
    for each in mutations.BREAKS:
        assert each.text()

"""The connection tables, against what the paper prints."""

from lenet.zoo.connection_tables import TABLE_I


def test_table_i_is_the_papers():
    rows = [
        "X...XXX..XXXX.XX",
        "XX...XXX..XXXX.X",
        "XXX...XXX..X.XXX",
        ".XXX..XXXX..X.XX",
        "..XXX..XXXX.XX.X",
        "...XXX..XXXX.XXX",
    ]
    columns = tuple(tuple(c for c in range(6) if rows[c][m] == "X") for m in range(16))
    assert columns == TABLE_I

"""Values get other names; the meaning stays."""

from hpctc.graph.rename import renamed
from hpctc.graph.text import parse, show

TEXT = "graph f(x: f32[4], exp: f32[4]) {\n  y = x * exp\n  z = y + 1.0\n  return y, z\n}\n"


def test_every_mention_of_a_value_changes() -> None:
    assert show(renamed(parse(TEXT), {"exp": "exp_", "y": "out"})) == (
        "graph f(x: f32[4], exp_: f32[4]) {\n"
        "  out = x * exp_\n  z = out + 1.0\n  return out, z\n}\n"
    )


def test_who_had_the_new_name_gives_way() -> None:
    graph = renamed(parse(TEXT), {"y": "z"})
    assert graph.outputs == ("z", "z_")
    assert parse(show(graph)) == graph


def test_two_names_may_be_exchanged() -> None:
    assert [i.name for i in renamed(parse(TEXT), {"x": "exp", "exp": "x"}).inputs] == ["exp", "x"]


def test_no_change_is_no_change() -> None:
    graph = parse(TEXT)
    assert renamed(graph, {"x": "x"}) is graph

"""Paths through a problem's samples, and files that do not hold whole trees."""

from __future__ import annotations

import pytest

from configs.errors import UserError
from tasks.core.paths import check_depth_first, path_of
from tasks.core.records import Sample


def tree(**parents: str | None) -> dict[str, Sample]:
    """Samples by id, in the order given, each below its parent."""
    return {
        name: Sample(name, "p", index, name, "stop", 1, None, "m", parent_id=parent)
        for index, (name, parent) in enumerate(parents.items())
    }


TREE = tree(a=None, f="a", b="f", c="f", d="c", e=None)


@pytest.mark.parametrize(("node", "path"), [("e", "e"), ("b", "afb"), ("d", "afcd")])
def test_a_path_leads_from_the_first_text_to_the_node(node: str, path: str) -> None:
    assert "".join(step.id for step in path_of(TREE[node], TREE)) == path


def test_a_chain_without_its_parent_names_both() -> None:
    orphans = {name: node for name, node in TREE.items() if name != "f"}
    with pytest.raises(UserError, match="sample c was asked after sample f, which is not among the samples of prob"):
        path_of(TREE["d"], orphans)


def test_parents_in_a_circle_are_refused() -> None:
    circle = tree(a="b", b="a")
    with pytest.raises(UserError, match="circle"):
        path_of(circle["a"], circle)


def test_depth_first_order_is_accepted_and_any_other_names_the_node() -> None:
    check_depth_first(TREE.values())
    for order, stray in [("fa", "f"), ("abf", "b"), ("aefb", "f"), ("afcbd", "d")]:
        with pytest.raises(UserError, match=f"sample {stray} does not stand below its parent"):
            check_depth_first(TREE[name] for name in order)


def test_independent_draws_are_told_from_all_others() -> None:
    plain = Sample("p/0", "p", 0, "1", "stop", 1, None, "m")
    others = [
        Sample("p/1", "p", 1, "1", "stop", 1, None, "m", parent_id="p/0"),
        Sample("p/1", "p", 1, "1", "stop", 1, None, "m", draw="hot"),
        Sample("p/1", "p", 1, "1", "stop", 1, None, "m", part="critique"),
        Sample("p/1", "p", 1, "1", "stop", 1, None, "m", by="solution"),
        Sample("p/1", "p", 1, "1", "stop", 1, None, "m", privileged=True),
    ]
    assert plain.is_independent
    assert not any(other.is_independent for other in others)
    assert [sample.origin for sample in [plain, *others]] == [
        "iid", "revised", "hot", "critique", "iid", "iid",
    ]  # fmt: skip

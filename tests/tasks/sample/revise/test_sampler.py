"""Trees of attempts and of what is said of them: who is asked when, ids, order, what ends a chain, kills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.engines.questions import Completion, Missing, Request
from tasks.core.paths import check_depth_first
from tasks.core.records import Author, Sample
from tests.build.records import make_problem
from tests.tasks.core.scripted import Killed, ScriptedPool
from tests.tasks.sample.revise.script import by_place, labels, revise_sampler, run

CRITIQUE = {"part": "critique", "when": {"judge": "answer", "says": ["wrong"]}}
VERDICT = {"part": "verdict", "pattern": r"\[VERIFY\] (correct|wrong)"}
LINEAGE = {
    "num_samples": 2,
    "steps": [{**CRITIQUE, "num": 1}, {"part": "attempt", "num": 2}],
    "max_turns": 3,
}
LINEAGE_TEXTS = {"p/0": "W", "p/1": "R", "p/0:critique0:attempt/0": "R", "p/0:critique0:attempt/1": "W"}
"""W and R are what is written first, R and W after the critique of the first; all else is W"""


def test_a_gate_asks_of_wrong_attempts_alone(tmp_path: Path) -> None:
    """10 first attempts, 6 of them wrong: 6 critiques and 6 revisions, 22 calls."""
    texts = {f"p/{place}": "W" if place < 6 else "R" for place in range(10)}
    sampler = revise_sampler(generate={"num_samples": 10, "steps": [CRITIQUE, {"part": "attempt"}]})
    pool = ScriptedPool(write=by_place(texts))
    (episode,) = run(sampler, tmp_path, pool=pool)
    assert len(pool.draws) == episode.counts["num_asked"] == 22
    assert (episode.counts["num_attempts"], episode.counts["num_feedback"]) == (16, 6)


def test_revisions_without_feedback(tmp_path: Path) -> None:
    """STaSC, 5 x 5: 30 calls, and no judge is asked on the way."""
    sampler = revise_sampler(generate={"num_samples": 5, "steps": [{"part": "attempt", "num": 5}]})
    (episode,) = run(sampler, tmp_path, judge=None)
    assert episode.counts["num_asked"] == len(episode.nodes) == 30
    assert sampler.judges == [] and episode.verdicts == ()


def test_verdicts_and_revisions_of_self_rewarding_correction(tmp_path: Path) -> None:
    """30 right and 20 wrong first attempts: 50 + 50 x 8 + 20 x 8 + 30 x 4 = 730 texts."""
    is_right, is_wrong = ({"judge": "answer", "says": [label]} for label in ("correct", "wrong"))
    told = {"part": "verdict", "by": "template", "prompt": "told.j2", "otherwise": "skip", "name": "told"}
    (tmp_path / "told.j2").write_text("[VERIFY] wrong")
    common = {"num_samples": 50}
    wrong = [{**VERDICT, "num": 8, "keep": {"true_verdict": 1}}, {"part": "attempt", "num": 8, "when": is_wrong}]
    right = [{**told, "when": is_right, "pattern": VERDICT["pattern"]}, {"part": "attempt", "num": 4, "when": is_right}]
    texts = {f"p/{place}": "R" if place < 30 else "W" for place in range(50)}

    def write(request: Request, draw: int) -> str:
        if request.id.endswith(":verdict"):
            parent = int(request.id.split("/")[1].split(":")[0])
            truth = "correct" if parent < 30 else "wrong"
            other = "wrong" if parent < 30 else "correct"
            return f"so [VERIFY] {truth if draw >= 5 else other}"
        return texts.get(f"{request.id}/{draw}", "R")

    first = revise_sampler(generate={**common, "steps": wrong})
    (episode,) = run(first, tmp_path / "first", write)
    assert episode.counts["num_asked"] == 50 + 50 * 8 + 20 * 8
    assert episode.counts["num_not_kept"] == 50 * 7
    assert {node.said for node in episode.nodes if node.part == "verdict" and node.parent_id == "p/49"} == {"wrong"}
    second = revise_sampler(tmp_path, generate={**common, "steps": right})
    (other,) = run(second, tmp_path / "second", write)
    assert other.counts["num_asked"] - 50 == 30 * 4
    assert episode.counts["num_asked"] + other.counts["num_asked"] - 50 == 730


def test_the_tree_of_the_worked_example(tmp_path: Path) -> None:
    sampler = revise_sampler(generate={**LINEAGE, "until": [{"judge": "answer", "says": ["correct"]}]})
    problem = make_problem("p7", question="Q?")
    texts = {name.replace("p/", "p7/"): text for name, text in LINEAGE_TEXTS.items()}
    (episode,) = run(sampler, tmp_path, by_place(texts), problems=[problem])
    assert [node.id for node in episode.nodes] == [
        "p7/0",
        "p7/0:critique0",
        "p7/0:critique0/0",
        "p7/0:critique0/1",
        "p7/0:critique0/1:critique0",
        "p7/0:critique0/1:critique0/0",
        "p7/0:critique0/1:critique0/1",
        "p7/1",
    ]
    check_depth_first(episode.nodes)
    assert [verdict.sample_id for verdict in episode.verdicts] == list(labels(episode))
    assert labels(episode) == {
        "p7/0": "W", "p7/0:critique0/0": "R", "p7/0:critique0/1": "W", "p7/0:critique0/1:critique0/0": "W",
        "p7/0:critique0/1:critique0/1": "W", "p7/1": "R",
    }  # fmt: skip
    parents = {node.parent_id for node in episode.nodes}
    assert [node.id for node in episode.nodes if node.id not in parents] == [
        "p7/0:critique0/0", "p7/0:critique0/1:critique0/0", "p7/0:critique0/1:critique0/1", "p7/1",
    ]  # fmt: skip


def test_a_kill_costs_the_shards_in_flight_and_changes_nothing(tmp_path: Path) -> None:
    problems = [make_problem(name, question=name) for name in ("p", "q", "r")]
    sampler = revise_sampler(generate=LINEAGE)

    def write(request: Request, draw: int) -> str:
        return "R" if (request.seed + draw) % 3 == 0 else "W"

    straight = run(sampler, tmp_path / "straight", write, problems=problems)
    total, num_kills = 0, 0
    for lives in range(1, 99):
        pool = ScriptedPool(write=write, lives=lives, ahead=1)
        try:
            again = run(sampler, tmp_path / "killed", pool=pool, problems=problems)
        except Killed:
            num_kills += 1
        total += len(pool.draws)
        if num_kills < lives:
            break
    assert num_kills >= 3 and again == straight
    asked = sum(episode.counts["num_asked"] for episode in straight)
    assert total == asked, "what was answered before a kill was asked again"


def test_texts_do_not_depend_on_what_is_asked_beside_them(tmp_path: Path) -> None:
    def write(request: Request, draw: int) -> str:
        return f"W{(request.seed + draw) % 1000}"

    few = run(revise_sampler(generate={**LINEAGE, "num_samples": 1}), tmp_path / "few", write)
    many = run(revise_sampler(generate={**LINEAGE, "num_samples": 4}), tmp_path / "many", write,
               problems=[make_problem("o"), make_problem(question="Q?")])  # fmt: skip
    texts = {node.id: node.text for node in few[0].nodes}
    assert texts.items() <= {node.id: node.text for node in many[1].nodes}.items()
    assert len(set(texts.values())) == len(texts) == 10


def test_of_each_label_the_first_drawn_are_revised(tmp_path: Path) -> None:
    first = {"at_most": {"wrong": 3, "correct": 3}}
    texts = {f"p/{place}": letter for place, letter in enumerate("WWRWWR")}
    for limit, starts in (({"wrong": 3, "correct": 3}, [0, 1, 2, 3, 5]), ({"wrong": 1}, [0]), ({"correct": 9}, [2, 5])):
        first["at_most"] = limit
        sampler = revise_sampler(generate={"num_samples": 6, "first": first})
        (episode,) = run(sampler, tmp_path / str(starts), by_place(texts))
        revised = [node.parent_id for node in episode.nodes if node.parent_id]
        assert revised == [f"p/{place}" for place in starts]


def test_the_best_first_attempts_are_revised(tmp_path: Path) -> None:
    """RLRF: of n answers the promising ones get feedback; they stay what they are, and the others too."""
    texts = {"p/0": "W0.2", "p/1": "W0.9", "p/2": "U", "p/3": "W0.5"}
    first = {"keep": {"best": "answer", "n": 2}}
    (episode,) = run(revise_sampler(generate={"num_samples": 4, "first": first}), tmp_path, by_place(texts))
    assert [node.id for node in episode.nodes] == ["p/0", "p/1", "p/1/0", "p/2", "p/3", "p/3/0"]


STOPS: list[tuple[dict[str, Any], list[str], int]] = [
    ({"judge": "answer", "says": ["correct"]}, ["W1", "R2"], 2),
    ({"judge": "answer", "says": ["correct", "wrong"]}, ["W1"], 1),
    ({"same": "answer"}, ["W1", "W2", "W2"], 3),
    ({"same": "text"}, ["W1", " W1 "], 2),
    ({"no_gain": "answer"}, ["W1", "W3", "W2"], 3),
    ({"no_gain": "answer"}, ["W1", "U"], 2),
    ({"no_gain": "answer"}, ["U", "W1", "W1"], 3),
]


@pytest.mark.parametrize(("stop", "texts", "number"), STOPS)
def test_what_ends_a_chain(stop: dict[str, Any], texts: list[str], number: int, tmp_path: Path) -> None:
    def write(request: Request, draw: int) -> str:
        place = 0 if request.id == "p" else request.id.count("/")
        return texts[place] if place < len(texts) else f"W{place + 10}"

    sampler = revise_sampler(generate={"steps": [{"part": "attempt"}], "until": [stop], "max_turns": 6})
    (episode,) = run(sampler, tmp_path, write)
    assert [node.text for node in episode.nodes] == texts[:number]


def test_an_own_verdict_ends_the_chain_and_stands_behind_it(tmp_path: Path) -> None:
    texts = {"p/0:verdict/0": "[VERIFY] wrong.", "p/0:verdict0/0:verdict/0": "yes: [VERIFY] correct. And then"}
    sampler = revise_sampler(generate={"steps": [VERDICT, {"part": "attempt"}], "until": [{"verdict": "right"}],
                                       "max_turns": 9})  # fmt: skip
    (episode,) = run(sampler, tmp_path, by_place(texts))
    assert [(node.part, node.said) for node in episode.nodes] == [
        ("attempt", None), ("verdict", "wrong"), ("attempt", None), ("verdict", "right"),
    ]  # fmt: skip
    assert episode.nodes[-1].text == "yes: [VERIFY] correct", "what follows a verdict is cut off"
    assert (episode.nodes[-1].logprob, episode.nodes[0].logprob) == (None, -1.5)


def test_an_unread_verdict_opens_no_gate_and_can_end_the_chain(tmp_path: Path) -> None:
    gated = [VERDICT, {"part": "attempt", "when": {"verdict": "wrong"}}]
    for steps, until in ((gated, []), ([VERDICT, {"part": "attempt"}], [{"verdict": "unread"}])):
        sampler = revise_sampler(generate={"steps": steps, "until": until})
        (episode,) = run(sampler, tmp_path / str(len(until)), by_place({"p/0:verdict/0": "who knows"}))
        assert [node.part for node in episode.nodes] == ["attempt", "verdict"]
        assert episode.counts["num_unread"] == 1


class CutOff(ScriptedPool):
    """Requests with a word in their name end at max_tokens."""

    word = ""

    def _complete(self, request: Request, draw: int) -> Completion:
        row = super()._complete(request, draw)
        return replace(row, finish_reason="length") if self.word and self.word in request.id else row


def test_a_truncated_attempt_is_revised_and_a_truncated_critique_is_dropped(tmp_path: Path) -> None:
    sampler = revise_sampler(generate={"steps": [{"part": "critique"}, {"part": "attempt"}], "max_turns": 3})
    pool = CutOff(write=by_place({}))
    pool.word = ":attempt"
    (episode,) = run(sampler, tmp_path / "attempt", pool=pool)
    assert [node.is_truncated for node in episode.nodes if node.is_answer] == [False, True, True]
    pool.word = "critique"
    (episode,) = run(sampler, tmp_path / "critique", pool=pool)
    assert [node.id for node in episode.nodes] == ["p/0"]
    assert episode.counts["num_truncated_feedback"] == 1


def test_what_is_missing_ends_its_branch_and_leaves_its_number_free(tmp_path: Path) -> None:
    class Gaps(ScriptedPool):
        """The first draw of some requests has no answer."""

        def _complete(self, request: Request, draw: int) -> Any:
            row = super()._complete(request, draw)
            is_gap = draw == 0 and request.id in ("p", "p/1:critique", "p/1:critique1:attempt")
            return Missing(request.id, "filtered", "no", draw) if is_gap else row

    steps = [{"part": "critique", "num": 2}, {"part": "attempt", "num": 2}]
    sampler = revise_sampler(generate={"num_samples": 2, "steps": steps})
    (episode,) = run(sampler, tmp_path, pool=Gaps(write=by_place({})))
    assert [node.id for node in episode.nodes] == ["p/1", "p/1:critique1", "p/1:critique1/1"]
    assert [verdict.sample_id for verdict in episode.verdicts] in ([], ["p/1", "p/1:critique1/1"])
    assert (episode.counts["num_asked"], episode.counts["num_attempts"]) == (6, 2)


def test_a_problem_whose_first_attempts_are_all_missing_has_no_texts(tmp_path: Path) -> None:
    pool = ScriptedPool(write=by_place({}), refuses=lambda request: "too_long" if request.id == "p" else None)
    sampler = revise_sampler(generate={"steps": [{"part": "critique"}, {"part": "attempt"}]})
    (gone, other) = run(sampler, tmp_path, pool=pool, problems=[make_problem(), make_problem("q")])
    assert (gone.nodes, gone.counts["num_asked"]) == ((), 1)
    assert [node.id for node in other.nodes] == ["q/0", "q/0:critique0", "q/0:critique0/0"]


def test_the_best_revision_goes_on_and_the_others_stay(tmp_path: Path) -> None:
    texts = {"p/0:attempt/0": "W1", "p/0:attempt/1": "W7", "p/0:attempt/2": "U"}
    steps = [{"part": "attempt", "num": 3, "keep": {"best": "answer"}}]
    (episode,) = run(revise_sampler(generate={"steps": steps, "max_turns": 3}), tmp_path, by_place(texts))
    assert [node.id for node in episode.nodes] == [
        "p/0", "p/0/0", "p/0/1", "p/0/1/0", "p/0/1/1", "p/0/1/2", "p/0/2",
    ]  # fmt: skip


def test_the_best_of_texts_that_are_cut_goes_on(tmp_path: Path) -> None:
    split = r"(?s)(?P<verdict>.*)---(?P<attempt>.*)"
    steps = [{"part": "attempt", "split": split, "num": 3, "keep": {"best": "answer"}, "prompt": "revise"}]
    texts = {"p/0": "W"} | {f"p/0:attempt/{place}": f"hm---W{score}" for place, score in enumerate((3, 7, 5))}
    sampler = revise_sampler(generate={"steps": steps, "max_turns": 3})
    (episode,) = run(sampler, tmp_path, by_place(texts, otherwise="Verdict: wrong---W1"))
    assert {node.parent_id for node in episode.nodes if node.id.count("verdict") == 2 and not node.is_answer} == {
        "p/0:verdict1/0"
    }
    assert episode.counts["num_unread"] == 3


def test_one_text_is_cut_into_its_parts(tmp_path: Path) -> None:
    steps = [{"part": "attempt", "split": r"(?s)(?P<critique>.*)---(?P<attempt>.*)", "num": 2, "prompt": "revise"}]
    texts = {"p/0:attempt/0": "wrong sign\n---\nR", "p/0:attempt/1": "no line"}
    (episode,) = run(revise_sampler(generate={"steps": steps}), tmp_path, by_place(texts))
    assert [(node.id, node.text, node.num_tokens) for node in episode.nodes[1:]] == [
        ("p/0:critique0", "wrong sign", 0), ("p/0:critique0/0", "R", 16),
    ]  # fmt: skip
    assert episode.counts["num_uncut"] == 1 and episode.nodes[1].logprob is None


def test_a_step_that_is_left_out_leaves_the_chain_open(tmp_path: Path) -> None:
    steps = [{**CRITIQUE, "otherwise": "skip"}, {"part": "attempt"}]
    texts = {"p/0": "R", "p/1": "W"}
    (episode,) = run(revise_sampler(generate={"steps": steps, "num_samples": 2}), tmp_path, by_place(texts))
    assert [node.id for node in episode.nodes] == ["p/0", "p/0/0", "p/1", "p/1:critique0", "p/1:critique0/0"]


def test_gates_on_a_score(tmp_path: Path) -> None:
    for gate, open_for in (({"below": 0.5}, [1]), ({"wrong_with_at_least": 0.3}, [1, 2])):
        steps = [{"part": "attempt", "when": {"judge": "answer", **gate}}]
        texts = {"p/0": "R0.9", "p/1": "W0.4", "p/2": "W0.7", "p/3": "U"}
        sampler = revise_sampler(generate={"steps": steps, "num_samples": 4})
        (episode,) = run(sampler, tmp_path / next(iter(gate)), by_place(texts))
        assert [node.parent_id for node in episode.nodes if node.parent_id] == [f"p/{place}" for place in open_for]


def test_a_role_comments_and_the_base_begins(tmp_path: Path) -> None:
    sampler = revise_sampler(
        roles={"critic": {"model": {"base": "models/other"}}},
        generate={"first": {"state": "base"}, "steps": [{"part": "critique", "by": "critic"}, {"part": "attempt"}]},
        others={"policy@base": "b", "critic@round_start": "c"},
    )
    base, critic = ScriptedPool(write=by_place({})), ScriptedPool(write=lambda request, draw: "not so")
    (episode,) = run(sampler, tmp_path, others={"policy@base": base, "critic@round_start": critic})
    assert [(node.by, node.state, node.model, node.text) for node in episode.nodes] == [
        ("policy", "base", "b", "W"), ("critic", "round_start", "c", "not so"), ("policy", "round_start", "model", "W"),
    ]  # fmt: skip
    assert len(base.draws) == len(critic.draws) == 1


def test_two_writers_go_on_after_the_same_attempt(tmp_path: Path) -> None:
    """Their texts are siblings: those of the first, then those of the second; a seed each."""
    step = {"part": "critique", "by": "critic", "also_by": ["policy"], "num": 2}
    sampler = revise_sampler(roles={"critic": {"model": {"base": "models/other"}}}, others={"critic@round_start": "c"},
                             generate={"steps": [step, {"part": "attempt"}]})  # fmt: skip
    policy, critic = ScriptedPool(write=by_place({})), ScriptedPool(write=lambda request, draw: f"no {draw}")
    (episode,) = run(sampler, tmp_path, pool=policy, others={"critic@round_start": critic})
    critiques = [node for node in episode.nodes if node.part == "critique"]
    assert [(node.id, node.by, node.model, node.text) for node in critiques] == [
        ("p/0:critique0", "critic", "c", "no 0"), ("p/0:critique1", "critic", "c", "no 1"),
        ("p/0:critique2", "policy", "model", "W"), ("p/0:critique3", "policy", "model", "W"),
    ]  # fmt: skip
    assert episode.counts["num_asked"] == 1 + 4 + 4
    check_depth_first(episode.nodes)
    seeds = {request.seed for pool in (policy, critic) for shard in pool.shards for request in shard.requests}
    assert len(seeds) == 1 + 2 + 4


def test_the_solution_and_a_right_sibling_write_attempts(tmp_path: Path) -> None:
    problem = make_problem(question="Q?", solution="R9")
    texts = {"p/0": "W", "p/1": "R", "p/2": "W"}
    for by, text in (("solution", "R9"), ("peer", "R")):
        steps = [{"part": "attempt", "by": by, "when": {"judge": "answer", "says": ["wrong"]}}]
        sampler = revise_sampler(generate={"steps": steps, "num_samples": 3})
        pool = ScriptedPool(write=by_place(texts))
        (episode,) = run(sampler, tmp_path / by, pool=pool, problems=[problem])
        made = [node for node in episode.nodes if node.parent_id]
        assert [node.parent_id for node in made] == ["p/0", "p/2"] and len(pool.draws) == 3
        assert all(
            (node.text, node.by, node.privileged, node.num_tokens) == (text, Author(by), True, 0) for node in made
        )


@pytest.mark.parametrize(("peers", "number"), [(1, 5), (3, 15), (None, 20)])
def test_wrong_attempts_beside_all_right_ones(tmp_path: Path, peers: int | None, number: int) -> None:
    """SCORE: 10 samples, 4 right and 6 wrong, one of them without an answer: 5 x 4 = 20 pairs, a critique each."""
    (tmp_path / "beside.j2").write_text("{{ attempt }} {{ peer }}")
    (tmp_path / "alone.j2").write_text("{{ attempt }}")
    texts = {f"p/{place}": f"{letter}{place}" for place, letter in enumerate("RWRWRWRWWU")}
    shown = {"prompt": "beside.j2", "stored_prompt": "alone.j2", "form": "single", "peers": peers}
    sampler = revise_sampler(
        tmp_path, generate={"num_samples": 10, "steps": [{**CRITIQUE, **shown}, {"part": "attempt"}]}
    )
    (episode,) = run(sampler, tmp_path / "run", by_place(texts))
    critiques = [node for node in episode.nodes if node.part == "critique"]
    asked = {node.messages[-1].content for node in critiques}
    assert len(critiques) == len(asked) == number
    assert {node.stored[-1].content for node in critiques} == {texts[f"p/{place}"] for place in (1, 3, 5, 7, 8)}
    assert episode.counts["num_asked"] == 10 + 2 * number
    if peers is None:
        assert asked == {f"W{wrong} R{right}" for wrong in (1, 3, 5, 7, 8) for right in (0, 2, 4, 6)}


def test_several_writers_beside_several_peers(tmp_path: Path) -> None:
    """Each writer is asked once for each peer, and numbers its texts after those of the writers before."""
    (tmp_path / "beside.j2").write_text("{{ peer }}")
    (tmp_path / "alone.j2").write_text("?")
    step = {"part": "critique", "prompt": "beside.j2", "stored_prompt": "alone.j2", "also_by": ["critic"], "num": 2}
    sampler = revise_sampler(
        tmp_path, {"critic@round_start": "other"}, roles={"critic": {"model": {"base": "a"}}},
        generate={"num_samples": 3, "steps": [{**step, "peers": None, "when": CRITIQUE["when"]}, {"part": "attempt"}]},
    )  # fmt: skip
    texts = {"p/0": "W", "p/1": "R1", "p/2": "R2"}
    critic = ScriptedPool(write=by_place({}))
    (episode,) = run(sampler, tmp_path / "run", by_place(texts), others={"critic@round_start": critic})
    critiques = [node for node in episode.nodes if node.part == "critique"]
    assert [(node.index, node.by, node.messages[-1].content) for node in critiques] == [
        (place, "policy" if place < 4 else "critic", ("R1", "R2")[node_peer(critiques, place)]) for place in range(8)
    ]


def node_peer(critiques: Sequence[Sample], place: int) -> int:
    """Two texts of each peer, whichever comes first."""
    first = 0 if critiques[0].messages[-1].content == "R1" else 1
    return (first + place // 2) % 2


def test_a_chain_without_a_right_sibling_ends(tmp_path: Path) -> None:
    steps = [{"part": "attempt", "by": "peer"}]
    (episode,) = run(revise_sampler(generate={"steps": steps, "num_samples": 2}), tmp_path, by_place({"p/1": "R"}))
    assert [node.id for node in episode.nodes] == ["p/0", "p/0/0", "p/1"], "a text is no sibling of itself"
    assert episode.counts["num_without_peer"] == 1


def test_one_attempt_and_no_revision(tmp_path: Path) -> None:
    (episode,) = run(revise_sampler(generate={"max_turns": 1, "num_samples": 3}), tmp_path)
    assert [node.id for node in episode.nodes] == ["p/0", "p/1", "p/2"]


def test_repairs_of_wrong_programs_alone(tmp_path: Path) -> None:
    """CYCLE: of ten problems 4 pass; repairs of 6, 4 and 3 programs mend 2, 1 and 0: 10 + 13 programs."""
    mended = {1: "pqrs", 2: "tu", 3: "v"}
    problems = [make_problem(name) for name in "pqrstuvwxy"]

    def write(request: Request, draw: int) -> str:
        turn = 1 + request.id.count("/")
        is_right = any(request.id[0] in names for when, names in mended.items() if when <= turn)
        return "R" if is_right else "W"

    gate = {"part": "attempt", "when": {"judge": "answer", "says": ["wrong"]}}
    pool = ScriptedPool(write=write)
    sampler = revise_sampler(generate={"steps": [gate], "max_turns": 4})
    episodes = run(sampler, tmp_path, pool=pool, problems=problems)
    assert len(pool.draws) == 10 + 13
    last = [list(labels(one).values()) for one in episodes]
    rates = [sum("R" in texts[:turn] for texts in last) / 10 for turn in (1, 2, 3, 4)]
    assert rates == [0.4, 0.6, 0.7, 0.7]

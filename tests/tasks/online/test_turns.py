"""Episodes of several texts: their rows of tokens, what is cut out of a text, what gives the answer away."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.draws.marker import Marker
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.load import check_recipe
from configs.schema.online.objectives import Grpo, StreamObjective
from configs.schema.online.rewards import (
    ControlGroupTerm,
    FormatTerm,
    JudgeTerm,
    ProgressTerm,
    VerdictMatchTerm,
)
from configs.schema.online.section import Online
from infra.engines.questions import Completion, Tokens
from tasks.core.records import DropReason, Label, Message, Part, Problem, Sample, TokenRow, Verdict
from tasks.online.carried import Carried
from tasks.online.credit.assign import Judged, assign
from tasks.online.credit.baseline import Remembered
from tasks.online.draw import Drawn
from tasks.online.leaks import gives_away, refuse_sight
from tasks.online.live import cut_tokens
from tasks.online.monitors_of import lost_share
from tasks.online.reward import reward_group, value_group
from tasks.online.rewards.control_group import control_value
from tasks.online.rewards.progress import discounted
from tasks.online.rollout import Group
from tasks.online.rollouts_of import group_of
from tasks.online.schedule import Position
from tasks.online.settle import Settling
from tasks.online.streams import spans_of
from tasks.online.tables import _examples
from tasks.online.token_rows import join_rows
from tasks.sample.revision.asking import load_steps
from tasks.sample.samplers.inline import Inline, parts_of, stopped
from tests.configs.online_recipes import online_recipe
from tests.tasks.online.build import JUDGES, attempt, credit, group, rewarded, rewards_of, rollout, said

PROBLEM = Problem("p", (Message("user", "3+4"),), gold="7")
MARKERS = (Marker(part="verdict", begins="<ver>", pattern="(yes|no)", right="yes", wrong="no"),
           Marker(part="attempt", begins="Again:"))  # fmt: skip


def sample(name: str, **fields: Any) -> Sample:
    return Sample(**{"id": name, "problem_id": "p", "index": 0, "text": "7", "finish_reason": "stop", "num_tokens": 2,
                     "logprob": None, "model": "m", **fields})  # fmt: skip


def verdict(name: str, label: Label) -> Verdict:
    return Verdict(name, "p", "answer", label, score=float(label == Label.CORRECT))


def row(name: str, prompt: tuple[int, ...], written: tuple[int, ...]) -> TokenRow:
    return TokenRow(name, "p", 0, 0, prompt, written, tuple(-0.5 for _ in written), True)


ROWS = [row("a", (1, 2), (3, 4)), row("b", (1, 2, 3, 4, 9, 9), (5,)), row("c", (1, 2, 3, 4, 9, 9, 5, 8), (6, 7))]
PARENTS = {"a": None, "b": "a", "c": "b"}


def test_texts_that_go_on_from_each_other_are_one_row_whose_other_tokens_are_in_no_span() -> None:
    spans = {
        name: [("advantage", 0, size, value)] for name, size, value in (("a", 2, 1.0), ("b", 1, 2.0), ("c", 2, 3.0))
    }
    (own,) = join_rows(ROWS, spans, PARENTS)
    assert (own.prompt, own.written) == ((1, 2), [3, 4, 9, 9, 5, 8, 6, 7])
    assert own.spans == [("advantage", 0, 2, 1.0), ("advantage", 4, 5, 2.0), ("advantage", 6, 8, 3.0)]
    assert own.logprobs == [-0.5, -0.5, 0, 0, -0.5, 0, -0.5, -0.5]


def test_a_text_between_that_nobody_learns_from_lies_in_the_row_all_the_same() -> None:
    own = join_rows(ROWS, {"a": [("advantage", 0, 2, 1.0)], "c": [("advantage", 0, 2, 3.0)]}, PARENTS)
    assert [(one.written, one.spans) for one in own] == [
        ([3, 4, 9, 9, 5, 8, 6, 7], [("advantage", 0, 2, 1.0), ("advantage", 6, 8, 3.0)])
    ]
    (last,) = join_rows(ROWS, {"c": [("advantage", 0, 2, 3.0)]}, PARENTS)
    assert (last.prompt, last.written) == ((1, 2, 3, 4, 9, 9, 5, 8), [6, 7]), "what is shared is only read"


def test_a_context_that_was_written_anew_and_a_second_branch_begin_rows_of_their_own() -> None:
    span = [("advantage", 0, 1, 1.0)]
    other = row("b", (1, 2, 3, 5, 9), (5,))  # its first token of the first text is read otherwise
    assert [one.prompt for one in join_rows([ROWS[0], other], {"a": span, "b": span}, PARENTS)] == [
        (1, 2),
        other.prompt,
    ]
    twin = row("d", ROWS[1].prompt, (6,))
    found = join_rows([*ROWS[:2], twin], dict.fromkeys("abd", span), {**PARENTS, "d": "a"})
    assert [one.written for one in found] == [[3, 4, 9, 9, 5], [6]]


@pytest.mark.parametrize(
    ("start", "end", "is_piece", "told"),
    [
        (0, 9, True, (0, 4)),  # all of it
        (0, 3, True, (0, 1)), (3, 9, True, (1, 4)),  # `a`, ` <v`, `er>`, `yes`: the marker begins within the second
        (0, 6, False, (0, 3)), (0, 5, False, (0, 3)),  # cut off behind: the token with the last character is its own
        (8, 9, True, (3, 4)), (9, 9, True, None),
    ],
)  # fmt: skip
def test_tokens_belong_to_the_part_that_they_reach_into(
    start: int, end: int, is_piece: bool, told: tuple[int, int] | None
) -> None:
    tokens = Tokens((9,), (1, 2, 3, 4), (-1.0, -2.0, -3.0, -4.0), (1, 4, 7, 10))
    found = cut_tokens(tokens, 10, start if start < 9 else 10, end if end < 9 else 10, is_piece)
    if told is None:
        assert found is None
        return
    assert found is not None and (found.prompt, found.written) == (
        (9, *tokens.written[: told[0]]), tokens.written[told[0] : told[1]]
    )  # fmt: skip


def test_a_text_is_cut_at_its_markers_and_equal_ones_in_a_row_begin_nothing() -> None:
    text = "7 <ver>no Again: Again: 8 <ver>yes, yes"
    spans = parts_of(text, MARKERS)
    assert [(span.part, text[span.start : span.end], span.said) for span in spans] == [
        ("attempt", "7 ", None), ("verdict", "<ver>no ", "wrong"), ("attempt", "Again: Again: 8 ", None),
        ("verdict", "<ver>yes, yes", "right"),
    ]  # fmt: skip
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert [span.part for span in parts_of("<ver>yes", MARKERS)] == ["verdict"], "an episode without attempts"
    assert [(span.part, span.end) for span in parts_of("", MARKERS)] == [("attempt", 0)]


def test_what_is_written_behind_the_verdict_that_ends_an_episode_is_cut_off() -> None:
    spans = parts_of("7 <ver>yes Again: 8", MARKERS)
    assert [span.part for span in stopped(spans, "right")] == ["attempt", "verdict"]
    assert stopped(spans, "wrong") == spans == stopped(spans, None)


def test_parts_of_a_draw_are_a_chain_and_only_the_last_can_be_truncated() -> None:
    recipe = check_recipe(online_recipe({"kind": "dapo"}, episode={
        "kind": "inline", "max_tokens": 32, "stop_on": "right",
        "markers": [marker.model_dump() for marker in MARKERS]}))  # fmt: skip
    assert recipe.online is not None and recipe.online.episode.kind == "inline"
    sampler = Inline(recipe.online.episode, "m")
    rows = (Completion("p", 0, "7 <ver>no Again: 8", "length", 9, -1.0, None),
            Completion("p", 1, "7 <ver>yes and on", "length", 9, -1.0, None))  # fmt: skip
    episode = sampler.take(sampler.begin(PROBLEM, 0, 1), [(rows,)])
    assert [(node.id, node.parent_id, node.part, node.finish_reason) for node in episode.nodes] == [
        ("p/0", None, "attempt", "stop"), ("p/0.1", "p/0", "verdict", "stop"), ("p/0.2", "p/0.1", "attempt", "length"),
        ("p/1", None, "attempt", "stop"), ("p/1.1", "p/1", "verdict", "length"),
    ]  # fmt: skip
    assert episode.starts == {"p/0": 0, "p/0.1": 2, "p/0.2": 10, "p/1": 0, "p/1.1": 2}


def drawn(*nodes: Sample, trained: set[str], labels: dict[str, Label], **fields: Any) -> Drawn:
    tokens = {node.id: Tokens((1,), (2, 3), (-0.5, -0.5)) for node in nodes if node.id in trained}
    verdicts = tuple(verdict(node.id, labels[node.id]) for node in nodes if node.is_answer)
    return Drawn(PROBLEM, nodes, verdicts, tokens, **fields)


FIRST = sample("p/0", text="8")


def test_the_first_attempt_of_a_fork_is_shared_also_where_one_revision_is_left() -> None:
    second = sample("p/0/0", parent_id="p/0")
    own = drawn(FIRST, second, trained={"p/0", "p/0/0"}, labels={"p/0": Label.WRONG, "p/0/0": Label.CORRECT})
    for fork, shared in (("turn", [True, False]), ("problem", [False, False])):
        (only,) = group_of(own, AnswerJudge(), fork).rollouts
        assert [turn.is_shared for turn in only.turns] == shared


def test_a_hint_that_holds_the_answer_takes_the_episode_out_and_says_why() -> None:
    hint = sample("p/0:hint0", part=Part.HINT, by="teacher", parent_id="p/0", privileged=True, text="It is 7.")
    last = sample("p/0:hint0/0", parent_id=hint.id, privileged=True)
    labels = {"p/0": Label.WRONG, last.id: Label.CORRECT}
    terms = [JudgeTerm()]

    def units(text: str) -> list[DropReason | None]:
        told = drawn(FIRST, sample(**{**_fields(hint), "text": text}), last, trained={"p/0", last.id}, labels=labels)
        whole = group_of(told, AnswerJudge())
        episodes = reward_group(terms, whole, value_group(terms, whole, JUDGES), Position())
        found, _ = assign(credit(unit="turn", group_by=["fork", "turn"]), [Judged("f", tuple(episodes))], Remembered())
        return [one.dropped for one in found]

    assert units("It is 7.") == [DropReason.LEAK, DropReason.LEAK]
    assert units("It is 17, not 7.5.") == [None, None]
    assert gives_away(hint, "7") and not gives_away(last, "7") and not gives_away(hint, None)
    assert gives_away(sample("p/0/1", by="solution", privileged=True), "7")


def _fields(node: Sample) -> dict[str, Any]:
    return {"name": node.id, "part": node.part, "by": node.by, "parent_id": node.parent_id, "privileged": True}


@pytest.mark.parametrize("name", ["answer", "solution", "label"])
def test_nothing_is_trained_that_was_asked_with_the_answer_in_view(name: str, tmp_path: Any) -> None:
    (tmp_path / "sees.j2").write_text(f"{{{{ {name} }}}}")
    (tmp_path / "plain.j2").write_text("again")
    steps = [{"part": "critique", "prompt": "sees.j2", "stored_prompt": "plain.j2"}, {"part": "attempt"}]
    episode = {"kind": "revise", "max_tokens": 32, "steps": steps}

    def check(objective: StreamObjective, **told: Any) -> None:
        online = Online.model_validate({"episode": episode, **told})
        assert online.episode.kind == "revise"
        loaded = load_steps(online.episode.steps, lambda path: _read(tmp_path, path))
        refuse_sight(loaded, online, objective)

    with pytest.raises(RecipeError, match=rf"steps\.0: it is shown '{name}'"):
        check(Grpo())
    check(Grpo(), credit={"unit": "turn", "train_parts": ["attempt"]})
    with pytest.raises(RecipeError, match=r"steps\.0"):
        check(Grpo(kl_weight_by_turn=(0.1,)), credit={"unit": "turn", "train_parts": ["attempt"]})


def _read(folder: Any, name: str) -> str:
    path = folder / name
    return path.read_text() if path.exists() else "{{ prompt }}"


def test_texts_that_were_asked_for_and_are_in_no_episode_are_counted() -> None:
    one = drawn(FIRST, trained=set(), labels={"p/0": Label.WRONG}, counts={"num_asked": 4, "num_truncated_feedback": 3})
    assert lost_share([one]) == 0.75
    assert lost_share([drawn(FIRST, trained=set(), labels={"p/0": Label.WRONG})]) is None


def test_a_problem_without_any_text_is_a_group_that_teaches_nothing() -> None:
    recipe = check_recipe(online_recipe({"kind": "dapo"}, episode={"kind": "revise", "max_tokens": 32}))
    (rated,) = Settling.of(recipe).rate([Drawn(PROBLEM, (), (), {})], Carried())
    assert rated.reason == DropReason.UNSCORED and rated.group.rollouts == ()


def test_every_answer_that_no_credit_goes_to_has_a_reason() -> None:
    recipe = check_recipe(online_recipe(
        {"kind": "dapo"}, fork="turn", group_size=2,
        episode={"kind": "revise", "max_tokens": 32, "steps": [{"part": "attempt", "num": 2}]}))  # fmt: skip
    seconds = [sample(f"p/0/{number}", parent_id="p/0", index=number) for number in range(2)]
    labels = {"p/0": Label.WRONG, "p/0/0": Label.CORRECT, "p/0/1": Label.WRONG}
    own = drawn(FIRST, *seconds, trained=set(labels), labels=labels)
    settling = Settling.of(recipe)
    settled = settling.settle(settling.rate([own], Carried()), Carried())
    assert settled.drops == {"p/0": DropReason.NO_CREDIT}
    told = {span.sample_id: span.value for span in settled.credit}
    assert told == pytest.approx({"p/0/0": 0.7070, "p/0/1": -0.7070}, abs=1e-4)


def test_an_example_of_a_piece_shows_what_stands_before_it_in_the_turn_without_loss() -> None:
    first = sample("p/0", text="7 ")
    asked = PROBLEM.messages
    piece = sample("p/0.1", parent_id="p/0", part=Part.VERDICT, text="<ver>yes", messages=asked)
    talk = (*asked, Message("assistant", "7 "), Message("user", "?"))
    other = sample("p/0/0", parent_id="p/0", messages=talk)
    rows = list(_examples([first, piece, other], {"p/0", "p/0.1", "p/0/0"}, {"p": PROBLEM}))
    assert [[(span.text, span.weight) for span in one.completion] for one in rows] == [
        [("7 ", 1.0)], [("7 ", 0.0), ("<ver>yes", 1.0)], [("7", 1.0)]
    ]  # fmt: skip


def test_a_control_group_is_compared_with_and_not_compared_in() -> None:
    """PASR: plain grades 1, 0, 1, 0; refined ones 1, 0, .5, 1, of which the last does not refine."""
    pattern = FormatTerm(pattern="<answer>", match=1, other=-1)
    terms = [JudgeTerm(), pattern, ControlGroupTerm(pattern="<refine>")]
    tagged = "<refine></refine><answer>"
    own = group(*(rollout(attempt(score, Label.UNSCORED, text=text)) for score, text in
                  ((1.0, tagged), (0.0, tagged), (0.5, tagged), (1.0, "<answer>"))))  # fmt: skip
    plain = tuple(rollout(attempt(score, Label.UNSCORED)) for score in (1.0, 0.0, 1.0, 0.0))
    whole = Group(own.fork, own.rollouts, plain)
    found = reward_group(terms, whole, value_group(terms, whole, JUDGES), Position())
    assert [one.rewards[0] for one in found] == [3, 0, 1, 2]
    assert control_value(ControlGroupTerm(tolerance=0.1), 0.55, 0.5) == -0.5
    assert control_value(ControlGroupTerm(), None, 0.5) is control_value(ControlGroupTerm(), 1.0, None) is None


def test_samples_of_the_control_draw_are_in_no_episode() -> None:
    nodes = [sample("p/0"), sample("p/1", index=1, draw="direct")]
    own = drawn(*nodes, trained={"p/0", "p/1"}, labels=dict.fromkeys(("p/0", "p/1"), Label.CORRECT))
    found = group_of(own, AnswerJudge(), control="direct")
    assert [one.id for one in found.rollouts] == ["p/0"] and [one.id for one in found.control] == ["p/1"]


def test_a_form_may_be_that_of_a_whole_episode() -> None:
    term = FormatTerm(pattern=r"(?s)\Aa.*b\Z", where="episode", other=-1)
    chains = [
        rollout(attempt(text="a"), said(None, text="?"), attempt(text="b")),
        rollout(attempt(text="b")),
        rollout(),
    ]
    assert value_group([term], group(*chains), JUDGES)["format"] == [{2: 1.0}, {0: -1.0}, {}]


def test_pag_rewards_a_true_verdict_and_what_it_leads_to() -> None:
    terms = [JudgeTerm(), VerdictMatchTerm(), ProgressTerm()]
    (own,) = rewards_of(terms, rollout(attempt(0.0), said("wrong"), attempt(1.0)))
    assert own.rewards == (0, 1, 2)


@pytest.mark.parametrize(
    ("found", "value"), [((1, 1), 0.5), ((1, 1 / 3), -0.1667), ((0, 0), 0), ((0, 1), 1), ((1 / 3, 1), 0.8333)]
)
def test_cocos_by_shares_of_three_tests(found: tuple[float, ...], value: float) -> None:
    assert discounted(0.5, found) == pytest.approx(value, abs=5e-5)


def test_s2r_is_asked_before_it_learns_and_doubles_behind_the_baseline() -> None:
    """Retry right after wrong, mean .2: 1.6; verdict right after right, mean .5: 1.0; after wrong: .5; few: no mean."""
    settings = credit(unit="turn", turn_discount=0, group_by=["history"], baseline="running", min_count=10,
                      change_factor=2, confirm_factor=2)  # fmt: skip
    fix = [attempt(0.0), said("wrong", is_right=True), attempt(1.0)]
    good, bad = [attempt(1.0), said("right", is_right=True)], [attempt(0.0), said("wrong", is_right=True)]
    sums = {
        "attempt after attempt- verdict+": (2.0, 10), "verdict after attempt+": (5.0, 10),
        "verdict after attempt-": (5.0, 10), "attempt after ": (6.0, 20),
    }  # fmt: skip
    wave = Judged("f", (rewarded(-1, 1, 1, name="a", turns=fix), rewarded(1, 1, name="b", turns=good),
                        rewarded(-1, 1, name="c", turns=bad)))  # fmt: skip
    found, _ = assign(settings, [wave], Remembered(sums=sums))
    assert [one.value for one in found] == pytest.approx([-1.3, 0.5, 1.6, 0.7, 1.0, -1.3, 0.5])
    few = Remembered(sums={"attempt after ": (6.0, 9)})
    assert assign(settings, [wave], few)[0][0].value == -1


def test_the_first_turn_is_pinned_though_credit_goes_to_the_second_alone() -> None:
    """SCoRe, phase one."""
    turns = [attempt(0.0, row="a", end=3), attempt(1.0, row="a", start=5, end=9)]
    wave = Judged("f", (rewarded(0, 1, name="a", turns=turns), rewarded(0, name="b")))
    found, _ = assign(credit(unit="turn", group_by=["fork", "turn"], train_turns="last"), [wave], Remembered())
    spans = spans_of(found, Grpo(kl_weight_by_turn=(0.1, 0.01)), Position())
    told = {(span.stream, span.row, span.start): span.value for span in spans}
    assert told == {("advantage", "a", 5): 0.5, ("advantage", "b", 0): -0.5, ("kl_weight", "a", 0): 0.1,
                    ("kl_weight", "a", 5): 0.01, ("kl_weight", "b", 0): 0.1}  # fmt: skip

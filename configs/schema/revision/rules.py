"""Rules between the steps of a revision and the other sections of a recipe. Part of `recipe_rules.RULES`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configs.schema.generate import ReviseGenerate
from configs.schema.judges.base import with_needed
from configs.schema.revision.parts import POLICY, Writer
from configs.schema.revision.sampler import NO_MODEL
from configs.schema.role_rules import check_role
from configs.schema.sections import Sections


def revision_fits(recipe: Sections) -> None:
    """Nothing, where `generate` is no revision or all that it names is there; ValueError for the first that is not."""
    if recipe.generate.kind != "revise":
        return
    steps_can_run(recipe, recipe.generate, "generate")
    for rule in (_no_help_besides, _cuts_can_be_made, _rows_can_be_written):
        rule(recipe, recipe.generate)


def prefixes_fit(recipe: Sections) -> None:
    """Nothing, where `generate` looks for no wrong steps, or can; ValueError for the first field that is wrong."""
    config = recipe.generate
    if config.kind not in ("prefix", "edit"):
        return
    if not recipe.judge[0].reads_gold:
        raise ValueError(f"judge.0: generate.kind {config.kind} looks for steps that lead to no right answer: the "
                         "first judge must compare with gold: write judge: [{kind: answer}]")  # fmt: skip
    if recipe.guide is not None:
        raise ValueError(f"guide: generate.kind {config.kind} draws no answers to be helped with: leave guide out")
    if config.kind == "edit":
        return
    check_role(recipe, config.critic, "text", "generate.critic")


def steps_can_run(recipe: Sections, config: ReviseGenerate, section: str) -> None:
    """Nothing, where the judges and writers of some steps are there; ValueError for the first that is not.

    Args:
        section: address of the section that says the steps.
    """
    for rule in (_judges_are_there, _labels_are_given, _writers_are_there, _runs_are_judged):
        rule(recipe, config, section)


def judges_named(config: ReviseGenerate) -> Iterator[tuple[str, str]]:
    """Addresses of the fields that name a judge, and the names."""
    if config.first.keep is not None and config.first.keep.best is not None:
        yield "first.keep.best", config.first.keep.best
    for place, step in enumerate(config.steps):
        found = (
            (f"steps.{place}.when.judge", step.when.judge if step.when else None),
            (f"steps.{place}.keep.best", step.keep.best if step.keep else None),
            (f"steps.{place}.by", step.judge),
        )
        yield from ((address, name) for address, name in found if name is not None)
    for place, stop in enumerate(config.until):
        yield from ((f"until.{place}.judge", stop.judge),) if stop.judge else ()
        yield from ((f"until.{place}.no_gain", stop.no_gain),) if stop.no_gain else ()


def _judges_are_there(recipe: Sections, config: ReviseGenerate, section: str) -> None:
    judges = {judge.name: judge for judge in recipe.judge}
    for address, name in judges_named(config):
        if name not in judges:
            raise ValueError(
                f"{section}.{address}: no judge is called '{name}': write one of {', '.join(sorted(judges))}"
            )
        if any(one.sees_group for one in with_needed(judges[name], judges)):
            raise ValueError(
                f"{section}.{address}: '{name}' judges the samples of a problem against each other, and on the way "
                "they are not all there: name a judge that looks at one alone"
            )


def _labels_are_given(recipe: Sections, config: ReviseGenerate, section: str) -> None:
    """Who waits for right or wrong waits for a judge that says so; answers are compared where one finds them."""
    judges, first = {judge.name: judge for judge in recipe.judge}, recipe.judge[0]
    asked = [
        *((f"steps.{place}.when", step.when.judge, step.when.says) for place, step in enumerate(config.steps)
          if step.when is not None and step.when.judge is not None),
        *((f"until.{place}", stop.judge, stop.says) for place, stop in enumerate(config.until)
          if stop.judge is not None),
        *((("first.at_most", first.name, tuple(config.first.at_most)),) if config.first.at_most else ()),
        *((f"steps.{place}.keep.true_verdict", first.name, ("correct",)) for place, step in enumerate(config.steps)
          if step.keep is not None and step.keep.true_verdict is not None),
    ]  # fmt: skip
    for address, name, says in asked:
        if says and set(says) <= {"correct", "wrong"} and not judges[name].gives_labels:
            raise ValueError(f"{section}.{address}: '{name}' ({judges[name].kind}) only scores, and calls nothing "
                             "correct or wrong: name a judge of kind answer, or below its score")  # fmt: skip
    for place, stop in enumerate(config.until):
        if stop.same == "answer" and not first.finds_answers:
            raise ValueError(f"{section}.until.{place}.same: the first judge, '{first.name}' ({first.kind}), finds no "
                             "answers: write same: text, or a first judge of kind answer")  # fmt: skip


def _writers_are_there(recipe: Sections, config: ReviseGenerate, section: str) -> None:
    for place, step in enumerate(config.steps):
        if step.writers:
            check_role(recipe, step.by, "text", f"{section}.steps.{place}.by", _OTHERS.get(step.part, NO_MODEL))
    asked = [
        ("first.by", config.first_writer),
        *(
            (f"steps.{place}.{'also_by' if number else 'by'}", writer)
            for place, step in enumerate(config.steps)
            for number, writer in enumerate(step.writers)
        ),
    ]
    writers_are_there(recipe, asked, section)


_OTHERS = {"attempt": ("solution", "peer"), "execution": ("judge:NAME",)}
"""by part, what may write it beside models; others: NO_MODEL"""


def writers_are_there(recipe: Sections, asked: Sequence[tuple[str, Writer]], section: str) -> None:
    """Nothing, where the models that write are there and write text; ValueError for the first that is not.

    Args:
        asked: the writers, each with the address of the field that names its role; the state stands beside it.
        section: that the addresses begin in.
    """
    for address, writer in asked:
        check_role(recipe, writer.role, "text", f"{section}.{address}")
    for address, writer in asked:
        if writer.role == POLICY and writer.state == "seed" and recipe.warm_start is None:
            raise ValueError(f"{section}.{address.rpartition('.')[0]}.state: 'seed' is the model of the warm start, "
                             "and there is none: add a warm_start section or write state: base")  # fmt: skip


def _runs_are_judged(recipe: Sections, config: ReviseGenerate, section: str) -> None:
    judges = {judge.name: judge for judge in recipe.judge}
    for place, step in enumerate(config.steps):
        if step.part != "execution":
            continue
        rule = judges[step.judge].rule if step.judge is not None else None
        if rule is None or rule.kind not in ("code", "python"):
            code = next((judge.name for judge in recipe.judge if judge.rule and judge.rule.kind == "code"), "NAME")
            raise ValueError(
                f"{section}.steps.{place}: an execution is what a code judge found when it ran the attempt: write "
                f"by: judge:{code}, with judge: [{{kind: answer, verifier: {{kind: code}}}}]"
            )
        if step.tests is not None and rule.kind != "code":
            raise ValueError(f"{section}.steps.{place}.tests: the verifier {rule.kind} of judge '{step.judge}' has no "
                             "tests one by one: leave it out, or write verifier: {kind: code}")  # fmt: skip


def _no_help_besides(recipe: Sections, config: ReviseGenerate) -> None:
    if recipe.guide is not None:
        raise ValueError("guide: its tries and the revisions of generate.kind revise help the same problems: leave "
                         "guide out, and write a hint step")  # fmt: skip


def _cuts_can_be_made(recipe: Sections, config: ReviseGenerate) -> None:
    """A part of an attempt is no answer that another round could begin with, and its programs have run."""
    if config.first.cut is None:
        return
    if config.first.pool is not None:
        raise ValueError("generate.first.cut: attempts of the rounds before (first.pool) ended at their wrong step "
                         "already: leave pool or cut out")  # fmt: skip
    if config.interpreter is not None:
        raise ValueError("generate.first.cut: continuations would run the programs of generate.interpreter again: "
                         "leave interpreter or cut out")  # fmt: skip


def _rows_can_be_written(recipe: Sections, config: ReviseGenerate) -> None:
    """A text inside a turn is no turn of its own."""
    inline = {part for step in config.steps if step.form == "inline" for part in step.parts}
    for place, row in enumerate(recipe.rows):
        of: dict[str, set[str]] = {"conversation": set(inline), "improvement": {"attempt"}}
        turns = set(row.of) if row.kind == "turn" else of.get(row.kind, set())
        if turns & inline:
            raise ValueError(f"rows.{place}: generate.steps writes {', '.join(sorted(turns & inline))} inline, within "
                             "the model's own turn: write rows: [{kind: splice}]")  # fmt: skip

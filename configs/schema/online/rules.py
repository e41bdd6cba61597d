"""Rules between `online` and the other sections of a recipe. Part of `recipe_rules.RULES`."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.generate import IndependentGenerate
from configs.schema.online.credit import WITHOUT_GROUP
from configs.schema.online.derived_rules import derived_fits
from configs.schema.online.objectives import OnlineObjective, StreamObjective
from configs.schema.online.sampler_rules import sampler_fits
from configs.schema.online.section import Online
from configs.schema.online.teacher_rules import teacher_fits, votes_of_segments
from configs.schema.online.turn_rules import turns_fit
from configs.schema.online.waves import VoteShare
from configs.schema.revision.rules import steps_can_run
from configs.schema.rows import DEFAULT_ROWS
from configs.schema.sections import Sections
from configs.schema.select import DEFAULT_SELECT


def online_fits(recipe: Sections) -> None:
    """Nothing, where a recipe trains offline or its segment can run; ValueError for what does not fit."""
    for name, role in recipe.roles.items():
        if role.train is not None and role.train.objective.rows == "streams":
            raise ValueError(f"roles.{name}.train.objective: a role learns from the round's samples, and the objective "
                             f"{role.train.objective.kind} draws its own: write sft or dpo")  # fmt: skip
    votes_of_segments(recipe)
    if recipe.generate.kind == "inline":
        raise ValueError("generate.kind: inline cuts the texts of a segment, and offline rows know no cuts: write "
                         "online: {episode: {kind: inline}}, or generate.kind revise with form: inline")  # fmt: skip
    objective, online = recipe.train.objective, recipe.online
    if not isinstance(objective, StreamObjective):
        if online is not None:
            raise ValueError(f"online: the objective {objective.kind} trains on rows that are there before: write an "
                             "online one, such as train: {objective: {kind: grpo}}, or leave online out")  # fmt: skip
        return
    if online is None:
        raise ValueError(f"online: the objective {objective.kind} draws its samples as it trains: add online: {{}}, "
                         "and what differs from its defaults")  # fmt: skip
    for rule in (
        _stands_alone, _training, _roles, _judges, _reference, _group, turns_fit, derived_fits, teacher_fits,
        sampler_fits,
    ):  # fmt: skip
        for problem in rule(recipe, online, objective):
            raise ValueError(problem)
    if online.episode.kind == "revise":
        steps_can_run(recipe, online.episode, "online.episode")


def _stands_alone(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    """Sections that choose, weigh and write rows have nothing to do."""
    unused = {
        "generate": recipe.generate != IndependentGenerate(),
        "select": recipe.select != DEFAULT_SELECT,
        "rows": recipe.rows != DEFAULT_ROWS,
        **{name: getattr(recipe, name) is not None for name in ("guide", "weigh", "pair", "meta", "calibrate")},
    }
    says = {"generate": "online.episode says how samples are drawn", "select": "every sample has its reward"}
    for name, is_written in unused.items():
        if is_written:
            why = says.get(name, "online trains on rewards")
            yield f"{name}: {why}: leave {name} out, in a phase write {name}: null"


def _training(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    train = recipe.train
    if train.max_steps is None:
        yield "train.max_steps: a segment is counted in optimizer steps: write how many"
    elif train.max_steps % online.steps_of_wave:
        yield (f"train.max_steps: {train.max_steps} steps are no whole waves of steps_per_wave * inner_epochs = "
               f"{online.steps_of_wave}: write a multiple of it")  # fmt: skip
    unread = {
        "data": train.data != "this_round", "replay": train.replay is not None, "formats": bool(train.formats),
        "with_seed_data": train.with_seed_data, "step_growth": train.step_growth is not None,
        "gradient_accumulation": train.gradient_accumulation != 1,
        "micro_batch_size": train.micro_batch_size is not None, "batching": train.batching != "padded",
    }  # fmt: skip
    says = {
        "gradient_accumulation": "steps_per_wave says what a step is made of",
        "micro_batch_size": "batch_size says how many rows a backward pass has on a device",
        "batching": "a segment lays out its own batches",
    }
    for name, is_written in unread.items():
        if is_written:
            yield f"train.{name}: {says.get(name, 'waves are its data')}: leave it out"


def _roles(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    for name, role in recipe.roles.items():
        if role.train is not None:
            yield (f"roles.{name}.train: a segment makes rows of its policy alone: train the role in a phase without "
                   "online")  # fmt: skip


def _judges(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    judges = {judge.name: judge for judge in recipe.judge}
    for address, name in ((f"reward.{place}.of", term.judge) for place, term in enumerate(online.reward)):
        if name and name not in judges:
            yield f"online.{address}: no judge is called '{name}': write one of {', '.join(sorted(judges))}"
    for judge in recipe.judge:
        if judge.sees_group and online.fork != "problem":
            yield (f"online.fork: '{judge.name}' judges the samples of a problem against each other, and groups that "
                   "share more than the problem are several of one: write fork: problem, or another judge")  # fmt: skip
    if isinstance(online.curriculum, VoteShare):
        found = online.curriculum.judge or next((one.name for one in recipe.judge if one.kind == "vote"), None)
        if found is None or found not in judges or judges[found].kind != "vote":
            yield ("online.curriculum: vote_share reads the shares of a vote judge: add judge: [{kind: vote}], or name "
                   "one that is there in curriculum.judge")  # fmt: skip


def _reference(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    in_reward = any(term.kind == "kl" for term in online.terms(objective))
    if in_reward and objective.has_divergence:
        yield ("train.objective.kl_weight: the reward has a KL term already, and the divergence would count twice: "
               "write kl_weight: 0, or leave the term kl out")  # fmt: skip
    if getattr(objective, "kl_token_reward", 0.0) and (in_reward or objective.has_divergence):
        yield ("train.objective.kl_token_reward: the divergence is in the loss or in a reward term already, and would "
               "count twice: write it once: kl_token_reward, kl_weight or the term kl")  # fmt: skip
    if not (in_reward or objective.compares_tokens) and recipe.train.reference != "start":
        yield (f"train.reference: '{recipe.train.reference}' is read by no KL weight: write "
               "train.objective.kl_weight above 0, or leave reference out")  # fmt: skip


def _group(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    credit = online.settled_credit(objective)
    if online.group_size == 1 and (credit.baseline not in WITHOUT_GROUP or objective.kind in ("raft", "nft", "sdpo")):
        yield (f"online.group_size: the objective {objective.kind} compares the episodes of a group: write 2 or more, "
               "or credit: {baseline: ema}")  # fmt: skip
    if credit.scale == "mean" and credit.baseline not in ("mean", "leave_one_out"):
        yield f"online.credit.scale: it divides by the group's mean, and the baseline is {credit.baseline}: write mean"
    if objective.kind == "ppo":
        yield from _value_head(online)
    plain = (credit.baseline, credit.scale, credit.unit) == ("none", "none", "episode")
    if objective.kind in ("raft", "nft") and not plain:
        yield (f"online.credit: the objective {objective.kind} reads returns of whole episodes, not advantages: leave "
               "baseline, scale and unit out")  # fmt: skip


def _value_head(online: Online) -> Iterator[str]:
    """The value head is the baseline of single tokens, and whitens what it leaves."""
    credit = online.credit
    unread = {
        "baseline": credit.baseline not in (None, "none"), "scale": credit.scale not in (None, "none"),
        "change_factor": credit.change_factor != 1, "confirm_factor": credit.confirm_factor != 1,
        "combine": credit.combine != "sum_then_normalise",
    }  # fmt: skip
    for name, is_written in unread.items():
        if is_written:
            yield (f"online.credit.{name}: the objective ppo compares each token with its value head: leave {name} "
                   "out, or write another objective")  # fmt: skip

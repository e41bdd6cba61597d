"""Sampler `revise`: attempts, what is said of them, and the attempts after that: trees of texts. Pure.

A wave is one step of one turn: all chains of a problem whose gate holds are asked together, their texts are read, and
those that go on are the parents of the next step. After every attempt the judges that gates, stops and prompts name are
asked; the judge stage takes these verdicts over, since a model that is asked twice would say two things.

1. A truncated attempt may be revised, and is never right; a truncated text around an attempt is dropped and counted, as
   is one that cannot be cut into its parts, and its branch ends.
2. Texts around attempts that do not go on (`keep`) are counted and not stored: nothing came after them.
3. A seed comes from the text's place in the tree, so no text depends on what was asked beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from configs.schema.drawing import Sampling
from configs.schema.generate import ReviseGenerate
from configs.schema.judges.kinds import Judge
from infra.engines.questions import Completion, Request
from tasks.core.paths import depth_first
from tasks.core.records import Part, Problem, Sample
from tasks.core.step import Summary, derive_seed
from tasks.judge.verifiers.code_report import RunReport
from tasks.sample.episode import POLICY, Answer, Opinions, Question, Texts, chat_of, to_sample
from tasks.sample.revision.asking import Facts, LoadedStep, load_steps, require_known
from tasks.sample.revision.chain import Chain, begun
from tasks.sample.revision.choosing import by_parent, facts_of, starts, texts_kept
from tasks.sample.revision.conditions import OpinionOf, ends, holds
from tasks.sample.revision.cutter import Cutter
from tasks.sample.revision.executions import is_run, message_of, report_of, require_public_tests, runs_of
from tasks.sample.revision.growing import TOKENS_DROPPED, grow, put_by_rule
from tasks.sample.revision.judges import judges_asked
from tasks.sample.revision.pool import from_pool
from tasks.sample.revision.revising import COUNTED, OF_CUTS, Revising
from tasks.sample.samplers.given import Given


@dataclass(frozen=True)
class Revise:
    """Attempts and revisions.

    Attributes:
        steps: with their prompts.
        judges: asked of every attempt, in the recipe's order.
        first_judge: name of the recipe's first judge, which is among them where anything looks at it.
        models: digest of each writer's model, by its name.
        fixed_seed: of first attempts that every round takes.
        pool: attempts of the rounds before, by problem, that are first attempts too.
        cutter: ends wrong first attempts at their first wrong step, where the recipe wants it.
    """

    config: ReviseGenerate
    steps: Sequence[LoadedStep]
    judges: Sequence[Judge]
    first_judge: str
    models: Mapping[str, str]
    fixed_seed: int
    pool: Mapping[str, Sequence[Sample]] = field(default_factory=dict)
    cutter: Cutter | None = None
    is_single_wave = False
    has_one_writer = False
    makes_problems = False

    @property
    def settings(self) -> Sequence[Sampling]:
        firsts = [self.config.sampling()] if self.config.first_writer.name == POLICY else []
        steps = (self._sampling(one) for one in self.steps if POLICY in [writer.name for writer in one.writers])
        found: list[Sampling] = []
        for one in (*firsts, *steps):
            found += [one] if one not in found else []
        return found

    def begin(self, problem: Problem, index: int, seed: int) -> Revising:
        require_known(problem, self.steps)
        require_public_tests(problem, self.steps, self.judges)
        return Revising(problem, index, seed)

    def ask(self, episode: Revising) -> Sequence[Question] | None:
        if episode.cutting and self.cutter is not None:
            return self.cutter.ask(episode)
        if episode.drawn:
            attempts = tuple(chain.tip for chain in episode.drawn)
            return [Opinions(judge, episode.problem, attempts) for judge in self.judges]
        if episode.turn == 0:
            who = self.config.first_writer.name
            return [Texts(who, self.config.sampling(), (self._first_request(episode),))]
        if not episode.asking:
            return None
        step = self.steps[episode.step]
        if not step.writers:
            return [runs_of(episode, step, self.judges)]
        return [
            Texts(
                writer.name,
                self._sampling(step),
                tuple(
                    self._request(episode, step, chain, place, number)
                    for chain in episode.asking
                    for number in range(len(self._all_facts(episode, chain, step)))
                ),
            )
            for place, writer in enumerate(step.writers)
        ]

    def take(self, episode: Revising, answers: Sequence[Answer]) -> Revising:
        if episode.cutting and self.cutter is not None:
            if not episode.continued:
                return self.cutter.continued(episode, answers[0])
            after = self._go_on(self.cutter.cut(episode, answers[0]))
        elif episode.drawn:
            after = self._judged(episode, answers)
        elif episode.turn == 0:
            after = self._begun(episode, answers[0][0])
        elif not self.steps[episode.step].writers:
            after = self._ran(episode, answers[0])
        else:
            after = self._answered(episode, answers)
        return self._advance(after)

    def numbers(self, episode: Revising) -> Mapping[str, int]:
        return episode.counts

    def summary(self, num_problems: int, sums: Mapping[str, int]) -> Summary:
        return {name: sums.get(name, 0) for name in (*COUNTED, *(OF_CUTS if self.cutter else ()))}

    def _sampling(self, step: LoadedStep) -> Sampling:
        return self.config.sampling().model_copy(update=step.config.changed_sampling)

    def _first_request(self, episode: Revising) -> Request:
        seed = episode.seed if self.config.first.redraw else derive_seed(self.fixed_seed, episode.problem.id)
        return Request(episode.problem.id, chat_of(episode.problem), self.config.num_samples, seed=seed)

    def _request(self, episode: Revising, step: LoadedStep, chain: Chain, writer: int, peer: int) -> Request:
        asked = step.asked(chain, episode.problem, self._all_facts(episode, chain, step)[peer])
        chat = tuple((turn.role, turn.content) for turn in asked.talk)
        others = [*([step.writers[writer].role] if writer else []), *([f"peer{peer}"] if peer else [])]
        seed = derive_seed(episode.seed, "revise", episode.turn, step.config.name, chain.tip.id, *others)
        name = "@".join([f"{chain.tip.id}:{step.config.name}", *others])
        return Request(name, chat, step.config.num, asked.prefix, seed)

    def _begun(self, episode: Revising, rows: Sequence[Completion]) -> Revising:
        """The first attempts."""
        first, model = self.config.first, self.models[self.config.first_writer.name]
        nodes = [to_sample(row, episode.problem, model, by=first.by, state=first.state) for row in rows]
        nodes += from_pool(self.pool.get(episode.problem.id, ()), nodes, self.config.num_samples)
        episode = episode.counted("num_asked", self.config.num_samples)
        return self._with_attempts(episode, [begun(node, episode.problem.messages) for node in nodes])

    def _answered(self, episode: Revising, answers: Sequence[Answer]) -> Revising:
        """The step's texts, read, and those that go on; a writer's texts come after those of the writers before."""
        step, grown, place = self.steps[episode.step], list[Chain](), 0
        for chain in episode.asking:
            shown = [step.asked(chain, episode.problem, facts) for facts in self._all_facts(episode, chain, step)]
            made: list[Chain | str] = []
            for number, (writer, asked) in enumerate(product(step.writers, shown)):
                model, first = self.models[writer.name], number * step.config.num
                answer = answers[number // len(shown)][place + number % len(shown)]
                rows = [replace(row, index=first + row.index) for row in answer]
                grew = [grow(chain, step.config, asked, row, episode.problem, model, writer.role) for row in rows]
                lost = sum(row.num_tokens for row, one in zip(rows, grew, strict=True) if isinstance(one, str))
                episode, made = episode.counted(TOKENS_DROPPED, lost), [*made, *grew]
            episode = episode.counted("num_asked", step.config.num * len(step.writers) * len(shown))
            place += len(shown)
            for reason in (one for one in made if isinstance(one, str)):
                episode = episode.counted(reason)
            whole = [one for one in made if isinstance(one, Chain)]
            kept = whole if step.is_attempt else texts_kept(whole, step.config.keep, self._opinions(episode))
            episode = episode.counted("num_not_kept", len(whole) - len(kept))
            grown += kept
        return self._after_step(episode, step, grown)

    def _ran(self, episode: Revising, reports: Sequence[RunReport]) -> Revising:
        """The attempts were run: what came out is told."""
        step = self.steps[episode.step]
        new = {chain.attempts[-1].id: one for chain, one in zip(episode.asking, reports, strict=True)}
        episode = replace(episode, reports={**episode.reports, **new})
        return self._after_step(episode, step, [self._by_rule(episode, step, one) for one in episode.asking])

    def _after_step(self, episode: Revising, step: LoadedStep, grown: list[Chain]) -> Revising:
        num_before = len(episode.nodes)
        episode = episode.with_nodes(grown)
        feedback = [node for node in episode.nodes[num_before:] if not node.is_answer]
        unread = [node for node in feedback if node.part == Part.VERDICT and node.said is None]
        episode = episode.counted("num_feedback", len(feedback)).counted("num_unread", len(unread))
        if step.is_attempt:
            return self._with_attempts(episode, grown)
        on = tuple(one for one in grown if not self._ends(episode, one))
        return replace(episode, chains=(*episode.chains, *on), asking=(), step=episode.step + 1)

    def _with_attempts(self, episode: Revising, grown: Sequence[Chain]) -> Revising:
        """A turn is over: its attempts wait for the judges, or go on at once."""
        episode = episode.with_nodes(grown).counted("num_attempts", len(grown))
        episode = replace(episode, turn=episode.turn + 1, step=0, asking=(), chains=(), drawn=tuple(grown))
        return episode if self.judges and grown else self._go_on(episode)

    def _judged(self, episode: Revising, answers: Sequence[Answer]) -> Revising:
        opinions = {
            chain.tip.id: {judge.name: verdicts[place] for judge, verdicts in zip(self.judges, answers, strict=True)}
            for place, chain in enumerate(episode.drawn)
        }
        after = replace(episode, opinions={**episode.opinions, **opinions})
        if self.cutter is not None and episode.turn == 1 and (looked := self.cutter.begin(after)).cutting:
            return looked
        return self._go_on(after)

    def _go_on(self, episode: Revising) -> Revising:
        """Of the chains with a new attempt those that are revised once more."""
        drawn, opinions = episode.drawn, self._opinions(episode)
        if episode.turn == 1:
            chains = texts_kept(starts(drawn, self.config.first.at_most, opinions), self.config.first.keep, opinions)
        else:
            last = self.steps[-1].config
            families = by_parent(drawn, len(last.parts))
            chains = [one for siblings in families for one in texts_kept(siblings, last.keep, opinions)]
        on = [one for one in chains if not self._ends(episode, one)]
        return replace(episode, chains=tuple(on) if episode.turn < self.config.max_turns else (), drawn=())

    def _advance(self, episode: Revising) -> Revising:
        """On to the next question; texts by rule are written here."""
        while episode.chains and not episode.drawn:
            step = self.steps[episode.step]
            episode = self._open_step(episode, step)
            if episode.asking and (step.writers or is_run(step, self.judges)):
                return episode
            if episode.asking:
                episode = self._after_step(episode, step, [self._by_rule(episode, step, one) for one in episode.asking])
            else:
                episode = replace(episode, step=episode.step + 1)
        return episode if episode.drawn else self._finished(episode)

    def _open_step(self, episode: Revising, step: LoadedStep) -> Revising:
        """Which chains the step is written after, which pass it by; the others end."""
        opinions = self._opinions(episode)
        runs = [holds(step.config.when, chain, opinions) for chain in episode.chains]
        asking = [chain for chain, is_run in zip(episode.chains, runs, strict=True) if is_run]
        passing = [chain for chain, is_run in zip(episode.chains, runs, strict=True) if not is_run]
        if "peer" in step.sees:
            alone = [chain for chain in asking if self._facts(episode, chain).peer is None]
            asking = [chain for chain in asking if chain not in alone]
            episode = episode.counted("num_without_peer", len(alone))
        is_skipped = step.config.otherwise == "skip"
        return replace(episode, asking=tuple(asking), chains=tuple(passing) if is_skipped else ())

    def _by_rule(self, episode: Revising, step: LoadedStep, chain: Chain) -> Chain:
        facts, problem, note = self._facts(episode, chain), episode.problem, ""
        if step.config.judge is not None:
            verdict = self._opinions(episode)(chain.attempts[-1], step.config.judge)
            note = message_of(step, chain, facts.run, verdict, is_run(step, self.judges))
        text = step.text(chain, problem, facts, note)
        return put_by_rule(chain, step.config, step.asked(chain, problem, facts), text, problem)

    def _finished(self, episode: Revising) -> Revising:
        """Texts depth first, and what the judges said of the attempts."""
        nodes = tuple(depth_first(episode.nodes))
        judged = (episode.opinions[node.id] for node in nodes if node.id in episode.opinions)
        verdicts = tuple(said[judge.name] for said in judged for judge in self.judges)
        return replace(episode, nodes=nodes, verdicts=verdicts, asking=())

    def _ends(self, episode: Revising, chain: Chain) -> bool:
        return any(ends(stop, chain, self._opinions(episode)) for stop in self.config.until)

    def _opinions(self, episode: Revising) -> OpinionOf:
        return lambda sample, judge: episode.opinions[sample.id][judge or self.first_judge]

    def _facts(self, episode: Revising, chain: Chain) -> Facts:
        run = report_of(chain.attempts[-1], episode, self.steps, self.judges, self._opinions(episode))
        if self.first_judge not in [judge.name for judge in self.judges]:
            return Facts("", None, run)
        return replace(self._with_peers(episode, chain, 1)[0], run=run)

    def _all_facts(self, episode: Revising, chain: Chain, step: LoadedStep) -> list[Facts]:
        """What is known of a chain, with each peer that the step shows."""
        facts = self._facts(episode, chain)
        if "peer" not in step.sees or step.config.peers == 1:
            return [facts]
        return [replace(one, run=facts.run) for one in self._with_peers(episode, chain, step.config.peers)]

    def _with_peers(self, episode: Revising, chain: Chain, peers: int | None) -> list[Facts]:
        firsts = [node for node in episode.nodes if node.parent_id is None]
        return facts_of(chain, firsts, self._opinions(episode), episode.seed, peers)


def make(config: ReviseGenerate, given: Given) -> Revise:
    """The sampler of a recipe.

    Raises:
        RecipeError: a prompt is not there, or cannot be used where it stands.
    """
    recipe, steps = given.recipe, load_steps(config.steps, given.prompt)
    seed = derive_seed(recipe.seed, "generate", "first")
    models = {**given.others, POLICY: given.model}
    judges = judges_asked(config, steps, recipe.judge)
    cut = config.first.cut
    cutter = Cutter(cut, config.sampling(), recipe.judge[0], given.model) if cut is not None else None
    return Revise(config, steps, judges, recipe.judge[0].name, models, seed, given.pool, cutter)

"""A teacher's comments on failed tries, for interactive guidance. Called by `run.py`."""

from __future__ import annotations

from itertools import groupby

from tasks.core.files import FEEDBACK
from tasks.core.records import Judgement
from tasks.core.roles import open_role
from tasks.sample.guide.guidance import FROZEN, Guidance
from tasks.sample.guide.help import Ask, ask_for_feedback
from tasks.sample.guide.waves import draw_texts, keep_rows


def read_feedback(guidance: Guidance) -> dict[str, list[str]]:
    """Comments on the first failed try of each problem, one for every wave there may be, by problem id.

    They are drawn all at once and kept in the work folder: were they drawn wave by wave, a teacher with a model of its
    own and the policy would take turns on the device, and load twice a wave.

    Raises:
        EngineError: the teacher could not start, or died.
    """
    rows = keep_rows(guidance.scratch.work / FEEDBACK.name, Judgement, lambda: _draw(guidance))
    return {key: [row.text for row in group] for key, group in groupby(rows, key=lambda row: row.problem_id)}


def _draw(guidance: Guidance) -> list[Judgement]:
    role = guidance.config.role
    failed = {item.problem_id: item.failed for item in guidance.standing if item.failed is not None}
    asks = {
        key: Ask(ask_for_feedback(guidance.problems[key], sample, guidance.prompts[0]))
        for key, sample in failed.items()
    }
    pool = open_role(guidance.bench, role, guidance.cast.player(role, FROZEN))
    texts = draw_texts(pool, asks, guidance.config.max_extra, guidance.drawing(), "feedback")
    return [
        Judgement(role, key, failed[key].id, row.index, ask.messages, row.text, None)
        for key, ask in asks.items()
        for row in texts[key]
    ]

"""Sampler `independent`: draws of every problem that know nothing of each other; in waves, where enough of them end it.

What they are: `tasks/sample/draws/independent.py` and `waves.py`. Made here from a recipe.
"""

from __future__ import annotations

from dataclasses import replace

from configs.schema.draws.adaptive_rules import accepting_judge
from configs.schema.draws.draw import PLAIN
from configs.schema.generate import IndependentGenerate
from tasks.sample.draws.asking import load_draws
from tasks.sample.draws.independent import Draws, Independent
from tasks.sample.draws.waves import InWaves
from tasks.sample.episode import POLICY
from tasks.sample.samplers.given import Given


def draws_of(config: IndependentGenerate, given: Given) -> list[Draws]:
    """The draws of a recipe in one round, those of a writer together and the policy's first.

    Raises:
        RecipeError: a prompt is not there, or cannot be used where it stands.
    """
    sampling = config.sampling()
    if given.temperature is not None:
        sampling = sampling.model_copy(update={"temperature": given.temperature})
    found = []
    for loaded in load_draws(config.draws, given.prompt):
        draw = loaded.config
        part = Draws(
            sampling.model_copy(update=draw.changed_sampling),
            draw.texts_in(given.round, config.num_samples) // draw.variants,
            "" if draw.name == PLAIN else draw.name,
            draw.writer,
            loaded if draw.is_steered else None,
            strip=draw.strip,
        )
        found += [replace(part, variant=number + 1) for number in range(draw.variants) if part.num_samples]
    writers = list(dict.fromkeys(part.writer for part in found))
    return sorted(found, key=lambda part: (part.writer.name != POLICY, writers.index(part.writer)))


def make(config: IndependentGenerate, given: Given) -> Independent | InWaves:
    """The sampler of a recipe in one round; errors as of `draws_of`."""
    sampler = Independent(draws_of(config, given), given.model, given.others)
    if config.adaptive is None:
        return sampler
    return InWaves(sampler, config.adaptive, accepting_judge(given.recipe))

"""Sessions beside a learner: they draw with its weights of the moment, also after they were killed, or say why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from configs.errors import UserError
from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine, VllmEngine
from configs.schema.online.objectives import Dapo
from configs.schema.train import FullWeights, Lora, Optimizer, Tune
from infra.engines.learn.beside import Beside, LivePool, pool_beside, split
from infra.engines.learn.learner import Learner
from infra.engines.learn.request import LearnRequest
from infra.engines.learn.rows import StreamRow, write_rows
from infra.engines.learn.work import Here
from infra.engines.live_weights import Follows, LiveWeights
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Completion, Request, Scoring
from infra.engines.server_engine import LiveEngine
from infra.engines.wire import Shard
from tests.flows.segments import kill_process
from tests.infra.engines.tiny import build_tiny_folder

pytestmark = pytest.mark.slow
TUNES = {"full": FullWeights(), "lora": Lora(rank=4, alpha=32)}
ASKED = tuple(Request(f"q{number}", (("user", f"{number}+1="),), 4, seed=number) for number in range(3))
CPU = TransformersEngine(devices=("cpu",))
VLLM = VllmEngine(dtype="float32", max_num_seqs=16, cpu_kv_cache_gib=1, devices=("cpu",))
WAVES = 3


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    return ModelFiles("tiny", build_tiny_folder(tmp_path_factory.mktemp("tiny"), hidden_size=128))


def drawn(pool: LivePool | LocalPool, temperature: float = 1.0) -> list[Completion]:
    ((_, rows),) = pool.generate([Shard("wave", ASKED, Sampling(max_tokens=8, top_k=0, temperature=temperature))])
    return [row for row in rows if isinstance(row, Completion)]


@contextmanager
def beside(files: ModelFiles, tune: Tune, engine: LiveEngine, folder: Path) -> Iterator[tuple[Learner, Beside]]:
    """A learner that waits for its first wave, and what draws beside it."""
    optimizer = Optimizer(max_steps=WAVES, batch_size=8, learning_rate=3e-2, dtype="float32", warmup_share=0)
    request = LearnRequest(model=files, tune=tune, optimizer=optimizer, seed=1, objective=Dapo(), most_rows=12,
                           max_tokens=8)  # fmt: skip
    rank = tune.rank if isinstance(tune, Lora) else 0
    with (
        Learner(Here(request), folder / "work", folder / "out") as learner,
        Beside(learner, pool_beside(engine, files, rank, folder / "beside"), folder / "beside") as pool,
    ):
        assert learner.wanted() == 0
        yield learner, pool


def train(learner: Learner, rows: list[Completion], folder: Path, wave: int) -> None:
    told = [
        StreamRow(row.tokens.prompt, row.tokens.written, row.tokens.logprobs,
                  [("advantage", 0, len(row.tokens.written), 1.0 if place % 2 else -1.0)])
        for place, row in enumerate(rows) if row.tokens is not None
    ]  # fmt: skip
    write_rows(folder / "rows.jsonl", told)
    learner.train(folder / "rows.jsonl", 5)
    assert learner.wanted() == (wave + 1 if wave + 1 < WAVES else None)


@pytest.mark.parametrize("kind", TUNES)
def test_a_session_draws_what_the_learner_would_draw_wave_by_wave(kind: str, files: ModelFiles, tmp_path: Path) -> None:
    with beside(files, TUNES[kind], CPU, tmp_path) as (learner, pool):
        said = []
        for wave in range(WAVES):
            pool.follow(wave)
            said.append(drawn(pool))
            assert said[-1] == drawn(learner)
            train(learner, said[-1], tmp_path, wave)
        assert said[0] != said[1] != said[2], "the weights of the waves differ"
        assert sorted(path.name for path in (tmp_path / "beside/live").iterdir()) == ["0001", "0002"]
        assert pool.num_loads == 1


def test_sessions_that_were_killed_come_back_with_the_weights_of_the_wave(files: ModelFiles, tmp_path: Path) -> None:
    two = CPU.model_copy(update={"devices": ("cpu", "cpu")})
    with beside(files, TUNES["lora"], two, tmp_path) as (learner, pool):
        pool.follow(0)
        first = drawn(pool)
        train(learner, first, tmp_path, 0)
        pool.follow(1)
        assert pool.num_loads == 2
        for session in pool._pool._sessions:
            kill_process(session)
        assert [row.text for row in drawn(pool)] == [row.text for row in drawn(learner)]
        assert pool.num_loads == 4


def test_what_is_scored_and_read_as_tokens_is_the_learner_s_matter(files: ModelFiles, tmp_path: Path) -> None:
    with beside(files, TUNES["full"], CPU, tmp_path) as (learner, pool):
        pool.follow(0)
        asked = [Scoring(str(number), request.messages, "7") for number, request in enumerate(ASKED)]
        assert pool.score(asked) == learner.score(asked)
        assert pool.encode(asked) == learner.encode(asked)
        assert pool.num_loads == 0, "no session is needed for it"


@pytest.mark.vllm
@pytest.mark.parametrize("kind", TUNES)
def test_vllm_follows_too(kind: str, files: ModelFiles, tmp_path: Path) -> None:
    """An adapter by its file, whole weights in their place; what was computed with those before is not read again."""
    with beside(files, TUNES[kind], VLLM, tmp_path) as (learner, pool):
        texts = []
        for wave in range(WAVES):
            pool.follow(wave)
            for row, other in zip(drawn(pool, 0.0), drawn(learner, 0.0), strict=True):
                assert row.tokens is not None and other.tokens is not None
                assert (row.text, row.tokens.prompt, row.tokens.written) == (
                    other.text, other.tokens.prompt, other.tokens.written
                )  # fmt: skip
                assert row.tokens.logprobs == pytest.approx(other.tokens.logprobs, abs=0.02)
                assert row.tokens.ends == other.tokens.ends
                assert sum(row.tokens.logprobs) == pytest.approx(row.logprob)
            said = drawn(pool)
            texts.append([row.text for row in said])
            assert [row.text for row in drawn(pool)] == texts[-1]
            train(learner, said, tmp_path, wave)
        assert texts[0] != texts[1] != texts[2]
        assert pool.num_loads == 1


def handed_over(folder: Path, name: str, files: ModelFiles) -> LiveWeights:
    """A wave's folder with weights that are not the learner's."""
    (folder / "wave").mkdir()
    if name == "another model":
        build_tiny_folder(folder / "wave/model", hidden_size=64)
    else:
        build_tiny_folder(folder / "wave/model", hidden_size=128)
        path = folder / "wave/model/model.safetensors"
        weights = load_file(path)
        key = sorted(weights)[0]
        if name == "one is missing":
            del weights[key]
        else:
            weights = {one: weight + torch.randn_like(weight) for one, weight in weights.items()}
        save_file(weights, path)
    said = {"tokens": [1, 2, 3, 4], "logprobs": [-4.0, -4.0, -4.0], "dtype": "float32"}
    (folder / "wave/probe.json").write_text(json.dumps(said))
    return LiveWeights(4, folder / "wave")


@pytest.mark.parametrize(
    ("name", "words"),
    [("another model", "which the model has not"), ("one is missing", "which the model has"),
     ("others", "is another one beside the learner")],
)  # fmt: skip
def test_weights_that_cannot_be_taken_are_one_message(name: str, words: str, files: ModelFiles, tmp_path: Path) -> None:
    with LocalPool(CPU, files, tmp_path, follows=Follows()) as pool:
        pool.follow(handed_over(tmp_path, name, files))
        with pytest.raises(UserError, match=f"cannot take the weights of wave-4.*{words}") as caught:
            drawn(pool)
    assert caught.value.fix is not None and "where: learner" in caught.value.fix
    assert pool.num_loads == 1, "another process could not take them either"


def test_a_shard_is_shared_out_in_order() -> None:
    shard = Shard("wave", ASKED, Sampling())
    assert [[request.id for request in part.requests] for part in split(shard, 2)] == [["q0", "q1"], ["q2"]]
    assert [part.num_samples for part in split(shard, 9)] == [4, 4, 4]
    assert len({part.name for part in split(shard, 9)}) == 3

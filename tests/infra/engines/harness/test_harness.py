"""Tasks asked of an open session give what the library's own model gives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.drawing import Sampling
from infra.engines.harness.run import (
    ITEMS_FILE,
    SCORES_FILE,
    Asked,
    FoundTask,
    Prompts,
    Wanted,
    look_at_tasks,
    read_rows,
    run_tasks,
)
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.pool import Pool
from infra.engines.questions import (
    Completion,
    Missing,
    Read,
    Reading,
    Request,
)
from infra.engines.wire import Shard
from tests.infra.engines.harness.local import (
    SUMS,
    needs_harness,
    write_choices,
    write_lines,
    write_sums,
    write_task,
    write_texts,
)
from tests.infra.engines.shards import ENGINE
from tests.infra.engines.tiny import build_tiny_folder

pytestmark = [pytest.mark.slow, needs_harness]
Rows = list[dict[str, Any]]
PLAIN = Prompts()


def asked_of(pool: Pool) -> Asked:
    def texts(sampling: Sampling, requests: Iterable[Request]) -> Iterator[Completion | Missing]:
        for _, rows in pool.generate([Shard("all", tuple(requests), sampling)]):
            yield from rows

    return Asked(texts, lambda readings: pool.read(list(readings)))


def ours(
    pool: LocalPool,
    folder: Path,
    *wanted: Wanted,
    prompts: Prompts = PLAIN,
    asked: Asked | None = None,
    engine: Any = ENGINE,
) -> tuple[Rows, Rows]:
    """Scores and items, from the session of a pool."""
    folder.mkdir()
    run_tasks(
        wanted, prompts, pool.model, asked or asked_of(pool), engine=engine, seed=0, base_dir=folder, work_dir=folder
    )
    return list(read_rows(folder / SCORES_FILE)), list(read_rows(folder / ITEMS_FILE))


def theirs(model: ModelFiles, path: str, **options: Any) -> dict[str, Any]:
    """Results of the library, which loads the model itself."""
    import os

    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    before = Path.cwd()
    os.chdir(Path(path).parent)
    try:
        loaded = HFLM(pretrained=str(model.weights), device="cpu", batch_size=4)
        found = simple_evaluate(loaded, tasks=[path], task_manager=TaskManager(include_defaults=False), **options)
    finally:
        os.chdir(before)
    assert found is not None
    return dict(found)


def values(results: dict[str, Any], task: str) -> dict[str, float]:
    """The library's metrics and their standard errors, by name."""
    return {key.removesuffix(",none"): value for key, value in results["results"][task].items() if "," in key}


def told(scores: Rows, task: str) -> dict[str, float]:
    """The same of ours."""
    own = [row for row in scores if row["task"] == task]
    errors = {f"{row['metric']}_stderr": row["stderr"] for row in own if row["stderr"] is not None}
    return {row["metric"]: row["value"] for row in own} | errors


@pytest.fixture(scope="module")
def written(model: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """A task of which the model is right on every second item, and what the library finds."""
    folder = tmp_path_factory.mktemp("sums")
    first = theirs(model, write_sums(folder))
    texts = [sample["resps"][0][0] for sample in first["samples"]["local_sums"]]
    answers = [text if place % 2 else "no" for place, text in enumerate(texts)]
    assert len(set(texts)) > 3 and all(texts)
    other = tmp_path_factory.mktemp("answered")
    path = write_sums(other, answers)
    return path, theirs(model, path)


def test_generated_texts_and_exact_matches_are_those_of_the_library(
    pool: LocalPool, written: tuple[str, dict[str, Any]], tmp_path: Path
) -> None:
    path, expected = written
    scores, items = ours(pool, tmp_path / "w", Wanted(path))
    assert told(scores, "local_sums") == values(expected, "local_sums")
    assert told(scores, "local_sums")["exact_match"] == 0.5
    assert [row["num_items"] for row in scores] == [len(SUMS)] and [row["num_fewshot"] for row in scores] == [2]
    samples = expected["samples"]["local_sums"]
    assert [json.loads(row["responses"]) for row in items] == [sample["resps"] for sample in samples]
    assert [row["prompt"] for row in items] == [sample["arguments"][0][0] for sample in samples]
    assert [json.loads(row["metrics"])["exact_match"] for row in items] == [0.0, 1.0] * (len(SUMS) // 2)


def test_likelihoods_and_accuracy_are_those_of_the_library(pool: LocalPool, model: ModelFiles, tmp_path: Path) -> None:
    path = write_choices(tmp_path)
    expected = theirs(model, path, limit=15)
    scores, items = ours(pool, tmp_path / "w", Wanted(path, limit=15))
    assert told(scores, "local_choices") == values(expected, "local_choices")
    assert 0 < told(scores, "local_choices")["acc"] < 1
    assert told(scores, "local_choices")["acc"] != told(scores, "local_choices")["acc_norm"]
    for row, sample in zip(items, expected["samples"]["local_choices"], strict=True):
        for one, (logprob, is_greedy) in zip(json.loads(row["answer"]), sample["filtered_resps"], strict=True):
            assert one[0] == pytest.approx(logprob, abs=1e-4) and one[1] == is_greedy
        assert json.loads(row["metrics"])["acc"] == sample["acc"]
    assert len(items) == 15


def test_the_likeliest_continuation_is_told_apart(pool: LocalPool, model: ModelFiles, tmp_path: Path) -> None:
    """As tasks need whose accuracy is whether the model would have written just this."""
    ((_, drawn),) = asked_greedily(pool, "1+1=", "2+2=")
    texts = [row.text for row in drawn]
    assert all(texts)
    rows = [{"question": question, "answer": text[:2]} for question, text in zip(("1+1=", "2+2="), texts, strict=True)]
    write_lines(tmp_path / "said.jsonl", [*rows, {"question": "1+1=", "answer": "zQ"}])
    path = write_task(
        tmp_path,
        "said",
        dataset_kwargs={"data_files": {"test": "said.jsonl"}},
        output_type="loglikelihood",
        doc_to_text="{{question}}",
        doc_to_target="{{answer}}",
        target_delimiter="",
        metric_list=[{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    )
    scores, _ = ours(pool, tmp_path / "w", Wanted(path))
    assert told(scores, "local_said") == values(theirs(model, path), "local_said")
    assert told(scores, "local_said")["acc"] == pytest.approx(2 / 3)


def asked_greedily(pool: LocalPool, *prompts: str) -> Any:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(pool.model.weights)
    requests = tuple(Request(text, (), tokens=tuple(tokenizer.encode(text))) for text in prompts)
    return pool.generate([Shard("greedy", requests, Sampling(temperature=0.0, max_tokens=4))])


def test_whole_texts_have_the_perplexity_of_the_library(pool: LocalPool, model: ModelFiles, tmp_path: Path) -> None:
    path = write_texts(tmp_path)
    scores, _ = ours(pool, tmp_path / "w", Wanted(path))
    expected = values(theirs(model, path), "local_texts")["byte_perplexity"]
    assert told(scores, "local_texts")["byte_perplexity"] == pytest.approx(expected, rel=1e-5)


def test_chats_and_other_numbers_of_examples_are_as_there(pool: LocalPool, model: ModelFiles, tmp_path: Path) -> None:
    path = write_sums(tmp_path)
    expected = theirs(model, path, num_fewshot=1, apply_chat_template=True, system_instruction="add")
    _, items = ours(pool, tmp_path / "w", Wanted(path, num_fewshot=1), prompts=Prompts(chat=True, system="add"))
    samples = expected["samples"]["local_sums"]
    assert [row["prompt"] for row in items] == [sample["arguments"][0][0] for sample in samples]
    assert len({row["prompt"] for row in items}) == len(items) and "add" in items[0]["prompt"]
    assert [json.loads(row["responses"]) for row in items] == [sample["resps"] for sample in samples]


def test_a_task_that_repeats_its_items_draws_others(pool: LocalPool, tmp_path: Path) -> None:
    path = write_sums(tmp_path)
    text = Path(path).read_text().replace("do_sample: false", "do_sample: true\n  temperature: 1.0")
    Path(path).write_text(text + "repeats: 3\n")
    assert "do_sample: true" in text
    once, again = (ours(pool, tmp_path / name, Wanted(path, limit=4))[1] for name in ("one", "two"))
    assert once == again
    drawn = [json.loads(row["responses"])[0] for row in once]
    assert all(len(texts) == 3 for texts in drawn) and any(len(set(texts)) == 3 for texts in drawn)


def test_what_has_no_answer_is_never_right(pool: LocalPool, written: tuple[str, Any], tmp_path: Path) -> None:
    def nothing(_: Sampling, requests: Iterable[Request]) -> list[Missing]:
        return [Missing(request.id, "fatal", "it ends the process") for request in requests]

    def all_but_one(readings: Iterable[Reading]) -> list[Read | Missing]:
        found = pool.read(list(readings))
        return [Missing(one.id, "fatal", "") if place % 3 == 0 else one for place, one in enumerate(found)]

    asked = Asked(nothing, all_but_one)
    wanted = Wanted(written[0]), Wanted(write_choices(tmp_path))
    scores, _ = ours(pool, tmp_path / "w", *wanted, asked=asked)
    assert told(scores, "local_sums")["exact_match"] == 0.0
    assert told(scores, "local_choices")["acc"] == 0.0, "the right one is the first, which has no answer"


def test_names_are_looked_up_and_items_counted(tmp_path: Path) -> None:
    wanted = [Wanted(write_sums(tmp_path), limit=0.5), Wanted(Path(write_choices(tmp_path)).name, limit=3)]
    found = look_at_tasks(wanted, tmp_path, tmp_path / "w", with_data=True)
    assert found == [FoundTask(wanted[0].task, "local_sums", 10), FoundTask("choices.yaml", "local_choices", 3)]
    named = look_at_tasks([Wanted("gsm8k"), Wanted("mmlu")], tmp_path, tmp_path / "v", with_data=False)
    assert [one.num_items for one in named] == [None, None]


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("gsm9k", r"lm-eval has no task, group or tag called gsm9k\n  fix: write .*gsm8k"),
        ("zzzzqqqq", r"called zzzzqqqq\n  fix: lm-eval ls tasks lists them"),
        ("nothing.yaml", r"there is no file nothing\.yaml\n  fix: correct the path"),
        ("humaneval", r"humaneval runs programs that models write"),
    ],
)
def test_a_task_that_there_is_not_is_one_message(task: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=words):
        look_at_tasks([Wanted(task)], tmp_path, tmp_path / "w", with_data=False)


def test_data_that_cannot_be_had_are_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    fields: dict[str, Any] = {"doc_to_text": "{{a}}", "doc_to_target": "{{a}}", "output_type": "generate_until"}
    remote = write_task(tmp_path, "remote", **fields | {"dataset_path": "nobody/nothing"})
    for task, fix in ((remote, "correct the task's file"), ("gsm8k", "let this machine reach the Hugging Face hub")):
        with pytest.raises(EngineError, match=rf"the benchmark {task} cannot be loaded: (.|\n)*fix: {fix}"):
            look_at_tasks([Wanted(task)], tmp_path, tmp_path / "w", with_data=True)
    lost = write_task(tmp_path, "lost", **fields, dataset_kwargs={"data_files": {"test": "gone.jsonl"}})
    with pytest.raises(EngineError, match=r"lost\.yaml cannot be loaded: FileNotFoundError: .*gone\.jsonl"):
        look_at_tasks([Wanted(lost)], tmp_path, tmp_path / "w", with_data=True)
    broken = tmp_path / "broken.yaml"
    broken.write_text("task: [")
    with pytest.raises(EngineError, match=r"broken\.yaml cannot be loaded"):
        look_at_tasks([Wanted(str(broken))], tmp_path, tmp_path / "w", with_data=True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"num_beams": 4}, r"the task local_sums generates with num_beams, which engines here do not know"),
        ({"max_gen_toks": 64}, r"up to 64 tokens, and the context of model 'tiny' holds 64, prompt included"),
    ],
)
def test_what_no_engine_does_names_the_task(
    settings: dict[str, Any], words: str, pool: LocalPool, tmp_path: Path
) -> None:
    path = Path(write_sums(tmp_path))
    import yaml

    task = yaml.safe_load(path.read_text())
    task["generation_kwargs"] |= settings
    path.write_text(yaml.safe_dump(task))
    with pytest.raises(EngineError, match=words):
        ours(pool, tmp_path / "w", Wanted(str(path)))


@pytest.mark.vllm
def test_vllm_reads_and_writes_as_transformers_does(tmp_path: Path) -> None:
    """A model with heads of 32, the least that vLLM's kernels for CPUs know."""
    from configs.schema.engine import VllmEngine

    wanted = Wanted(write_sums(tmp_path)), Wanted(write_choices(tmp_path))
    model = ModelFiles("wide", build_tiny_folder(tmp_path / "wide", hidden_size=128))
    with LocalPool(ENGINE, model, tmp_path / "ours") as pool:
        _, items = ours(pool, tmp_path / "one", *wanted)
    engine = VllmEngine(dtype="float32", max_num_seqs=16, cpu_kv_cache_gib=1)
    with LocalPool(engine, model, tmp_path / "vllm") as other:
        _, others = ours(other, tmp_path / "two", *wanted, engine=engine)
    for row, other_row in zip(items, others, strict=True):
        if row["task"] == "local_sums":
            assert row == other_row
            continue
        pairs = zip(json.loads(row["answer"]), json.loads(other_row["answer"]), strict=True)
        for (logprob, is_greedy), (other_logprob, other_greedy) in pairs:
            assert logprob == pytest.approx(other_logprob, abs=0.02) and is_greedy == other_greedy

"""One small experiment for the tests of this folder: three rounds, the last one refused. Numbers made by hand."""

from __future__ import annotations

from tasks.report.rounds import ExperimentReport, RoundReport, SampleRow

SCRIPT = "<script>alert('x')</script>"


def accuracies(value: float, half: float = 0.04) -> dict[str, float]:
    return {
        f"{suite}_accuracy{end}": value + shift
        for suite in ("select", "report")
        for end, shift in (("", 0.0), ("_low", -half), ("_high", half))
    }


def baseline(experiment: str = "demo") -> RoundReport:
    return RoundReport(
        experiment=experiment,
        round=0,
        candidate="seed",
        incumbent="seed",
        champion="seed",
        action="baseline",
        reason="the model everything starts from",
        metrics=accuracies(0.19) | {"generator_loads": 1.0, "seconds_evaluate": 4.0},
        steps={"evaluate": f"{experiment}/round-000/evaluate/aaaaaaaaaaaa"},
    )


def trained(number: int, accuracy: float, action: str, experiment: str = "demo") -> RoundReport:
    return RoundReport(
        experiment=experiment,
        round=number,
        candidate=f"round-{number}",
        incumbent="seed" if number == 1 else "round-1",
        champion=f"round-{number}" if action == "promote" else "seed" if number == 1 else "round-1",
        action=action,  # type: ignore[arg-type]
        reason=f"select accuracy {100 * accuracy:.1f} %",
        metrics=accuracies(accuracy)
        | {
            "num_samples": 1000.0,
            "num_kept": 250.0,
            "kept_rate": 0.25,
            "dropped_wrong": 600.0,
            "dropped_truncated": 150.0,
            "dropped_duplicate": 0.0,
            "mean_tokens": 9.5,
            "mean_tokens_kept": 8.25,
            "distinct_rate": 0.6,
            "num_examples": 250.0,
            "generator_loads": 1.0,
            "trainer_loads": 1.0,
            "seconds_generate": 20.0,
            "seconds_train": 65.0,
        },
        steps={stage: f"{experiment}/round-{number:03d}/{stage}/bbbbbbbbbbbb" for stage in ("judge", "train")},
        reused=["generate"] if number == 1 else [],
    )


def sample_rows(number: int) -> list[SampleRow]:
    """Every third one dropped as wrong; the first one holds a script."""
    return [
        SampleRow(
            problem_id=f"add-{index}",
            prompt=f"{index}+{index}=",
            text=SCRIPT if index == 0 else str(2 * index),
            gold=str(2 * index),
            answer=None if index == 0 else str(2 * index),
            label="wrong" if index % 3 == 2 else "correct",
            kept=index % 3 != 2,
            reason="wrong" if index % 3 == 2 else "",
        )
        for index in range(number)
    ]


def experiment_report(name: str = "demo") -> ExperimentReport:
    rounds = [baseline(name), trained(1, 0.79, "promote", name), trained(2, 0.75, "keep_incumbent", name)]
    return ExperimentReport(
        name=name,
        rounds=rounds,
        samples={1: sample_rows(6)},
        recipe="name: demo\nseed: 0\n",
        p_value=2.5e-5,
        links={"MLflow": "http://127.0.0.1:5000/#/experiments/1", "store": "/data", "trap": "javascript:alert(1)"},
    )

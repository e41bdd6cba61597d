from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from configs.errors import TrackingError
from infra.tracking.tracker import Tracker
from tests.servers.mlflow import free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    folder = tmp_path_factory.mktemp("tracking")
    return Tracker(f"sqlite:///{folder}/new/mlflow.db", folder / "artifacts")


@pytest.fixture
def run(tracker: Tracker, request: pytest.FixtureRequest) -> tuple[Any, str]:
    """Client and id of a fresh run, named after the test."""
    experiment_id = tracker.ensure_experiment("shared")
    return tracker.client, tracker.ensure_run(experiment_id, request.node.name, "run")


def test_processes_that_open_a_new_database_at_once_all_have_it(tmp_path: Path) -> None:
    """As runs side by side do on a new machine; MLflow fails where two make its tables at the same time."""
    uri = f"sqlite:///{tmp_path}/new/mlflow.db"
    program = "import sys; from infra.tracking.connect import open_client; open_client(sys.argv[1])"
    opening = [
        subprocess.Popen([sys.executable, "-c", program, uri], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = [process.communicate()[1] for process in opening]
    assert [process.returncode for process in opening] == [0, 0, 0], "\n".join(said)


ODD_NAMES = ["Counting & Probability", "a//b", "/a", "..", "x" * 300, "x" * 299 + "y", "\u6570\u5b66", "a\ud800", "a\0"]


def test_any_text_names_a_metric_a_parameter_and_a_tag_and_its_original_is_told(
    tracker: Tracker, run: tuple[Any, str]
) -> None:
    client, run_id = run
    for _ in range(2):  # as when a round is tracked again
        tracker.log_metrics(run_id, {f"select_accuracy_topic_{name}": place for place, name in enumerate(ODD_NAMES)}, 1)
        tracker.log_params(run_id, dict.fromkeys(ODD_NAMES, "value\0\ud800"))
    experiment_id = tracker.ensure_experiment("shared")
    tracker.ensure_run(experiment_id, "odd", "odd", tags=dict.fromkeys(ODD_NAMES, "value\0\ud800"))
    held = client.get_run(run_id).data
    assert sorted(held.metrics.values()) == list(range(len(ODD_NAMES)))
    assert list(held.params.values()) == ["value\ufffd\ufffd"] * len(ODD_NAMES)
    told = [text for tag, text in held.tags.items() if tag.startswith("selfloop.name.")]
    assert {"Counting & Probability", "select_accuracy_topic_a//b", "x" * 300, "x" * 299 + "y"} <= set(told)


@contextmanager
def standing_at(tracker: Tracker) -> Iterator[None]:
    """For what MLflow reads through its global tracking URI only."""
    import mlflow

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(tracker.uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def values(client: Any, run_id: str, name: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in client.get_metric_history(run_id, name)]


def test_an_experiment_keeps_its_files_under_the_artifact_root(tracker: Tracker) -> None:
    experiment_id = tracker.ensure_experiment("one")
    assert tracker.ensure_experiment("one") == experiment_id
    assert tracker.artifact_root is not None
    location = tracker.client.get_experiment(experiment_id).artifact_location
    assert location == (tracker.artifact_root / "one").as_uri()


def test_a_deleted_experiment_is_named_with_the_way_back(tracker: Tracker) -> None:
    experiment_id = tracker.ensure_experiment("gone")
    tracker.client.delete_experiment(experiment_id)
    with pytest.raises(TrackingError, match=f"gone is deleted(.|\n)*restore --experiment-id {experiment_id}"):
        tracker.ensure_experiment("gone")


def test_a_run_is_found_by_its_key_with_tags_renewed_and_parameters_kept(tracker: Tracker) -> None:
    experiment_id = tracker.ensure_experiment("shared")
    parent = tracker.ensure_run(experiment_id, "p/0", "parent")
    first = tracker.ensure_run(experiment_id, "p/1", "child", parent, {"lr": 0.1}, {"action": "promote"})
    second = tracker.ensure_run(experiment_id, "p/1", "child", parent, {"lr": 0.2, "seed": 0}, {"action": "stop"})
    assert first == second != parent
    found = tracker.client.get_run(first).data
    assert found.params == {"lr": "0.1", "seed": "0"}
    assert found.tags["action"] == "stop"
    assert found.tags["mlflow.parentRunId"] == parent


def test_a_run_id_in_the_environment_takes_nothing_over(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment_id = tracker.ensure_experiment("shared")
    other = tracker.ensure_run(experiment_id, "other", "other")
    monkeypatch.setenv("MLFLOW_RUN_ID", other)
    mine = tracker.ensure_run(experiment_id, "mine", "mine", parent_run_id="feedface")
    tracker.log_metrics(mine, {"x": 1.0}, step=0)
    assert mine != other
    assert tracker.client.get_run(mine).data.tags["mlflow.parentRunId"] == "feedface"
    assert tracker.client.get_run(other).data.metrics == {}


def test_a_metric_is_logged_once_a_step_and_again_when_it_changed(tracker: Tracker, run: tuple[Any, str]) -> None:
    client, run_id = run
    for value in (0.25, 0.25, 0.5, 0.5):
        assert tracker.log_metrics(run_id, {"accuracy": value}, step=1) == 0
        time.sleep(0.002)
    tracker.log_metrics(run_id, {"accuracy": 0.25}, step=2)
    assert values(client, run_id, "accuracy") == [(1, 0.25), (1, 0.5), (2, 0.25)]


def test_what_is_not_a_number_is_left_out_and_counted(tracker: Tracker, run: tuple[Any, str]) -> None:
    client, run_id = run
    assert tracker.log_metrics(run_id, {"a": float("nan"), "b": float("inf"), "c": 1.0}, step=0) == 2
    assert client.get_run(run_id).data.metrics == {"c": 1.0}


def test_more_than_a_batch_of_metrics_and_parameters(tracker: Tracker, run: tuple[Any, str]) -> None:
    client, run_id = run
    tracker.log_metrics(run_id, {f"m{number}": number for number in range(1203)}, step=0)
    tracker.log_params(run_id, {f"p{number}": number for number in range(205)} | {"long": "x" * 9000})
    found = client.get_run(run_id).data
    assert len(found.metrics) == 1203
    assert len(found.params) == 206
    assert found.params["long"] == "x" * 5997 + "..."


def test_a_dataset_is_named_once_a_run(tracker: Tracker, run: tuple[Any, str]) -> None:
    client, run_id = run
    for name, context in (("kept", "training"), ("kept", "training"), ("problems", "evaluation")):
        tracker.log_dataset(run_id, name, "ab" * 32, f"s3://bucket/{name}.parquet", context)
    inputs = sorted(client.get_run(run_id).inputs.dataset_inputs, key=lambda used: used.dataset.name)
    assert [(used.dataset.name, used.dataset.digest, used.tags[0].value) for used in inputs] == [
        ("kept", "ab" * 18, "training"),
        ("problems", "ab" * 18, "evaluation"),
    ]
    assert json.loads(inputs[0].dataset.source) == {"uri": "s3://bucket/kept.parquet"}


def test_a_table_is_read_back_by_mlflow_and_replaced_not_appended(tracker: Tracker, run: tuple[Any, str]) -> None:
    client, run_id = run
    for texts in (["a", "b", "c"], ["d"]):
        tracker.log_table(run_id, [{"text": text, "kept": True} for text in texts], "samples.json")
    path = client.download_artifacts(run_id, "samples.json")
    assert json.loads(Path(path).read_text()) == {"columns": ["text", "kept"], "data": [["d", True]]}
    tags = client.get_run(run_id).data.tags
    assert json.loads(tags["mlflow.loggedArtifacts"]) == [{"path": "samples.json", "type": "table"}]
    with standing_at(tracker):
        table = client.load_table(client.get_run(run_id).info.experiment_id, "samples.json", [run_id])
    assert table.to_dict("list") == {"text": ["d"], "kept": [True]}


def test_a_model_version_points_to_the_store_and_can_be_fetched_by_alias(tracker: Tracker, tmp_path: Path) -> None:
    import mlflow.artifacts

    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    first = tracker.register_model("fetched", str(tmp_path), "d1", {"round": 1})
    assert tracker.register_model("fetched", str(tmp_path), "d1", {"round": 1}) == first
    second = tracker.register_model("fetched", "s3://bucket/x", "d2")
    assert int(second) == int(first) + 1
    tracker.set_alias("fetched", "champion", first)
    version = tracker.client.get_model_version_by_alias("fetched", "champion")
    assert (version.source, version.status, version.tags["round"]) == (str(tmp_path), "READY", "1")
    with standing_at(tracker):
        fetched = mlflow.artifacts.download_artifacts("models:/fetched@champion")
    assert (Path(fetched) / "adapter" / "adapter_config.json").read_text() == "{}"


def test_an_alias_can_be_told_to_move_forward_only(tracker: Tracker) -> None:
    versions = [tracker.register_model("moved", f"s3://bucket/{digest}", digest) for digest in ("d1", "d2")]

    def aliases() -> dict[str, str]:
        return {name: str(version) for name, version in tracker.client.get_registered_model("moved").aliases.items()}

    tracker.set_alias("moved", "champion", versions[1])
    tracker.set_alias("moved", "champion", versions[0], only_forward=True)
    assert aliases() == {"champion": versions[1]}
    tracker.set_alias("moved", "champion", versions[0])
    assert aliases() == {"champion": versions[0]}
    tracker.set_alias("moved", "round-2", versions[1])
    tracker.settle_alias("moved", "champion", "round-2")
    assert aliases() == {"champion": versions[1], "round-2": versions[1]}
    tracker.settle_alias("moved", "champion", "round-3")
    assert aliases() == {"round-2": versions[1]}
    tracker.settle_alias("never-registered", "champion", "round-1")


def test_a_finished_run_keeps_its_time(tracker: Tracker, run: tuple[Any, str]) -> None:
    client, run_id = run
    tracker.finish_run(run_id)
    ended = client.get_run(run_id).info
    time.sleep(0.002)
    tracker.finish_run(run_id)
    assert ended.status == "FINISHED"
    assert client.get_run(run_id).info.end_time == ended.end_time


def test_a_server_that_is_not_there_is_named_within_seconds() -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    begun = time.monotonic()
    with pytest.raises(TrackingError, match=f"{uri}(.|\n)*fix: start it"):
        Tracker(uri).ensure_experiment("x")
    assert time.monotonic() - begun < 6


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where connections are taken and nothing is ever answered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_server_that_never_answers_is_given_up_within_seconds(silent_port: int) -> None:
    begun = time.monotonic()
    with pytest.raises(TrackingError, match="cannot be used"):
        Tracker(f"http://127.0.0.1:{silent_port}").ensure_experiment("x")
    assert time.monotonic() - begun < 6


@pytest.mark.parametrize("content", [b"not a database" * 100, None])
def test_a_database_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mlflow.db"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(TrackingError, match=r"mlflow\.db cannot be used"):
        Tracker(f"sqlite:///{path}").ensure_experiment("x")


class Polite(BaseHTTPRequestHandler):
    """Answers every request with an empty JSON object, as a server with nothing in it would."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


def test_a_server_that_goes_away_later_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with HTTPServer(("127.0.0.1", 0), Polite) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tracker = Tracker(f"http://127.0.0.1:{server.server_port}")
        tracker.ping()
        server.shutdown()
    with pytest.raises(TrackingError, match=tracker.uri):
        tracker.log_metrics("0" * 32, {"a": 1.0}, step=0)


def test_importing_the_tracker_is_light_and_a_new_database_makes_no_noise(tmp_path: Path) -> None:
    program = (
        "import sys; from infra.tracking.tracker import Tracker; assert 'mlflow' not in sys.modules\n"
        f"Tracker('sqlite:///{tmp_path}/new.db').ensure_experiment('x')"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

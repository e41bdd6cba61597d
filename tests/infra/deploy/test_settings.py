"""`.env`: what can be set, and what a slip of the pen leads to."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from infra.deploy.settings import SECRETS, StackError, StackSettings, create_env_file, load_settings, variable

EXAMPLE = Path(__file__).parents[3] / ".env.example"
WORDS = "".join(f"{variable(name)}={name}-word\n" for name in SECRETS)


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("STACK_")]:
        monkeypatch.delenv(name)


def write(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text, encoding="utf-8")
    return path


def test_shell_wins_over_the_file_as_in_docker_compose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, WORDS + "STACK_PREFECT_PORT=4201\nSTACK_MLFLOW_PORT=5001\n")
    monkeypatch.setenv("STACK_MLFLOW_PORT", "5002")
    settings = load_settings(path)
    assert (settings.prefect_port, settings.mlflow_port, settings.s3_port) == (4201, 5002, 9000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("STACK_POSTGRES_PASSWORD=\n", "STACK_POSTGRES_PASSWORD is not set"),
        ("STACK_S3_SECRET_KEY=p@ss/word$1\n", "STACK_S3_SECRET_KEY is not set, or not a usable password"),
        ("STACK_PREFCT_PORT=4200\n", "STACK_PREFCT_PORT is not a setting"),
        ("STACK_PREFECT_PORT=many\n", "STACK_PREFECT_PORT cannot be 'many'"),
        ("STACK_PREFECT_PORT=70000\n", "STACK_PREFECT_PORT cannot be '70000'"),
        ("STACK_HOST=0.0.0.0\n", "STACK_HOST cannot be '0.0.0.0'"),
        ("STACK_BUCKET=My_Bucket\n", "STACK_BUCKET cannot be 'My_Bucket'"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StackError) as caught:
        load_settings(write(tmp_path, WORDS + text))
    assert message in str(caught.value)
    assert caught.value.fix
    assert "p@ss" not in str(caught.value), "a password is never shown"


def test_missing_file_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"copy \.env\.example"):
        load_settings(tmp_path / ".env")


def test_written_file_has_fresh_passwords_for_its_owner_alone(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    assert create_env_file(one) and create_env_file(other)
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    first, second = load_settings(one), load_settings(other)
    assert all(getattr(first, name) != getattr(second, name) for name in SECRETS)
    before = one.read_bytes()
    assert not create_env_file(one)
    assert one.read_bytes() == before


def test_example_names_every_setting_with_its_default_and_no_secret() -> None:
    given = dotenv_values(EXAMPLE)
    assert given == {variable(name): "" for name in SECRETS}
    commented = "\n".join(
        line[1:] for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line.startswith("#STACK_")
    )
    shown = dict(line.split("=", 1) for line in commented.splitlines())
    defaults = {
        variable(name): str(field.default) for name, field in StackSettings.model_fields.items() if name not in SECRETS
    }
    assert shown == defaults

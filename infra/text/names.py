"""Any text as a name: what MLflow, Prefect and file systems do not take is made legal here, and nowhere else. Pure.

A text that is legal stays as it is. Any other is spelled with the signs that are allowed, and ends with a digest of
what it was: so two texts never become one name. A legal text that looks like such a spelling gets a digest too.

    mlflow_name    names of metrics, parameters and tags
    artifact_key   keys of Prefect's artifacts
    file_name      one part of a path, or of an object's key
"""

from __future__ import annotations

import hashlib
import re

MLFLOW_LENGTH = 250
KEY_LENGTH = 200
FILE_LENGTH = 100
DIGEST_DIGITS = 10
_NO_MLFLOW = re.compile(r"[^A-Za-z0-9_.\- /]")
_NO_KEY = re.compile(r"[^a-z0-9-]")
_NO_FILE = re.compile(r"[^A-Za-z0-9_.\-]")
_SPELLED = re.compile(rf"[_-][0-9a-f]{{{DIGEST_DIGITS}}}$")


def mlflow_name(text: str) -> str:
    """A name of a metric, parameter or tag: at most 250 of letters, digits, `_ - . /` and blanks."""
    is_path = all(part not in ("", ".", "..") and part == part.strip() for part in text.split("/"))
    return _spell(text, _NO_MLFLOW if is_path else re.compile(r"[^A-Za-z0-9_.\- ]"), "_", MLFLOW_LENGTH, is_path)


def artifact_key(label: str) -> str:
    """A key of Prefect: lower case, digits and dashes. Blanks of a label become dashes."""
    text = label.replace(" ", "-")
    return _spell(text, _NO_KEY, "-", KEY_LENGTH, not text.startswith("-") and not text.endswith("-"))


def file_name(text: str) -> str:
    """One part of a path; no folder, nothing hidden."""
    return _spell(text, _NO_FILE, "_", FILE_LENGTH, not text.startswith("."))


def _spell(text: str, illegal: re.Pattern[str], stand_in: str, length: int, is_legal: bool) -> str:
    if text and is_legal and len(text) <= length and not illegal.search(text) and not _SPELLED.search(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_DIGITS]
    lower = text.lower() if stand_in == "-" else text
    words = illegal.sub(stand_in, lower)
    words = re.sub(rf"{re.escape(stand_in)}{{2,}}", stand_in, words).strip(" ._-/")[: length - DIGEST_DIGITS - 1]
    return f"{words}{stand_in}{digest}" if words else f"x{stand_in}{digest}"

"""Folders sent to the Hugging Face hub, or to a server with its interface (HF_ENDPOINT). No model is loaded.

The hub's client streams files from the disk and sends only what the repository lacks, so a call that was broken off
goes on when it is repeated.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from configs.errors import UserError

Kind = Literal["model", "dataset"]
OWN_FILES = frozenset({".gitattributes"})
"""what the hub puts into a new repository"""
LOGIN = "log in with a token that may write: hf auth login, or set HF_TOKEN"


class HubError(UserError):
    """The hub refused, or cannot be reached."""


def check_repository_name(name: str) -> None:
    """Raise HubError where the hub takes no such name.

    Raises:
        HubError: it is none of the form NAMESPACE/NAME.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    fix = "write NAMESPACE/NAME of letters, digits, - _ and ., where NAMESPACE is your user or organisation"
    if name.count("/") != 1:
        raise HubError(f"'{name}' names no repository of the hub", fix)
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise HubError(f"'{name}' names no repository of the hub: {error}", fix) from None


def prepare_repository(name: str, kind: Kind, *, private: bool, overwrite: bool) -> None:
    """Make a repository, or find it empty.

    Args:
        private: of a new one; one that is there stays as it is.
        overwrite: what lies in it may be replaced.

    Raises:
        HubError: it holds files, or the hub refuses.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    with explaining(name, kind):
        api.create_repo(name, repo_type=kind, private=private, exist_ok=True)
        there = set(api.list_repo_files(name, repo_type=kind)) - OWN_FILES
    if there and not overwrite:
        raise HubError(
            f"the {_word(kind)} {name} is on the hub already, with {len(there)} files",
            "name another one, or write --overwrite to replace its files",
        )


def upload(folder: Path, name: str, kind: Kind, message: str) -> str:
    """Make a repository hold the folder's files and no others; returns its address.

    Raises:
        HubError: the hub refuses, or cannot be reached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.utils import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
    api = HfApi()
    with explaining(name, kind):
        api.upload_folder(
            repo_id=name, repo_type=kind, folder_path=folder, commit_message=message, delete_patterns="*"
        )  # fmt: skip
    return f"{api.endpoint}/{'datasets/' if kind == 'dataset' else ''}{name}"


@contextmanager
def explaining(name: str, kind: Kind) -> Iterator[None]:
    """What the hub's client raises becomes one message with its fix."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, OfflineModeIsEnabled

    what = f"the hub refuses the {_word(kind)} {name}"
    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        told = error.server_message or f"status {status}"
        raise HubError(f"{what} ({status}): {told}", _fix(status, name)) from error
    except LocalTokenNotFoundError as error:
        raise HubError(f"{what}: nobody is logged in", LOGIN) from error
    except OfflineModeIsEnabled as error:
        raise HubError(f"{what}: HF_HUB_OFFLINE forbids to ask it", "unset HF_HUB_OFFLINE") from error
    except (httpx2.HTTPError, ConnectionError, TimeoutError) as error:
        raise HubError(
            f"the hub cannot be reached for the {_word(kind)} {name}: {error or type(error).__name__}",
            "check the network and HF_ENDPOINT, and repeat the command: what was sent stays",
        ) from error
    except ValueError as error:  # its answer to a card's front matter
        raise HubError(f"{what}: {error}", "correct what it names; a licence is an id of the hub's list") from error


def _fix(status: int, name: str) -> str:
    if status == 401:
        return LOGIN
    if status == 403:
        return f"use a token that may write to {name.split('/')[0]}, or name a namespace of your own"
    if status in (408, 429) or status >= 500:
        return "wait a little, and repeat the command: what was sent stays"
    return "correct what it names, and repeat the command"


def _word(kind: Kind) -> str:
    return "data set" if kind == "dataset" else "model"

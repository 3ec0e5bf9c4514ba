"""To the Hub: some files of a folder, in one commit, by who is logged in."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gan.errors import UserError, printable
from gan.hub import client
from gan.hub.ids import parse_target

STATIC = "static"  # in place of a Space's hardware: plain files, which need none


def push(
    folder: str | Path, hub_id: str, *, files: Iterable[str], owned: re.Pattern, message: str,
    tag: str | None = None, private: bool = False, space: str | None = None,
) -> str:  # fmt: skip
    """Make the repository hold these files of the folder, in one commit; return the commit's id.

    Without a change there is no commit, and the id is the last one's. The repository is made where it is not there. Of
    what it held, files that match `owned` and are not among these go in the same commit. A tag that is there already
    moves to this commit. `space` is the hardware of a Space, if it is one, or STATIC. Lost connections and busy servers
    are tried again. Raises UserError, and Unreachable after the last try.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    repo = parse_target(hub_id)
    api, kind = client.api(), "space" if space else "model"
    files = sorted(files)

    def commit() -> str:
        sdk: dict[str, Any] = {"space_sdk": "gradio", "space_hardware": space} if space else {}
        sdk = {"space_sdk": STATIC} if space == STATIC else sdk
        api.create_repo(repo, repo_type=kind, private=private or None, exist_ok=True, **sdk)
        look = api.space_info if space else api.model_info
        head = look(repo, timeout=client.SILENCE_SECONDS)  # which has a limit of its own: none
        kept = getattr(head, "sdk", None)
        if space and kept not in (None, sdk["space_sdk"]):
            raise UserError(
                f"{hub_id}: is a Space of another kind ({printable(kept)}), which would be gone; choose another NAME, "
                "or delete it on the Hub first"
            )
        stale = {file.rfilename for file in head.siblings or () if owned.fullmatch(file.rfilename)} - set(files)
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            *(CommitOperationAdd(name, str(Path(folder, name))) for name in files),
            *(CommitOperationDelete(name) for name in sorted(stale)),
        ]
        done = api.create_commit(repo, operations, commit_message=message, repo_type=kind, parent_commit=head.sha)
        if tag:
            set_tag(tag, done.oid)
        return done.oid

    def set_tag(tag: str, oid: str) -> None:
        there = {ref.name: ref.target_commit for ref in api.list_repo_refs(repo, repo_type=kind).tags}
        if tag in there and there[tag] != oid:
            api.delete_tag(repo, tag=tag, repo_type=kind)
        if there.get(tag) != oid:
            api.create_tag(repo, tag=tag, revision=oid, repo_type=kind)

    return client.patiently(commit, hub_id)


def check_login(hub_id: str) -> None:
    """Raise UserError where nobody is logged in who could push, Unreachable where that cannot be known now."""
    with client.errors_in_words(hub_id, silence=10):
        client.api().whoami()

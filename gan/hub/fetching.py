"""From the Hub: a checkpoint folder, kept in the cache, and a model's text files as they are now."""

import re
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gan.errors import UserError, printable
from gan.files import cache_folder, write_atomically
from gan.hub import client
from gan.hub.contents import MAX_TEXT_BYTES, MODEL, PUBLISHED, model_among
from gan.hub.ids import folder_meant, parse_id

COMMIT = re.compile(r"[0-9a-f]{40,64}")
AT_A_TIME = 8  # downloads


def fetch(hub_id: str) -> Path:
    """Download a model of the Hub, or find it in the cache; return its folder, which ends in USER/NAME.

    Only files of a checkpoint folder come, each as large as was said and no larger than such a file may be; a lone
    .safetensors file of another name becomes the model. Without a network, what was fetched last under this id is
    used. Raises UserError for what is not there, not allowed or no model of this kind; Unreachable without a network
    and without anything fetched before.
    """
    repo, revision = parse_id(hub_id)
    try:
        with client.errors_in_words(hub_id):
            info = client.api().model_info(repo, revision=revision, files_metadata=True, timeout=10)
    except client.Unreachable as error:
        folder = fetched(hub_id)
        if folder is None:
            raise client.Unreachable(f"{error} There is no folder {hub_id} here.{folder_meant(hub_id)}") from error
        print(f"{error}; using what was fetched before", file=sys.stderr)
        return folder
    files = [file for file in info.siblings or () if isinstance(file.rfilename, str)]
    sizes = {file.rfilename: file.size if isinstance(file.size, int) else 0 for file in files}
    name = model_among(hub_id, sizes)
    commit = str(info.sha)
    if not COMMIT.fullmatch(commit):
        raise UserError(f"{hub_id}: the Hub names no commit of it but {printable(commit)}; nothing was downloaded")
    folder = cache_folder() / "hub" / commit / repo
    targets = {other: folder / other for other in sizes if PUBLISHED.fullmatch(other)} | {name: folder / MODEL}
    missing = [(other, target, sizes[other]) for other, target in targets.items() if not target.is_file()]

    def download(file: tuple[str, Path, int]) -> None:
        other, target, size = file
        client.patiently(lambda: write_atomically(target, _content(hub_id, commit, other, size)), hub_id)

    with ThreadPoolExecutor(AT_A_TIME) as threads:
        list(threads.map(download, missing))
    write_atomically(_last(hub_id), str(folder).encode())
    return folder


def fetched(hub_id: str) -> Path | None:
    """Return the folder that `fetch` returned last for this id, where it is there still, without asking the Hub."""
    last = _last(hub_id)
    folder = Path(last.read_text(encoding="utf-8")) if last.is_file() else None
    return folder if folder and (folder / MODEL).is_file() else None


def _last(hub_id: str) -> Path:
    return cache_folder() / "hub" / "last" / hub_id  # a file that names the folder fetched last


def id_of(folder: Path) -> str | None:
    """Return the id, USER/NAME@COMMIT, of a folder that `fetch` returned; None for any other."""
    try:
        commit, user, name = folder.resolve().relative_to((cache_folder() / "hub").resolve()).parts
    except (ValueError, UserError):  # elsewhere; no cache at all
        return None
    return f"{user}/{name}@{commit}"


def texts_of(hub_id: str, names: Sequence[str]) -> list[str]:
    """Return text files of a model on the Hub as they are now, "" where there is none, or no such model."""
    from huggingface_hub.errors import RepositoryNotFoundError

    def attempt() -> list[str]:
        try:
            info = client.api().model_info(hub_id, files_metadata=True, timeout=client.SILENCE_SECONDS)
        except RepositoryNotFoundError:
            return [""] * len(names)
        sizes = {file.rfilename: file.size for file in info.siblings or ()}
        return [text(str(info.sha), name, sizes.get(name)) for name in names]

    def text(commit: str, name: str, size: Any) -> str:
        if not isinstance(size, int) or size > MAX_TEXT_BYTES:
            return ""
        return _content(hub_id, commit, name, size).decode("utf-8", errors="replace")

    return client.patiently(attempt, hub_id)


def _content(hub_id: str, commit: str, name: str, size: int) -> bytes:
    """Return a file of the repository, whole; more or less than was said raises UserError."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    repo, _ = parse_id(hub_id)
    url = hf_hub_url(repo, name, revision=commit, endpoint=client.endpoint())
    content = bytearray()
    with get_session().stream("GET", url, headers=build_hf_headers()) as answer:
        hf_raise_for_status(answer)
        for piece in answer.iter_bytes():
            content += piece
            if len(content) > size:
                break
    if len(content) != size:
        raise UserError(f"{hub_id}: {name} is not the {size:,} bytes that the Hub says it is; it was not kept")
    return bytes(content)

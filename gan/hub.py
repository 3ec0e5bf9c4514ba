"""The Hugging Face Hub: a checkpoint folder comes from there, or goes there. The only importer of huggingface_hub."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from gan.errors import UserError, printable
from gan.files import cache_folder, write_atomically

# A name begins and ends with a letter, a digit or an underscore.
HUB_ID = re.compile(
    r"(?P<repo>\b[\w.-]{1,96}\b/\b[\w.-]{1,96}\b(?<!\.git))(?:@(?P<revision>[\w./-]{1,200}))?", re.ASCII
)
# Everything that a checkpoint folder holds, and all that ever comes or goes: no pickle, no state, no real picture.
PUBLISHED = re.compile(
    r"README\.md|(config|opinion)\.json|(history|iterations|metrics)\.jsonl"
    r"|(model|discriminator|neighbours)\.safetensors"
    r"|samples/epoch-\d{4,9}\.webp|snapshots/epoch-\d{4,9}\.safetensors"
)
MODEL = "model.safetensors"
CARD = "README.md"
TUTORIAL_MODEL = "netG.safetensors"  # as PyTorch's DCGAN tutorial names it, beside a netD
MAX_FILES = 100
MAX_BYTES = {".safetensors": 1_000_000_000, ".webp": 2_000_000}  # of one file; of any other kind:
MAX_TEXT_BYTES = 5_000_000
MAX_TOTAL_BYTES = 2_000_000_000
LONE_MODEL = re.compile(r"\w[\w.+-]{0,95}\.safetensors", re.ASCII)  # weights under a name of somebody's own
COMMIT = re.compile(r"[0-9a-f]{40,64}")
AT_A_TIME = 8  # downloads
ATTEMPTS = 4  # at a push whose connection is lost or whose server is busy
LATER = (408, 409, 412, 429)  # another push was quicker, or too much at once
WAIT_SECONDS = 2.0  # before the second attempt; twice as long before each further one
STATIC = "static"  # in place of a Space's hardware: plain files, which need none
SILENCE_SECONDS = 60.0  # of the server, after which an attempt is given up; the client itself would wait for ever

PROXY = re.compile("(all|https?)_proxy", re.IGNORECASE)  # variables of the environment

Result = TypeVar("Result")


class Unreachable(UserError):
    """The Hub did not answer, or not now: what failed may work later."""


def parse_id(text: str) -> tuple[str, str | None]:
    """Return repository and revision of "USER/NAME" or "USER/NAME@revision"; anything else raises UserError."""
    found = HUB_ID.fullmatch(text)
    if not found or ".." in text or "--" in text:
        raise UserError(f"{text!r} is no name on the Hub; it looks like USER/NAME or USER/NAME@revision")
    return found["repo"], found["revision"]


def parse_target(text: str) -> str:
    """Return the repository of "USER/NAME", where a push goes; a revision, or anything else, raises UserError."""
    repo, revision = parse_id(text)
    if revision:
        raise UserError(f"{text}: a push goes to USER/NAME, without @revision")
    return repo


def is_id(text: str) -> bool:
    """Whether the text can only mean a model on the Hub: it looks like an id, and its USER is no folder here."""
    is_file = text.endswith((".safetensors", ".pth"))
    return bool(HUB_ID.fullmatch(text)) and not Path(text).parent.exists() and not is_file


def _is_meant(text: str) -> str:
    """Return a question for whoever mistyped a path, " Is the folder runs/mine meant?"; "" where none is like it."""
    place = Path()
    for part in text.split("/"):
        similar = get_close_matches(part, _folders_in(place), n=1)
        if not similar:
            return ""
        place /= similar[0]
    return f" Is the folder {place} meant?"


def _folders_in(place: Path) -> list[str]:
    with suppress(OSError):
        return [path.name for path in place.iterdir() if path.is_dir()]
    return []


def fetch(hub_id: str) -> Path:
    """Download a model of the Hub, or find it in the cache; return its folder, which ends in USER/NAME.

    Only files of a checkpoint folder come, each as large as was said and no larger than such a file may be; a lone
    .safetensors file of another name becomes the model. Without a network, what was fetched last under this id is
    used. Raises UserError for what is not there, not allowed or no model of this kind; Unreachable without a network
    and without anything fetched before.
    """
    from huggingface_hub import HfApi

    repo, revision = parse_id(hub_id)
    try:
        with _in_words(hub_id):
            info = HfApi(endpoint=_endpoint()).model_info(repo, revision=revision, files_metadata=True, timeout=10)
    except Unreachable as error:
        folder = fetched(hub_id)
        if folder is None:
            raise Unreachable(f"{error} There is no folder {hub_id} here.{_is_meant(hub_id)}") from error
        print(f"{error}; using what was fetched before", file=sys.stderr)
        return folder
    files = [file for file in info.siblings or () if isinstance(file.rfilename, str)]
    sizes = {file.rfilename: file.size if isinstance(file.size, int) else 0 for file in files}
    name = _model_among(hub_id, sizes)
    commit = str(info.sha)
    if not COMMIT.fullmatch(commit):
        raise UserError(f"{hub_id}: the Hub names no commit of it but {printable(commit)}; nothing was downloaded")
    folder = cache_folder() / "hub" / commit / repo
    targets = {other: folder / other for other in sizes if PUBLISHED.fullmatch(other)} | {name: folder / MODEL}
    missing = [(other, target, sizes[other]) for other, target in targets.items() if not target.is_file()]

    def download(file: tuple[str, Path, int]) -> None:
        other, target, size = file
        _patiently(lambda: write_atomically(target, _content(hub_id, commit, other, size)), hub_id)

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
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    def attempt() -> list[str]:
        try:
            info = HfApi(endpoint=_endpoint()).model_info(hub_id, files_metadata=True, timeout=SILENCE_SECONDS)
        except RepositoryNotFoundError:
            return [""] * len(names)
        sizes = {file.rfilename: file.size for file in info.siblings or ()}
        return [text(str(info.sha), name, sizes.get(name)) for name in names]

    def text(commit: str, name: str, size: Any) -> str:
        if not isinstance(size, int) or size > MAX_TEXT_BYTES:
            return ""
        return _content(hub_id, commit, name, size).decode("utf-8", errors="replace")

    return _patiently(attempt, hub_id)


def _content(hub_id: str, commit: str, name: str, size: int) -> bytes:
    """Return a file of the repository, whole; more or less than was said raises UserError."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    repo, _ = parse_id(hub_id)
    url = hf_hub_url(repo, name, revision=commit, endpoint=_endpoint())
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


def most_bytes(name: str) -> int:
    """Return how large a file of this name may be, to come or to go."""
    return MAX_BYTES.get(Path(name).suffix, MAX_TEXT_BYTES)


def _model_among(hub_id: str, sizes: dict[str, int]) -> str:
    """Return the name of the weights among the files of a repository; raise UserError where there are none to trust."""
    lone = [name for name in sizes if LONE_MODEL.fullmatch(name)]
    named = [name for name in (MODEL, TUTORIAL_MODEL) if name in lone]
    name = (named or lone)[0] if named or len(lone) == 1 else ""
    if not name:
        pickles = [name for name in sizes if name.endswith((".bin", ".pt", ".pth", ".pkl", ".ckpt"))]
        raise UserError(
            f"{hub_id}: holds no {MODEL}"
            + (f", only {printable(pickles[0])}, a pickle, which could run code and is not read" if pickles else "")
        )
    ours = {other: size for other, size in sizes.items() if other == name or PUBLISHED.fullmatch(other)}
    large = [other for other, size in ours.items() if size > most_bytes(other)]
    total = sum(ours.values())
    if large or len(ours) > MAX_FILES or total > MAX_TOTAL_BYTES:
        what = f"{len(ours)} files of {total:,} bytes are far too many"
        what = f"{large[0]} is far too large" if large else what
        raise UserError(f"{hub_id}: {what} for a model of this kind; nothing was downloaded")
    return name


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
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    repo = parse_target(hub_id)
    api, kind = HfApi(endpoint=_endpoint()), "space" if space else "model"
    files = sorted(files)

    def commit() -> str:
        sdk: dict[str, Any] = {"space_sdk": "gradio", "space_hardware": space} if space else {}
        sdk = {"space_sdk": STATIC} if space == STATIC else sdk
        api.create_repo(repo, repo_type=kind, private=private or None, exist_ok=True, **sdk)
        look = api.space_info if space else api.model_info
        head = look(repo, timeout=SILENCE_SECONDS)  # which has a limit of its own: none
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

    return _patiently(commit, hub_id)


def check_login(hub_id: str) -> None:
    """Raise UserError where nobody is logged in who could push, Unreachable where that cannot be known now."""
    from huggingface_hub import HfApi

    with _in_words(hub_id, silence=10):
        HfApi(endpoint=_endpoint()).whoami()


def _patiently(attempt: Callable[[], Result], hub_id: str) -> Result:
    for wait in (*(WAIT_SECONDS * 2**i for i in range(ATTEMPTS - 1)), None):
        try:
            with _in_words(hub_id):
                return attempt()
        except Unreachable:
            if wait is None:
                raise
            time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def _in_words(hub_id: str, silence: float | None = None) -> Iterator[None]:
    """Turn what the client raises into a sentence: Unreachable for what may work later, else UserError."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        HTTPError,
        LocalTokenNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    _session().timeout = silence or SILENCE_SECONDS
    try:
        with _cause_of_upload_error():
            yield
    except RevisionNotFoundError as error:
        raise UserError(f"{hub_id}: the repository is there, but has no such revision") from error
    except GatedRepoError as error:
        raise UserError(f"{hub_id}: is gated; ask for access on its page, then log in: hf auth login") from error
    except RepositoryNotFoundError as error:
        raise UserError(
            f"{hub_id}: is no folder here, and not on the Hub or private there; check the name, or: hf auth login."
            + _is_meant(hub_id)
        ) from error
    except LocalTokenNotFoundError as error:
        raise UserError(f"{hub_id}: nobody is logged in; log in with a token that may write: hf auth login") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise UserError(
                f"{hub_id}: the Hub does not allow it ({status}); log in with a token that may: hf auth login"
            ) from error
        if status in LATER or status >= 500:
            raise Unreachable(f"{hub_id}: the Hub is busy ({status}); try again later") from error
        raise UserError(
            f"{hub_id}: the Hub refused it ({status}: {printable(error.server_message or 'no reason given')})"
        ) from error
    except (HTTPError, OSError) as error:
        if isinstance(error, OSError) and error.filename:
            raise UserError(f"{error.filename}: {error.strerror}") from error
        raise Unreachable(
            f"{hub_id}: the Hub cannot be reached ({type(error).__name__}); is there a network?"
        ) from error
    except HFValidationError as error:
        raise UserError(f"{hub_id}: {error}") from error
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:  # of an answer it cannot read
        where = _endpoint() or "the Hub's address"
        raise UserError(
            f"{hub_id}: what answers at {where} does not speak as the Hub does; is a proxy in between?"
        ) from error


def _session() -> Any:
    """Return the client that huggingface_hub shares; where the environment forbids one, raise UserError."""
    from huggingface_hub.utils import get_session

    try:
        return get_session()
    except OSError as error:
        names = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
        raise UserError(
            f"{(names or ['this machine'])[0]} names certificates that cannot be read ({error.strerror}); unset it, or "
            "name a file that is there"
        ) from error
    except Exception as error:  # ImportError, ValueError, and a kind of the client's own
        set_ones = [name for name in os.environ if PROXY.fullmatch(name) and os.environ[name]]
        odd = [name for name in set_ones if not os.environ[name].startswith("http")]  # may hold a password: not shown
        raise UserError(
            f"{' and '.join(odd or set_ones) or 'this machine'} names a proxy of a kind that cannot be used; give one "
            "as http://HOST:PORT, or unset it"
        ) from error


@contextmanager
def _cause_of_upload_error() -> Iterator[None]:
    """Raise what the client's upload threads met with, which it wraps in a RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        raise error.__cause__ or error from None


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT")  # read now: the client would read it once, when it is imported

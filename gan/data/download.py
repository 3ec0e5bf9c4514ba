"""How the data sets on Kaggle come here, once."""

import logging
import re
import socket
import sys
import threading
from contextlib import redirect_stdout, suppress
from pathlib import Path
from urllib.request import getproxies

from gan.data.datasets import DATASETS, DOWNLOADED, kaggle_page
from gan.data.sources import folders_named, opened
from gan.errors import UserError

FAILURES = {  # part of an exception's name -> what it means
    "Connect": "no connection",
    "Timeout": "no connection",
    "ChunkedEncoding": "the connection broke off; the same command goes on from there",
}
CONNECT_SECONDS = 5  # as kagglehub has it for what it fetches


def locate(dataset: str, data: str | None) -> Path:
    """Return the folder or .zip to read: `data` where given, else the data set from Kaggle, fetched once.

    Raises UserError: no `data` for a data set that is not on Kaggle; any failure of the download.
    """
    if data:
        return Path(data).expanduser()
    if dataset not in DOWNLOADED:
        raise UserError(f"the data set {dataset!r} needs --data with a folder of pictures or a .zip")
    slug, folder = DATASETS[dataset].slug, DATASETS[dataset].folder
    by_hand = f"get them from {kaggle_page(slug)} and pass the folder or .zip with --data"
    try:
        root = _download(slug)
    except Exception as error:  # kagglehub has a dozen of its own, of requests and of the system
        why = next((words for name, words in FAILURES.items() if name in type(error).__name__), type(error).__name__)
        raise UserError(f"the {dataset} pictures could not be downloaded ({why}): {by_hand}") from None
    folders = folders_named(root, folder)
    if not folders:
        raise UserError(f"no folder {folder!r} in the downloaded {root}: {by_hand}")
    return root / folders[0]


def own_copy(dataset: str, data: Path, least: int = 0) -> Path:
    """Return what of a person's copy of a data set is to be read: the folder that its row names, where there is one.

    It may lie in a .zip, as a.zip/images does. One of fewer than `least` files cannot be what is looked for. Raises
    UserError: `data` is neither a folder nor a .zip.
    """
    folders = folders_named(data, DATASETS[dataset].folder) if dataset in DOWNLOADED else []
    if len(folders) != 1:  # of several, such as train/images, all are meant
        return data
    with opened(data / folders[0]) as files:
        return data / folders[0] if len(files) >= least else data


def kaggle_version(source: str | Path) -> str | None:
    """Return "owner/name/versions/7" for a folder in kagglehub's cache, or in its like; None for any other."""
    found = re.search(r"/datasets/([^/]+/[^/]+/versions/[0-9]+)(/|$)", Path(source).as_posix())
    return found[1] if found else None


def _download(slug: str) -> Path:
    """Return the folder of the newest version in kagglehub's cache; where there is none, of Kaggle's, fetched now.

    What was fetched stays in use when Kaggle has something newer: a resumed run needs the same pictures.
    """
    import kagglehub  # slow, and needed here alone
    from kagglehub.config import get_cache_folder

    cached = _newest_version(Path(get_cache_folder(), "datasets", slug))
    if cached:
        return cached
    print(f"downloading {slug} from Kaggle; it is kept for the next time", file=sys.stderr)
    logging.getLogger("kagglehub").setLevel(logging.CRITICAL)
    if not getproxies():
        _knock("api.kaggle.com")
    with redirect_stdout(sys.stderr):  # its advice to upgrade
        return Path(kagglehub.dataset_download(slug))


def _newest_version(cache: Path) -> Path | None:
    """Return the folder of the newest version that kagglehub has marked as complete; None where there is none."""
    marked = sorted(int(mark.stem) for mark in cache.glob("*.complete") if mark.stem.isdecimal())
    folders = [cache / "versions" / str(version) for version in reversed(marked)]
    return next((folder for folder in folders if folder.is_dir()), None)


def _knock(host: str) -> None:
    """Raise TimeoutError where a silent name server or firewall would hold kagglehub, which sets no limit, for minutes.

    Refusals come at once; kagglehub meets those itself.
    """

    def connect() -> None:
        with suppress(OSError):
            socket.create_connection((host, 443)).close()

    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(CONNECT_SECONDS)
    if attempt.is_alive():
        raise TimeoutError

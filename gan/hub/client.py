"""The connection to the Hub: attempts repeated, and what goes wrong put into sentences."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from gan.errors import UserError, printable
from gan.hub.ids import folder_meant

ATTEMPTS = 4  # at a push whose connection is lost or whose server is busy
LATER = (408, 409, 412, 429)  # another push was quicker, or too much at once
WAIT_SECONDS = 2.0  # before the second attempt; twice as long before each further one
SILENCE_SECONDS = 60.0  # of the server, after which an attempt is given up; the client itself would wait for ever
PROXY = re.compile("(all|https?)_proxy", re.IGNORECASE)  # variables of the environment

Result = TypeVar("Result")


class Unreachable(UserError):
    """The Hub did not answer, or not now: what failed may work later."""


def patiently(attempt: Callable[[], Result], hub_id: str) -> Result:
    """Return what the attempt returns; one that does not reach the Hub is repeated, ATTEMPTS times in all."""
    for wait in (*(WAIT_SECONDS * 2**i for i in range(ATTEMPTS - 1)), None):
        try:
            with errors_in_words(hub_id):
                return attempt()
        except Unreachable:
            if wait is None:
                raise
            time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def errors_in_words(hub_id: str, silence: float | None = None) -> Iterator[None]:
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
            + folder_meant(hub_id)
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
        where = endpoint() or "the Hub's address"
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


def api() -> Any:
    """Return huggingface_hub's HfApi for the Hub that the environment names, or the Hub."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint())


def endpoint() -> str | None:
    """Return the address of another Hub, where the environment names one."""
    return os.environ.get("HF_ENDPOINT")  # read now: the client would read it once, when it is imported

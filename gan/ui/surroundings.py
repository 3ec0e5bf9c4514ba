"""What the demo makes of its machine: an address, files, memory, and an environment without proxies."""

import atexit
import ctypes
import inspect
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from gan.errors import UserError
from gan.scratch import Scratch

# Gradio asks its own server two questions before it serves anybody. Neither goes through a proxy, neither needs a
# certificate, and the server's name is told to it where it is needed.
ALONE = {"NO_PROXY": "*", "no_proxy": "*", "SSL_CERT_FILE": None, "SSL_CERT_DIR": None, "GRADIO_SERVER_NAME": None}
TEMPORARY = "GRADIO_TEMP_DIR"
ARENA_MAX, ARENAS = -8, 2  # M_ARENA_MAX of glibc's malloc.h, and how many heaps its threads share
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # addresses to listen on -> where this machine finds itself there


@contextmanager
def alone() -> Iterator[None]:
    """Hide from Gradio, as long as it is imported and started, what the environment says of the way to elsewhere."""
    before = {name: os.environ.get(name) for name in ALONE}
    _set(ALONE)
    try:
        yield
    finally:
        _set(before)


@contextmanager
def without_stubs() -> Iterator[None]:
    """Keep Gradio, as long as it is imported, from writing a .pyi beside each of its components.

    It reads and parses their sources for that, half of the time that its import takes, and writes where they are
    installed. It leaves a class alone whose file it cannot find.
    """
    find = inspect.getfile

    def nowhere(object: Any) -> str:
        raise OSError("not looked for")

    inspect.getfile = nowhere
    try:
        yield
    finally:
        inspect.getfile = find


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def make_temporary_folder() -> Callable[[], None]:
    """Let Gradio keep its files in a folder of this process alone, or in the one that GRADIO_TEMP_DIR names.

    Return what removes the folder; an exit of the interpreter does so by itself. Only pictures that programs ask for
    become files, the page's own do not. Raises UserError where nothing can be written.
    """
    named = os.environ.get(TEMPORARY)
    try:
        if named:
            os.makedirs(named, exist_ok=True)
            with tempfile.TemporaryFile(dir=named) as probe:
                probe.write(b"x")
            return lambda: None
        scratch = Scratch("gan-studio-")  # which sweeps what killed processes left behind
        os.environ[TEMPORARY] = str(scratch.path)
    except (OSError, UserError) as error:
        place, name = (f"{TEMPORARY}={named}", TEMPORARY) if named else ("the folder for temporary files", "TMPDIR")
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"{place}: cannot be written to ({reason}). Make room there, or name another folder: {name}=FOLDER"
        ) from error
    return atexit.register(scratch.close)


def share_heaps() -> None:
    """Let the threads that are to come share two heaps; glibc alone makes up to eight for each core.

    A heap keeps what the largest load took, and after a flood all of them would.
    """
    with suppress(OSError, TypeError, AttributeError):  # no glibc: Windows, macOS, musl
        ctypes.CDLL(None).mallopt(ARENA_MAX, ARENAS)


def give_back_memory() -> None:
    """Give the system back what was freed inside the heaps."""
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def without_brackets(host: str) -> str:
    """Return the host as a socket takes it; people and links write an IPv6 address as [::1]."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def host_in(address: str) -> str:
    """Return the host of what people give for one, be it a name, or an address with scheme, port and path.

    It is written as a Host header writes it. What holds none raises ValueError.
    """
    host = without_brackets(address)
    with suppress(ValueError):
        return with_brackets(str(ip_address(host)))
    host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    if ":" in host:
        return with_brackets(str(ip_address(host)))
    name = host.encode("idna").decode()
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*\.?", name, re.ASCII):
        raise ValueError(f"{address!r} holds no name of a host")
    return name


def with_brackets(host: str) -> str:
    """Return the host as a link holds it."""
    return f"[{host}]" if ":" in host else host


def address(host: str, port: int) -> str:
    """Return the link under which this machine's own browser finds what listens on the host."""
    return f"http://{with_brackets(ANYWHERE.get(host, host))}:{port}"

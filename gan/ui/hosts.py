"""Who asks for the page: from which address, under which name, and whether that is this very machine."""

import ipaddress
import re
import socket
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

NOTEBOOKS = ("JUPYTERHUB_SERVICE_PREFIX", "COLAB_RELEASE_TAG")  # set where a notebook's server passes pages on
PROXIED = (b"forwarded", b"via", b"x-forwarded", b"x-real-ip")  # how headers begin in which a proxy tells of itself

Scope = MutableMapping[str, Any]


def header(scope: Scope, name: str) -> str:
    """Return a header's value; "" where it was not sent."""
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), "")


def host_name(host: str) -> str:
    """Return the name in a Host header, without port and brackets; "" where it holds none."""
    match = re.fullmatch(r"(\[[\da-f:.]+\]|[^:\[\]]+)(:\d+)?", host.lower())
    return match[1].strip("[]").rstrip(".") if match else ""


def is_loopback(name: str) -> bool:
    """Return whether a name or an address can only be this machine."""
    address = _address(name)
    if address is None:
        return name == "localhost" or name.endswith(".localhost")
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def visitor_of(scope: Scope, in_space: bool = False) -> str:
    """Return the address that a request comes from: in a Space the last public one that its proxies forwarded."""
    if in_space:
        for forwarded in reversed(header(scope, "x-forwarded-for").split(",")):
            address = _address(forwarded.strip())
            if address and address.is_global:
                return str(address)
    return scope["client"][0] if scope.get("client") else ""


def at_home(scope: Scope) -> bool:
    """Return whether somebody at this very machine asks: peer and Host are the loopback and no proxy lies between."""
    direct = not any(name.startswith(PROXIED) for name, _ in scope["headers"])
    return direct and is_loopback(visitor_of(scope)) and is_loopback(host_name(header(scope, "host")))


def trusted_hosts(listens_on: str, named: Sequence[str], environ: Mapping[str, str]) -> frozenset[str] | None:
    """Return the names, besides the loopback's, that a request may ask for; None where it may ask for any.

    A page elsewhere can point a name of its own at the loopback and so read what is served there alone. Whoever
    listens to other machines has nothing that this would open. A notebook's server passes its own name on.
    """
    root = urlsplit(environ.get("GRADIO_ROOT_PATH", ""))
    behind_proxy = root.path.strip("/") or any(name in environ for name in NOTEBOOKS)
    if not named and (not _leads_home(listens_on) or (behind_proxy and not root.netloc)):
        return None
    own = listens_on if _leads_home(listens_on) else ""
    names = map(host_name, (*named, own, root.netloc, environ.get("SPACE_HOST", "")))
    return frozenset(name for name in names if name and not is_loopback(name))


def _leads_home(host: str) -> bool:
    """Return whether who listens there hears this machine alone: systems write the loopback as their own name, too."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return all(is_loopback(str(address[0])) for *_, address in found)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None

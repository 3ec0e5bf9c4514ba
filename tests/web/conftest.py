"""A page without a server, made of tiny models, as a browser sees it: from a folder, at an address of its own."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from served import EPOCHS, plant

from gan.publish import write_page


class Quiet(SimpleHTTPRequestHandler):
    """What `python -m http.server` answers with, without a word about it."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """Two models: alpha with a record of its training, beta without."""
    root = tmp_path_factory.mktemp("checkpoints")
    return [plant(root / "alpha", 1, EPOCHS), plant(root / "beta", 2)]


@pytest.fixture(scope="session")
def site(checkpoints, tmp_path_factory):
    """The address of the page, which lies in a folder below the server's own."""
    root = tmp_path_factory.mktemp("served")
    write_page(root / "some" / "where", checkpoints)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/some/where/"
    server.shutdown()
    server.server_close()

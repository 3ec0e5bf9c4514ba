"""The demo in the browser, and the entry point of a Hugging Face Space.

python app.py                                    every model in checkpoints/
python app.py --checkpoint runs/mine             one folder, a run that is still training included
python app.py --checkpoint USER/NAME             a model on the Hugging Face Hub; USER/NAME@TAG for one of its tags
python app.py --host 0.0.0.0 --port 8000         for other machines in the network
python app.py --mcp                              for assistants, too
"""

from gan.terminal.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import argparse
import contextlib
import gc
import os
import socket
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from gan.errors import UserError
from gan.files import LOCK_FILE, is_there
from gan.hub.contents import MODEL
from gan.hub.ids import is_id
from gan.scratch import exit_tidily_on_signals
from gan.terminal.command import Command
from gan.terminal.console import make_unfailing
from gan.terminal.installed import check_installed
from gan.ui.surroundings import (
    address,
    alone,
    host_in,
    make_temporary_folder,
    share_heaps,
    with_brackets,
    without_brackets,
    without_stubs,
)

CHECKPOINTS = Path(__file__).parent / "checkpoints"  # beside this very file, be the code it uses elsewhere


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; what is wrong there ends the program with one sentence and status 2."""
    parser = Command(prog="app.py", description="Show the trained models in the browser.", allow_abbrev=False)
    parser.add_argument(
        "--checkpoint", nargs="+", action="extend", metavar="FOLDER_OR_ID",
        help=f"folders with a {MODEL}, published models or runs, or models on the Hub, USER/NAME[@REVISION] "
        "(default: every one in checkpoints/)",
    )  # fmt: skip
    host = os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    parser.add_argument(
        "--host", type=without_brackets, default=host, help="address to listen on (default: %(default)s)"
    )
    port = os.environ.get("GRADIO_SERVER_PORT") or "7860"
    parser.add_argument("--port", type=int, default=port, help="port to listen on (default: %(default)s)")
    parser.add_argument("--share", action="store_true", help="also make a public link through gradio.live")
    parser.add_argument(
        "--trusted-host", nargs="+", action="extend", default=[], metavar="NAME", type=trusted_host,
        help="names under which a proxy serves the page; without them a page on this machine alone answers to no other",
    )  # fmt: skip
    parser.add_argument(
        "--show-reals", action="store_true",
        help="show the real pictures that a run was trained on to everybody, not on this machine alone",
    )  # fmt: skip
    parser.add_argument(
        "--mcp", action="store_true",
        help='offer what programs can ask for to assistants, too, at /gradio_api/mcp/ (pip install "gradio[mcp]")',
    )  # fmt: skip
    options = parser.parse_args(arguments)
    if options.mcp and not find_spec("mcp"):
        stop('--mcp: assistants need a package more: pip install "gradio[mcp]"')
    if not 1 <= options.port <= 65535:
        parser.error(f"argument --port: {options.port} is no port; choose one from 1 to 65535")
    for folder in options.checkpoint or ():
        check_checkpoint(folder)
    return options


def trusted_host(text: str) -> str:
    """Return the host's name; anything that holds none ends the program with a sentence, as nobody would be trusted."""
    try:
        return host_in(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name of a host; give the one in the page's address, as in studio.example.org"
        ) from None


def check_checkpoint(folder: str) -> None:
    """End the program with a sentence where this is neither the folder of a model or a run nor an id on the Hub."""
    try:
        known = any(is_there(Path(folder, name)) for name in (MODEL, LOCK_FILE)) or is_id(folder)
    except UserError as error:
        stop(f"--checkpoint {error}")
    if not known:
        stop(
            f"--checkpoint {folder}: there is no {MODEL} in such a folder. Name the folder of a model or a run, "
            "or a model on the Hub as USER/NAME."
        )


def stop(sentence: str) -> NoReturn:
    """End the program with one sentence on stderr and status 2."""
    print(f"app.py: {sentence}", file=sys.stderr)
    sys.exit(2)


def check_port(host: str, port: int) -> None:
    """End the program with a sentence where nobody can listen on this port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError, UnicodeError) as error:  # UnicodeError: no name that could be looked up
        reason = getattr(error, "strerror", None) or error
        stop(f"cannot listen on {host}, port {port} ({reason}). Choose another --port or --host.")


def prepare() -> Callable[[], None]:
    """Make sure of what the demo needs of the machine; return what clears up behind it."""
    share_heaps()
    try:
        check_installed()
        return make_temporary_folder()
    except UserError as error:
        stop(str(error))


def build(options: argparse.Namespace) -> Any:
    """Load the models and return the page; torch and gradio are imported here, once the arguments are right."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    with contextlib.suppress(ImportError):  # ZeroGPU: before torch, and it refuses a Space without such a function;
        import spaces  # drawing stays on the CPU, which is quicker for networks this small

        spaces.GPU(lambda: None)
    gc.disable()  # imports leave no garbage, and looking for it takes a fifth of the start
    from gan.ui.loaded import for_visitors, load_models

    folders, aides = folders_to_show(options.checkpoint)
    models, problems = load_models(folders)
    for problem in problems:
        print(f"app.py: {problem}", file=sys.stderr)

    with alone():
        with without_stubs():
            from gan.ui.demo import build_demo

        asked = len(options.checkpoint or ()) > 1
        demo = build_demo(models, for_visitors(problems, folders), asked, aides)
    gc.enable()
    return demo


def folders_to_show(checkpoints: list[str] | None) -> tuple[list[Path], list[Path]]:
    """Return the folders of generators and of networks beside them: those asked for, of the Hub too, then ours.

    Our generators are shown where none is asked for. What cannot be had ends the program.
    """
    from gan.checkpoints import checkpoint_folder
    from gan.ui.loaded import find_aides, find_checkpoints, split

    try:
        generators, aides = split(checkpoint_folder(name) for name in checkpoints or ())
        return generators or find_checkpoints(CHECKPOINTS), [*aides, *find_aides(CHECKPOINTS)]
    except UserError as error:
        stop(f"--checkpoint {error}" if checkpoints else str(error))


def launch(demo: Any, options: argparse.Namespace, clear_up: Callable[[], None]) -> None:
    """Serve the page until Ctrl-C or SIGTERM."""
    from gan.ui.hosts import trusted_hosts
    from gan.ui.theme import launch_look

    def end(status: int) -> None:
        demo.delete_files(0)  # what was made for programs; nothing else is left to save
        clear_up()
        os._exit(status)

    exit_tidily_on_signals(end)
    try:
        with alone():
            demo.launch(
                server_name=with_brackets(options.host),
                server_port=options.port,
                share=options.share,
                ssr_mode=False,
                run_history=False,
                trusted_hosts=trusted_hosts(options.host, options.trusted_host, os.environ),
                show_reals=options.show_reals,
                mcp_server=options.mcp,
                quiet=True,
                prevent_thread_lock=True,
                **launch_look(),
            )
    except OSError as error:
        stop(f"cannot serve on {options.host}, port {options.port}: {error}")
    if demo.mcp_error:
        stop(f"--mcp: {demo.mcp_error}")
    print(f"Running on local URL:  {address(options.host, options.port)}", flush=True)
    demo.block_thread()


if __name__ == "__main__":
    make_unfailing()
    exit_tidily_on_signals()
options = parse_arguments(sys.argv[1:] if __name__ == "__main__" else [])
clear_up = prepare()
if __name__ == "__main__":
    check_port(options.host, options.port)
demo = build(options)
if __name__ == "__main__":
    launch(demo, options, clear_up)

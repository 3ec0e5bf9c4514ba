"""A checkpoint folder -> a model on the Hugging Face Hub, or an ONNX file; the app with its models -> a Space there.

python -m gan.publish model checkpoints/pokemon USER/NAME
python -m gan.publish space USER/NAME --checkpoint checkpoints/mine
python -m gan.publish space USER/NAME --out DIR          # writes the folder of the Space and pushes nothing
python -m gan.publish page DIR                           # a page that draws in the browser, without a server
python -m gan.publish page USER/NAME                     # the same as a static Space, which is free
python -m gan.publish onnx checkpoints/pokemon pokemon.onnx     # for programs without torch

Log in first: hf auth login.
"""

from gan.terminal.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gan.errors import UserError, in_words, printable, quoted
from gan.hub.ids import is_id, parse_target
from gan.publishing import CHECKPOINTS
from gan.publishing.credits import add_flags, given, near_copies
from gan.publishing.page import publish_page, write_page
from gan.publishing.space import HARDWARE, publish_space, write_space
from gan.scratch import exit_tidily_on_signals, temporary_folder
from gan.tasks import TASKS
from gan.terminal.command import Command
from gan.terminal.console import make_unfailing
from gan.terminal.installed import check_installed


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = Command(prog="gan.publish", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="model|space|page|onnx")
    model = verbs.add_parser("model", help="push a checkpoint folder")
    model.add_argument("folder", metavar="FOLDER", help="a folder of checkpoints/")
    space = verbs.add_parser("space", help="push the demo with models in it")
    page = verbs.add_parser("page", help="write or push a page that draws in the visitor's browser, without a server")
    page.add_argument(
        "hub_id", metavar="DIR_OR_USER/NAME", help="a new folder, as in site or ./new/site, or a static Space"
    )
    page.add_argument("--single-file", action="store_true", help="all of it in one index.html, for a disk or a mail")
    onnx = verbs.add_parser("onnx", help="write a generator as an ONNX file, and check it")
    onnx.add_argument("source", metavar="FOLDER_OR_ID", help="a folder of checkpoints/, a run, or a model on the Hub")
    onnx.add_argument("file", metavar="FILE.onnx", help="what to write")
    for verb in (model, space):
        verb.add_argument("hub_id", metavar="USER/NAME", help="where to")
    for verb in (model, space, page):
        add_flags(verb)
    for verb in (model, space, page):
        verb.add_argument("--private", action="store_true", help="if the repository is made now, make it private")
    for verb in (space, page):
        verb.add_argument(
            "--checkpoint", nargs="+", action="extend", metavar="FOLDER_OR_ID", help="default: all in checkpoints/"
        )
    space.add_argument(
        "--hardware", choices=HARDWARE, default="cpu-basic", help="zero-a10g: for a free account's ZeroGPU Space"
    )
    space.add_argument("--out", metavar="DIR", help="write the folder here and push nothing")
    options = parser.parse_args(arguments)
    try:
        check_installed()
        print(_run(options))
    except (UserError, OSError) as error:
        print(f"gan.publish: {in_words(error)}", file=sys.stderr)
        return 2
    return 0


def _run(options: argparse.Namespace) -> str:
    """Do what was asked; return the sentence that says so."""
    temporary_folder()
    if options.verb == "onnx":
        from gan.publishing.onnx import write_onnx

        apart = write_onnx(options.source, options.file)
        return f"{options.file}: z (N, z_dim) -> images (N, 3, S, S), at most {apart:.1g} apart from the generator's"
    from gan.checkpoints import read_described, task_of
    from gan.publishing.release import require_checkpoint
    from gan.ui.loaded import find_aides, find_checkpoints

    if options.verb == "page":
        return _make_page(options, options.checkpoint or find_checkpoints(CHECKPOINTS))
    repo, credits = parse_target(options.hub_id), given(vars(options))
    if options.verb == "model":
        from gan.publishing.model import keep_credits, publish_model

        folder = Path(options.folder)
        require_checkpoint(folder)
        keep_credits(folder, credits)
        oid = publish_model(folder, options.hub_id, options.private)
        described = read_described(folder)
        show = TASKS[task_of(described)].show.replace("FOLDER", repo)
        return " ".join(filter(None, [f"{repo} holds it now (commit {oid[:7]}): {show}.", near_copies(described)]))
    checkpoints = options.checkpoint or [*find_checkpoints(CHECKPOINTS), *find_aides(CHECKPOINTS)]
    if options.out and options.private:
        raise UserError("--out pushes nothing, so there is nothing to make --private")
    print("\n".join(["the models that go:", *map(_told, checkpoints)]))
    if options.out:
        write_space(options.out, repo, checkpoints, options.hardware, credits)
        return f"{options.out}: a complete Space; try it with python {quoted(Path(options.out, 'app.py'))}"
    oid = publish_space(repo, checkpoints, options.hardware, options.private, credits)
    return f"https://huggingface.co/spaces/{repo} builds now (commit {oid[:7]})"


def _told(source: str | Path) -> str:
    """Return a line on a model that goes into a Space, with a warning where it may show its training pictures."""
    from gan.checkpoints import checkpoint_folder, read_described

    return "  " + ": ".join(filter(None, [printable(source), near_copies(read_described(checkpoint_folder(source)))]))


def _make_page(options: argparse.Namespace, checkpoints: Sequence[str | Path]) -> str:
    """Write or push a page; return the sentence that says so."""
    target, credits = options.hub_id, given(vars(options))
    print("\n".join(["the models that go:", *map(_told, checkpoints)]))
    if is_id(target):
        repo = parse_target(target)
        oid = publish_page(repo, checkpoints, options.single_file, options.private, credits)
        return f"https://huggingface.co/spaces/{repo} is on line (commit {oid[:7]})"
    if options.private:
        raise UserError(f"{target} is a folder here, so there is nothing to make --private")
    files = write_page(target, checkpoints, single_file=options.single_file, credits=credits)
    size = sum(Path(target, name).stat().st_size for name in files) / 1e6
    if options.single_file:
        return f"{Path(target, 'index.html')}: {size:.1f} MB, the whole page; open it in a browser"
    return f"{target}: {size:.1f} MB, a complete page; look at it with python -m http.server -d {quoted(target)}"


if __name__ == "__main__":
    exit_tidily_on_signals()
    sys.exit(main())

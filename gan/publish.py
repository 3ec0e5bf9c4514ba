"""A checkpoint folder -> a model on the Hugging Face Hub, or an ONNX file; the app with its models -> a Space there.

python -m gan.publish model checkpoints/pokemon USER/NAME
python -m gan.publish space USER/NAME --checkpoint checkpoints/mine
python -m gan.publish space USER/NAME --out DIR          # writes the Space's folder and pushes nothing
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
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gan import hub
from gan.errors import UserError, in_words, printable, quoted
from gan.promote import CHECKPOINTS, promote
from gan.publishing.credits import add_flags, given, near_copies
from gan.publishing.space import HARDWARE, publish_space, write_space
from gan.scratch import Scratch, exit_tidily_on_signals, temporary_folder
from gan.tasks import TASKS
from gan.terminal.console import make_unfailing
from gan.terminal.installed import check_installed
from gan.terminal.mistyped import answer_in_words
from gan.web.publishing import publish_page, write_page

COPY = "checkpoint"  # what a run that is pushed while it trains is promoted to


# --- a model -------------------------------------------------------------------------------------------------------


def publish_model(folder: str | Path, hub_id: str, private: bool = False) -> str:
    """Push a checkpoint folder, tagged by the pictures it has seen; return the commit's id.

    Nothing but the design's files goes, and the card is written anew, but for the sections that a person wrote into the
    one in the folder or, under other headings, on the Hub. Raises UserError for a folder that is no
    checkpoint; hub.Unreachable where the Hub was not there after several tries.
    """
    from gan.checkpoints import CONFIG_FILE, images_seen
    from gan.files import read_json
    from gan.publishing import release
    from gan.publishing.card import CARD_FILE, card_text, hand_written, own_sections

    repo = hub.parse_target(hub_id)
    folder = Path(folder)
    files = release.require_checkpoint(folder)
    card_text(folder, repo)  # raises before anything is asked of the Hub
    own_words = own_sections(hand_written(folder), hub.readme(repo))
    card, seen = card_text(folder, repo, own_words), images_seen(read_json(folder / CONFIG_FILE))
    age = f" after {seen:,} pictures" if seen else ""
    with Scratch("gan-publish-") as staged:
        for name in files:
            release.pass_file(folder, name, staged / name)
        (staged / CARD_FILE).write_text(card, encoding="utf-8")
        return hub.push(
            staged,
            hub_id,
            files=[*files, CARD_FILE],
            owned=hub.PUBLISHED,
            message=f"Publish {repo.split('/')[1]}{age}",
            tag=f"images-{seen}" if seen else None,
            private=private,
        )


class Publisher:
    """Pushes a run while it trains, one push at a time, in the background; nothing that fails there stops the run."""

    def __init__(self, hub_id: str, every: int = 0, private: bool = False) -> None:
        """Push after each `every` pictures seen; with 0, at the end alone. A bad id raises UserError."""
        hub.parse_target(hub_id)
        self.hub_id, self.every, self.private = hub_id, every, private
        self.pushed = self.begun = 0  # images_seen
        self._push: Push | None = None

    def check(self) -> None:
        """Before hours of training: raise UserError where nobody is logged in; say so where the Hub is out of reach."""
        try:
            hub.check_login(self.hub_id)
        except hub.Unreachable as error:
            print(f"{error}; training begins, and the push is tried later")

    def on_save(self, run: Path) -> None:
        """Take note of a published snapshot of the run, and push it if it is time and the last push is through."""
        seen = _images_seen(run)
        self.settle(wait=False)
        if self.every and self._push is None and seen - self.begun >= self.every:
            self.begun = seen
            try:
                self._push = self._begin(run, seen)
                self._push.start()
            except (UserError, OSError) as error:
                self._tell_failure(error)

    def settle(self, wait: bool = True) -> None:
        """Say what became of the push under way; without `wait`, only if it is through."""
        if self._push is None or (self._push.is_alive() and not wait):
            return
        self._push.join()
        if self._push.error is None:
            self.pushed = self._push.seen
            _say(f"pushed {self.pushed:,} pictures' worth to {self.hub_id}")
        else:
            self._tell_failure(self._push.error)
        self._push = None

    def finish(self, run: Path) -> str:
        """Push what the run ended with; return a sentence on what became of it."""
        print(f"pushing to {self.hub_id}; the run itself is safe")
        self.settle()
        try:
            push = self._begin(run, _images_seen(run))
            push.run()
            error = push.error
        except (UserError, OSError) as failure:
            error = failure
        if error:
            later = f"python -m gan.promote {quoted(run)} NAME and gan.publish"
            return f"not pushed: {in_words(error)}. The run is safe; later: {later}"
        return ". ".join(filter(None, [f"pushed to {self.hub_id}", near_copies(_described(run))]))

    def _begin(self, run: Path, seen: int) -> "Push":
        """Return the push of the run as it is now, copied apart, as training goes on."""
        place = Scratch("gan-publish-")
        try:
            promote(run, COPY, place.path, look_deeper=False)  # which would take its time from training
            return Push(place, self.hub_id, self.private, seen)
        except BaseException:
            place.close()
            raise

    def _tell_failure(self, error: BaseException) -> None:
        self.begun = self.pushed  # so that the next snapshot tries again
        _say(f"not pushed, training goes on and the next snapshot is tried: {in_words(error)}")


class Push(threading.Thread):
    """One push of the checkpoint in `place`; a thread that does not keep the process alive when it is to end."""

    def __init__(self, place: Scratch, hub_id: str, private: bool, seen: int) -> None:
        super().__init__(daemon=True)
        self.place, self.hub_id, self.private, self.seen = place, hub_id, private, seen
        self.error: Exception | None = None

    def run(self) -> None:
        """Push and delete the copy; what fails is kept as `error`."""
        try:
            publish_model(self.place.path / COPY, self.hub_id, self.private)
        except Exception as error:  # whatever it is, it must not end a training
            self.error = error
        finally:
            self.place.close()


def _say(sentence: str) -> None:
    """Print a sentence above the progress bar of a training, if there is one."""
    from tqdm import tqdm

    tqdm.write(sentence)


def _described(run: Path) -> dict[str, Any]:
    from gan.checkpoints import CONFIG_FILE
    from gan.files import read_json

    return read_json(run / CONFIG_FILE)


def _images_seen(run: Path) -> int:
    return _described(run).get("images_seen", 0)


# --- the command line ----------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = argparse.ArgumentParser(
        prog="gan.publish", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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
    answer_in_words(parser)
    options = parser.parse_args(arguments)
    try:
        check_installed()
        print(_run(options))
    except (UserError, OSError) as error:
        print(f"gan.publish: {in_words(error)}", file=sys.stderr)
        return 2
    return 0


def keep_credits(folder: Path, credits: Mapping[str, str]) -> None:
    """Put credits into a checkpoint folder's config.json and card, for this push and the next."""
    from gan.checkpoints import CONFIG_FILE
    from gan.files import read_json, write_json
    from gan.publishing.card import hand_written, write_card

    if credits:
        write_json(folder / CONFIG_FILE, {**read_json(folder / CONFIG_FILE), **credits})
        write_card(folder, hand_written(folder))


def _run(options: argparse.Namespace) -> str:
    """Do what was asked; return the sentence that says so."""
    temporary_folder()
    if options.verb == "onnx":
        from gan.publishing.onnx import write_onnx

        apart = write_onnx(options.source, options.file)
        return f"{options.file}: z (N, z_dim) -> images (N, 3, S, S), at most {apart:.1g} apart from the generator's"
    from gan.checkpoints import read_described, task_of
    from gan.publishing.release import require_checkpoint
    from gan.ui.loaded import find_checkpoints

    if options.verb == "page":
        return _make_page(options, options.checkpoint or find_checkpoints(CHECKPOINTS))
    repo, credits = hub.parse_target(options.hub_id), given(vars(options))
    if options.verb == "model":
        folder = Path(options.folder)
        require_checkpoint(folder)
        keep_credits(folder, credits)
        oid = publish_model(folder, options.hub_id, options.private)
        described = read_described(folder)
        show = TASKS[task_of(described)].show.replace("FOLDER", repo)
        return " ".join(filter(None, [f"{repo} holds it now (commit {oid[:7]}): {show}.", near_copies(described)]))
    checkpoints = options.checkpoint or find_checkpoints(CHECKPOINTS)
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
    if hub.is_id(target):
        repo = hub.parse_target(target)
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

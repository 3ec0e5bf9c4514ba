"""A checkpoint folder -> a model on the Hugging Face Hub; the app with its models -> a Space there.

python -m gan.publish model checkpoints/pokemon USER/NAME
python -m gan.publish space USER/NAME --checkpoint checkpoints/mine
python -m gan.publish space USER/NAME --out DIR          # writes the Space's folder and pushes nothing

Log in first: hf auth login.
"""

from gan.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import argparse
import json
import re
import shutil
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gan import hub
from gan.console import make_unfailing
from gan.errors import UserError, in_words, quoted
from gan.files import LOCK_FILE
from gan.installed import check_installed
from gan.promote import CHECKPOINTS, promote
from gan.scratch import Scratch, exit_tidily_on_signals, temporary_folder
from gan.tasks import TASKS
from gan.words import counted

ROOT = Path(__file__).resolve().parents[1]
COPY = "checkpoint"  # what a run that is pushed while it trains is promoted to
SPACE_FILES = ("app.py", "requirements.txt", "LICENSE")
SPACE_OWNED = re.compile(r"(app\.py|requirements\.txt|LICENSE|README\.md|(gan|checkpoints)/.+)")
# What torch becomes in the Space's requirements: the CPU's build, a tenth of the size, or one that ZeroGPU knows.
HARDWARE = {
    "cpu-basic": "--extra-index-url https://download.pytorch.org/whl/cpu\ntorch>=2.10\n",
    "zero-a10g": "torch>=2.10,<2.12\n",
}
SPACE_CARD = """\
---
title: {quoted}
emoji: 🎨
colorFrom: indigo
colorTo: pink
sdk: gradio
sdk_version: {gradio}
python_version: "3.12"
app_file: app.py
license: mit
short_description: Small GANs to look inside
suggested_hardware: {hardware}
{ids}---

# {title}

The demo of [{repo}](https://huggingface.co/spaces/{repo}): {models}. Each model's card stands in the demo's About tab.
"""


# --- a model -------------------------------------------------------------------------------------------------------


def publish_model(folder: str | Path, hub_id: str, private: bool = False) -> str:
    """Push a checkpoint folder, tagged by the pictures it has seen; return the commit's id.

    Nothing but the design's files goes, and the card is written anew. Raises UserError for a folder that is no
    checkpoint; hub.Unreachable where the Hub was not there after several tries.
    """
    from gan import release
    from gan.card import card_text
    from gan.checkpoints import CONFIG_FILE, images_seen
    from gan.files import read_json

    repo = hub.parse_target(hub_id)
    folder = Path(folder)
    files = require_checkpoint(folder)
    card, seen = card_text(folder, repo), images_seen(read_json(folder / CONFIG_FILE))
    age = f" after {seen:,} pictures" if seen else ""
    with Scratch("gan-publish-") as staged:
        for name in files:
            release.pass_file(folder, name, staged / name)
        (staged / release.CARD_FILE).write_text(card, encoding="utf-8")
        return hub.push(
            staged,
            hub_id,
            files=[*files, release.CARD_FILE],
            owned=hub.PUBLISHED,
            message=f"Publish {repo.split('/')[1]}{age}",
            tag=f"images-{seen}" if seen else None,
            private=private,
        )


def require_checkpoint(folder: Path) -> list[str]:
    """Return the names of the files that may go, without the card, which is written anew.

    Raise UserError where the folder is no checkpoint, is damaged, or is a run, whose config names paths.
    """
    from gan import release
    from gan.checkpoints import GENERATOR_FILE, load_network, read_described

    files = release.files_to_pass(folder)
    if GENERATOR_FILE not in files:
        raise UserError(f"{folder}: has no {GENERATOR_FILE}; publish a folder of checkpoints/ (python -m gan.promote)")
    load_network(folder)
    train = read_described(folder).get("train")
    if isinstance(train, dict) and train.get("out"):
        raise UserError(
            f"{folder}: is a run, not a checkpoint; python -m gan.promote {quoted(folder)} NAME makes one of it"
        )
    return files


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
        return f"pushed to {self.hub_id}"

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


def _images_seen(run: Path) -> int:
    from gan.checkpoints import CONFIG_FILE
    from gan.files import read_json

    return read_json(run / CONFIG_FILE).get("images_seen", 0)


# --- a Space -------------------------------------------------------------------------------------------------------


def write_space(
    out: str | Path, hub_id: str, checkpoints: Sequence[str | Path], hardware: str = "cpu-basic"
) -> list[str]:
    """Write a complete Gradio Space into a new or empty folder; return its files' names.

    `checkpoints` are folders or Hub ids, whose published files are copied; `hardware` is one of HARDWARE. Raises
    UserError for what is no checkpoint.
    """
    from gan.checkpoints import checkpoint_folder, read_described, task_of

    out = Path(out)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UserError(f"{out} holds something already; choose another --out, a folder that is empty or not there yet")
    repo, _ = hub.parse_id(hub_id)
    folders: dict[str, tuple[Path, list[str]]] = {}
    for source in checkpoints:
        folder = checkpoint_folder(source).resolve()
        files = require_checkpoint(folder)
        if folder.name in folders:
            raise UserError(f"two models are called {folder.name}; rename one of the folders")
        if not folder.name.isprintable():
            raise UserError(f"{folder}: has a name that cannot be shown; rename the folder")
        folders[folder.name] = folder, files
    if all(task_of(read_described(folder)) != "generate" for folder, _ in folders.values()):
        raise UserError("the demo shows generators of pictures, and none of these models is one; name one beside them")
    ids = [hub.parse_id(str(source))[0] for source in checkpoints if hub.is_id(str(source))]
    with Scratch("gan-space-", out) as staged:  # in its place, so that it is whole or not there
        for name, (folder, files) in folders.items():
            _pass_checkpoint(folder, files, staged / "checkpoints" / name)
        _write_program(staged, repo, list(folders), ids, hardware)
        for path in staged.iterdir():
            if path.name != LOCK_FILE:
                path.rename(out / path.name)
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def _pass_checkpoint(folder: Path, files: list[str], target: Path) -> None:
    """Put a model into the Space, with a card wherever its config.json says enough for one."""
    from gan import release
    from gan.card import write_card

    for name in files:
        release.pass_file(folder, name, target / name)
    with suppress(UserError):
        write_card(target)


def _write_program(space: Path, repo: str, models: list[str], ids: list[str], hardware: str) -> None:
    """Write the app, its requirements and the Space's own card."""
    from gan import release
    from gan.card import plain

    names = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "gan").rglob("*"))]
    for name in (*SPACE_FILES, *(name for name in names if name.endswith((".py", ".js", ".css")))):
        (space / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(release.own_file(ROOT, name), space / name)
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    chosen = requirements.replace("torch>=2.10\n", HARDWARE[hardware])
    (space / "requirements.txt").write_text(chosen, encoding="utf-8")
    gradio = re.findall(r"^gradio==(\S+)", requirements, re.MULTILINE)[0]
    title = repo.split("/")[1]
    facts = {"title": title, "quoted": json.dumps(title), "gradio": gradio, "repo": repo, "hardware": hardware}
    shown = ", ".join(map(plain, models))
    card = SPACE_CARD.format(**facts, models=shown, ids=f"models: {json.dumps(ids)}\n" if ids else "")
    (space / "README.md").write_text(card, encoding="utf-8")


def publish_space(hub_id: str, checkpoints: Sequence[str | Path], hardware: str, private: bool = False) -> str:
    """Build a Space and push it; return the commit's id."""
    with Scratch("gan-space-") as place:
        files = write_space(place / "space", hub_id, checkpoints, hardware)
        return hub.push(
            place / "space",
            hub_id,
            files=files,
            owned=SPACE_OWNED,
            message=f"Publish the demo with {counted(len(checkpoints), 'model')}",
            private=private,
            space=hardware,
        )


# --- the command line ----------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = argparse.ArgumentParser(
        prog="gan.publish", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="model|space")
    model = verbs.add_parser("model", help="push a checkpoint folder")
    model.add_argument("folder", metavar="FOLDER", help="a folder of checkpoints/")
    space = verbs.add_parser("space", help="push the demo with models in it")
    for verb in (model, space):
        verb.add_argument("hub_id", metavar="USER/NAME", help="where to")
        verb.add_argument("--private", action="store_true", help="if the repository is made now, make it private")
    space.add_argument(
        "--checkpoint", nargs="+", action="extend", metavar="FOLDER_OR_ID", help="default: every one in checkpoints/"
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
    from gan.checkpoints import read_described, task_of
    from gan.ui.loaded import find_checkpoints

    repo = hub.parse_target(options.hub_id)
    if options.verb == "model":
        oid = publish_model(options.folder, options.hub_id, options.private)
        show = TASKS[task_of(read_described(Path(options.folder)))].show.replace("FOLDER", repo)
        return f"{repo} holds it now (commit {oid[:7]}): {show}"
    checkpoints = options.checkpoint or find_checkpoints(CHECKPOINTS)
    if options.out and options.private:
        raise UserError("--out pushes nothing, so there is nothing to make --private")
    if options.out:
        write_space(options.out, repo, checkpoints, options.hardware)
        return f"{options.out}: a complete Space; try it with python {quoted(Path(options.out, 'app.py'))}"
    oid = publish_space(repo, checkpoints, options.hardware, options.private)
    return f"https://huggingface.co/spaces/{repo} builds now (commit {oid[:7]})"


if __name__ == "__main__":
    exit_tidily_on_signals()
    sys.exit(main())

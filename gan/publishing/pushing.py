"""A run that is pushed to the Hugging Face Hub while it trains, in the background."""

import threading
from pathlib import Path

from tqdm import tqdm

from gan.checkpoints import CONFIG_FILE
from gan.errors import UserError, in_words, quoted
from gan.files import read_json
from gan.folder import HISTORY_FILE, METRICS_FILE, write_metrics
from gan.hub.client import Unreachable
from gan.hub.fetching import texts_of
from gan.hub.ids import parse_target
from gan.hub.uploading import check_login
from gan.publishing.credits import near_copies
from gan.publishing.model import publish_model
from gan.publishing.promotion import add_credits, promote
from gan.publishing.replacing import goes_on_with, is_further
from gan.publishing.staging import measurements_of
from gan.scratch import Scratch

COPY = "checkpoint"  # what a run that is pushed while it trains is promoted to


class Publisher:
    """Pushes a run while it trains, one push at a time, in the background; nothing that fails there stops the run."""

    def __init__(self, hub_id: str, every: int = 0, private: bool = False) -> None:
        """Push after each `every` pictures seen; with 0, at the end alone. A bad id raises UserError."""
        parse_target(hub_id)
        self.hub_id, self.every, self.private = hub_id, every, private
        self.pushed = self.begun = 0  # images_seen
        self._push: Push | None = None

    @property
    def flags(self) -> str:
        """The flags of train.py that ask for such a publisher."""
        every = f" --push-every {self.every}" if self.every else ""
        return f"--push-to-hub {self.hub_id}{every}{' --private' if self.private else ''}"

    def check(self) -> None:
        """Before hours of training: raise UserError where nobody is logged in; say so where the Hub is out of reach."""
        try:
            check_login(self.hub_id)
        except Unreachable as error:
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

    def finish(self, run: Path, finished: bool = True) -> str:
        """Push what the run ended with, which takes longer where it is over; return a sentence on what became of it."""
        print(f"pushing to {self.hub_id}; the run itself is safe")
        self.settle()
        try:
            push = self._begin(run, _images_seen(run), finished)
            push.run()
            error = push.error
        except Exception as failure:  # whatever it is, the run is safe
            error = failure
        if error:
            later = f"python -m gan.promote {quoted(run)} NAME and gan.publish"
            return f"not pushed: {in_words(error)}. The run is safe; later: {later}"
        return ". ".join(filter(None, [f"pushed to {self.hub_id}", near_copies(read_json(run / CONFIG_FILE))]))

    def _begin(self, run: Path, seen: int, look_deeper: bool = False) -> "Push":
        """Return the push of the run as it is now, copied apart, as training goes on; to look deeper takes time."""
        place = Scratch("gan-publish-")
        try:
            promote(run, COPY, place.path, look_deeper=look_deeper)
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
            self._take_over()
            publish_model(self.place.path / COPY, self.hub_id, self.private)
        except Exception as error:  # whatever it is, it must not end a training
            self.error = error
        finally:
            self.place.close()

    def _take_over(self) -> None:
        """Let the copy have measurements and credits of the model on the Hub, where that is an earlier state of it.

        Of the model that it began with it keeps the credits: whose a model is, its pushes do not change.
        """
        copy, repo = self.place.path / COPY, parse_target(self.hub_id)
        with Scratch("gan-publish-") as there:
            names = (CONFIG_FILE, HISTORY_FILE, METRICS_FILE)
            for name, text in zip(names, texts_of(repo, names), strict=True):
                (there / name).write_text(text, encoding="utf-8")
            further = is_further(copy, there)
            if further and (lines := measurements_of(copy, there)):
                write_metrics(copy, lines)
            if further or goes_on_with(copy, there):
                add_credits(copy, there, {})


def _say(sentence: str) -> None:
    """Print a sentence above the progress bar of a training, if there is one."""
    tqdm.write(sentence)


def _images_seen(run: Path) -> int:
    return read_json(run / CONFIG_FILE).get("images_seen", 0)

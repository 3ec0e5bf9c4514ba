"""The exam of networks that colour: drawings of pictures kept from training, coloured, beside flood fill."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from gan import exam
from gan.exam import Asked, Subject
from gan.images import from_uint8, to_uint8
from gan.metrics import Extractor, found_by
from gan.translation.apply import colorize, lay_under, on_white
from gan.translation.baselines import flood_fill
from gan.translation.coloring_metrics import METRICS, Answers, Evidence, Trial
from gan.translation.hints import palette_of, sample_hints
from gan.translation.inputs import network_inputs
from gan.translation.lines import STYLES, draw, silhouette
from gan.translation.paper import levelled

PROPOSALS = 4  # palettes of other pictures
TOGETHER = 8  # drawings coloured at a time
Question = tuple[Trial, bool, np.ndarray | None]  # with its hints or without, and which palette


class Exam(exam.Exam):
    """Trials, flood fill's answers to them, and how networks compare."""

    def __init__(self, subject: Subject, asked: Asked, extract: Extractor) -> None:
        self.extract = extract
        trained, kept = exam.split(subject, asked)
        rows = exam.evenly(len(trained.images), asked.real_count)
        self.fingerprint = trained.fingerprint
        self.real = exam.features(extract, trained.images[rows], "real pictures")
        kept_features = exam.features(extract, kept.images, "pictures kept")
        self.floor, self.pictures = exam.floor_kid(self.real, kept_features), len(kept.images)
        self.trials = trials_of(kept.images.permute(0, 2, 3, 1).contiguous().numpy())
        self.flood_fill = self._flooded()
        perfect = [_with_lines(_as_output(trial), trial) for trial in self.trials]
        self.perfect = self._features(perfect, "real pictures under the lines")

    def line(self, subject: Subject) -> dict[str, Any]:
        """Return the measurement of one network."""
        network, first = subject.network, self.trials[0]
        drawing, palette = Image.fromarray(first.drawing), [tuple(colour) for colour in first.palette.tolist()]
        milliseconds = exam.milliseconds(lambda: colorize(network, drawing, None, palette))
        answers, threads = self._coloured(network, subject.name), torch.get_num_threads()
        seen = Evidence(
            self.trials, self.pictures, answers, self.flood_fill, self.perfect, self.real, milliseconds, threads
        )
        return {
            "task": subject.task,
            **found_by(METRICS, len(self.trials), seen),
            "generated": len(self.trials),
            "real": len(self.real),
            "floor": self.floor,
            "styles": ", ".join(STYLES),
            "extractor": self.extract.name,
            "resize": exam.resize(subject.fit, subject.background),
            "data": self.fingerprint,
        }

    def _coloured(self, network: Any, name: str) -> Answers:
        """Colour every trial with its hints and palette, and from lines alone; the first ones with other palettes."""
        first = self.trials[: self.pictures]
        asked: list[Question] = [(trial, True, trial.palette) for trial in self.trials]
        asked += [(trial, False, None) for trial in self.trials]
        asked += [(trial, False, palette) for trial in first for palette in trial.others]
        results: list[np.ndarray] = []
        shown: list[np.ndarray] = []
        for start in tqdm(range(0, len(asked), TOGETHER), desc=f"{name} colours", leave=False):
            inputs = [_inputs(network, *question) for question in asked[start : start + TOGETHER]]
            with torch.inference_mode():
                output = network(*(torch.cat(part) for part in zip(*inputs, strict=True)))
            results += list(to_uint8(output[:, :3]).permute(0, 2, 3, 1).contiguous().numpy())
            of_trials = zip(output.split(1), self.trials[start : start + TOGETHER], strict=False)  # the first results
            shown += [_with_lines(colours, trial) for colours, trial in of_trials]
        return self._answers(results, shown, name)

    def _flooded(self) -> Answers:
        results = [flood_fill(trial.drawing, trial.palette, trial.hints, trial.mask) for trial in self.trials]
        results += [flood_fill(trial.drawing) for trial in self.trials]
        first = self.trials[: self.pictures]
        results += [flood_fill(trial.drawing, palette) for trial in first for palette in trial.others]
        return self._answers(results, None, "flood fill")

    def _answers(self, results: Sequence[np.ndarray], shown: Sequence[np.ndarray] | None, name: str) -> Answers:
        """Sort results by what was asked; those `shown` have the drawn lines, None where all have them."""
        count = len(self.trials)
        given, bare, rest = results[:count], results[count : 2 * count], results[2 * count :]
        proposals = [rest[start : start + PROPOSALS] for start in range(0, len(rest), PROPOSALS)]
        features = self._features(given, name)
        if shown is None:
            return Answers(given, bare, proposals, features, features)
        return Answers(given, bare, proposals, features, self._features(shown, f"{name} under the lines"))

    def _features(self, pictures: Sequence[np.ndarray], what: str) -> Tensor:
        """Return the features of pictures uint8 (H, W, 3)."""
        return self.extract(exam.shown(_batches(pictures), len(pictures), what))


def trials_of(pictures: np.ndarray) -> list[Trial]:
    """Return drawings of pictures uint8 (N, S, S, 3), each in as many rounds as there are styles, another in each.

    In the first round each is asked for in the palettes of four others, too. All of it is always the same.
    """
    insides = [silhouette(picture) for picture in pictures]
    palettes = [palette_of(*pair) for pair in zip(pictures, insides, strict=True)]
    apart = max(1, len(pictures) // (PROPOSALS + 1))  # names that follow one another may be of kin
    trials = []
    for turn in range(len(STYLES)):
        for row, (picture, inside, palette) in enumerate(zip(pictures, insides, palettes, strict=True)):
            rng = np.random.default_rng([turn, row])
            styles = [name for name in STYLES if name != "silhouette" or not inside.all()]
            drawing = levelled(draw(picture, inside, rng, styles[(row + turn) % len(styles)]))  # as it is coloured
            hints, mask = sample_hints(picture, inside, rng)
            others = [palettes[(row + (i + 1) * apart) % len(palettes)] for i in range(PROPOSALS)] if not turn else []
            trials.append(Trial(picture, inside, drawing, hints, mask, palette, others))
    return trials


def _inputs(network: Any, trial: Trial, hinted: bool, palette: np.ndarray | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the network is given for a trial, its hints for all of the figure."""
    hints = None
    if hinted:
        hints = Image.fromarray(trial.hints)
        hints.putalpha(Image.fromarray(trial.mask * np.uint8(255)))
    colours = None if palette is None else palette.tolist()
    return network_inputs(network, Image.fromarray(trial.drawing), hints, colours)


def _as_output(trial: Trial) -> Tensor:
    """Return the real picture as a network would give it, (1, 4, S, S) in [-1, 1]."""
    parts = np.dstack((trial.picture, trial.inside * np.uint8(255)))
    return from_uint8(torch.from_numpy(parts).permute(2, 0, 1)[None])


def _with_lines(colours: Tensor, trial: Trial) -> np.ndarray:
    """Return (H, W, 3) what is seen of the network's colours (1, 4, S, S): the drawing over them."""
    return np.asarray(on_white(lay_under(colours, Image.fromarray(trial.drawing))))


def _batches(pictures: Sequence[np.ndarray]) -> Sequence[Tensor]:
    """Return pictures (H, W, 3) as batches (N, 3, H, W)."""
    starts = range(0, len(pictures), exam.BATCH)
    return [
        torch.from_numpy(np.stack(pictures[start : start + exam.BATCH])).permute(0, 3, 1, 2).contiguous()
        for start in starts
    ]

"""The exam of networks that enlarge: real pictures reduced and brought back, generated ones enlarged, three ways."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gan import exam
from gan.checkpoints import load_with_digest
from gan.errors import UserError
from gan.exam import Asked, Subject
from gan.generated import generated
from gan.images import from_uint8, to_uint8
from gan.metrics import Extractor, found_by
from gan.translation.apply import upscale
from gan.translation.baselines import ENLARGERS, enlargers
from gan.translation.enlarging_metrics import METRICS, NETWORK, Evidence, Way

COUNT = 2_000  # generated pictures

Enlarge = Callable[[Tensor], Tensor]  # uint8 (N, 3, H, W), and the same larger


class Exam(exam.Exam):
    """Small pictures, how the usual ways enlarge them, and how networks compare."""

    def __init__(self, subject: Subject, asked: Asked, extract: Extractor) -> None:
        self.extract, self.side, self.scale = extract, subject.network.image_size, subject.network.scale
        self.count = COUNT if asked.count is None else asked.count
        exam.refuse_few(self.count)
        self.generator, self.digest = self._load(asked.generator)
        trained, kept = exam.split(subject, replace(asked, count=None))
        rows = exam.evenly(len(trained.images), asked.real_count)
        self.fingerprint = trained.fingerprint
        self.real = exam.features(extract, trained.images[rows], "real pictures")
        kept_features = exam.features(extract, kept.images, "pictures kept")
        self.floor, self.kept = exam.floor_kid(self.real, kept_features), kept.images
        self.small = to_uint8(avg_pool2d(from_uint8(kept.images), self.scale))
        self.usual = {name: self._usual(name) for name in enlargers()}

    def line(self, subject: Subject) -> dict[str, Any]:
        """Return the measurement of one network."""
        reduced = Reduced(partial(_by_network, subject.network), self.scale)
        brought_back = torch.cat([reduced(batch) for batch in self.small.split(exam.BATCH)])
        shown = exam.shown(brought_back.split(exam.BATCH), len(brought_back), subject.name)
        network = Way(_pixels(brought_back), self.extract(shown), self._of_generated(reduced, subject.name))
        one = from_uint8(self.small[:1])
        seen = Evidence(
            _pixels(self.kept),
            {NETWORK: network, **self.usual},
            self.real,
            (reduced.largest, reduced.mean),
            exam.milliseconds(lambda: upscale(subject.network, one)),
            torch.get_num_threads(),
        )
        made = {"enlarged": self.count, "generator": self.digest} if self.generator else {}
        return {
            "task": subject.task,
            **found_by(METRICS, len(self.small), seen),
            "generated": len(self.small),
            "real": len(self.real),
            "floor": self.floor,
            **made,
            "extractor": self.extract.name,
            "resize": exam.resize(subject.fit, subject.background),
            "data": self.fingerprint,
        }

    def _load(self, source: str) -> tuple[Any, str]:
        """Return the generator whose pictures are to be enlarged, and its digest; (None, "") where there is none."""
        if not source:
            return None, ""
        generator, digest = load_with_digest(source)
        if generator.image_size != self.side:
            raise UserError(
                f"{source}: draws pictures of {generator.image_size} pixels a side, and the network enlarges those of "
                f"{self.side}; name another --generator"
            )
        return generator, digest

    def _usual(self, name: str) -> Way:
        """Return how one of the ENLARGERS answers; what it makes of a generator's pictures is kept."""
        enlarge = partial(_one_by_one, name, scale=self.scale)
        brought_back = enlarge(self.small)
        features = exam.features(self.extract, brought_back, name)
        return Way(_pixels(brought_back), features, self._of_generated(enlarge, name, self.digest, self.scale, name))

    def _of_generated(self, enlarge: Enlarge, name: str, *named_by: object) -> Tensor | None:
        """Return the features of the generator's pictures enlarged, kept where they are named by something."""
        if not self.generator:
            return None

        def batches() -> Iterator[Tensor]:
            return map(enlarge, generated(self.generator, self.count))

        if named_by:
            return exam.kept_features(self.extract, batches, self.count, name, *named_by)
        return self.extract(exam.shown(batches(), self.count, name))


class Reduced:
    """A way to enlarge that takes note of how far its results, reduced again, are from what it was given."""

    def __init__(self, enlarge: Enlarge, scale: int) -> None:
        self.enlarge, self.scale = enlarge, scale
        self.largest, self._total, self._count = 0.0, 0.0, 0

    def __call__(self, small: Tensor) -> Tensor:
        """Enlarge pictures."""
        large = self.enlarge(small)
        off = (avg_pool2d(large.float(), self.scale) - small).abs()
        self.largest = max(self.largest, float(off.max()))
        self._total, self._count = self._total + float(off.sum()), self._count + off.numel()
        return large

    @property
    def mean(self) -> float:
        """How far they are on average, of 255."""
        return self._total / self._count


def _by_network(network: Any, small: Tensor) -> Tensor:
    return to_uint8(upscale(network, from_uint8(small)))


def _one_by_one(name: str, small: Tensor, scale: int) -> Tensor:
    large = [ENLARGERS[name](picture, scale) for picture in _pixels(small)]
    return torch.from_numpy(np.stack(large)).permute(0, 3, 1, 2)


def _pixels(pictures: Tensor) -> list[np.ndarray]:
    """Return pictures (N, 3, H, W) as a list of (H, W, 3)."""
    return list(pictures.permute(0, 2, 3, 1).contiguous().numpy())

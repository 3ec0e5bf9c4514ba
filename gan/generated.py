"""The exam of generators: pictures of seeds 0 to N - 1 against real ones, by the rows of gan.metrics."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from gan import exam, metrics
from gan.data.download import own_copy
from gan.errors import UserError
from gan.exam import Asked, Subject
from gan.images import to_uint8
from gan.latent import sample_z
from gan.metrics import Extractor

COUNT = 10_000


class Exam(exam.Exam):
    """Real pictures' features and their floor, and how generators compare with them."""

    def __init__(self, subject: Subject, asked: Asked, extract: Extractor) -> None:
        self.extract, self.count = extract, COUNT if asked.count is None else asked.count
        exam.refuse_few(self.count)
        data = own_copy(subject.dataset, asked.data)
        pictures = subject.pictures(data)
        images = pictures.images
        if len(images) < exam.LEAST:
            raise UserError(
                f"{data}: holds {len(images)} pictures; {exam.LEAST} are the least that can be measured against"
            )
        if len(images) > asked.real_count:  # evenly by sorted name
            images = images[exam.evenly(len(images), asked.real_count)]
        self.fingerprint = pictures.fingerprint
        self.real = exam.features(extract, images, "real pictures")
        self.floor = metrics.floor(self.real)

    def line(self, subject: Subject) -> dict[str, Any]:
        """Return the measurement of one generator."""
        fake = self.extract(exam.shown(generated(subject.network, self.count), self.count, subject.name))
        return {
            **metrics.measure(self.real, fake),
            "generated": self.count,
            "real": len(self.real),
            "floor": self.floor,
            "seeds": f"0-{self.count - 1}",
            "extractor": self.extract.name,
            "resize": exam.resize(subject.fit, subject.background),
            "data": self.fingerprint,
        }


def generated(generator: Any, count: int) -> Iterator[Tensor]:
    """Yield the pictures of seeds 0 to count - 1 at truncation 1, in batches of uint8 (N, 3, H, W)."""
    for start in range(0, count, exam.BATCH):
        with torch.inference_mode():
            seeds = range(start, min(start + exam.BATCH, count))
            yield to_uint8(generator(sample_z(seeds, generator.z_dim)))

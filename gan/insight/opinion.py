"""What a discriminator thinks of a picture: its logit cell by cell, and its rank among generated and real pictures."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan.errors import UserError
from gan.insight.critic import last_maps
from gan.latent import sample_z
from gan.models import Discriminator, Generator

COMPANY = range(30_000, 30_031)  # seeds: with the picture itself, a batch of the size that most recipes train with
JUDGED = 1_000  # pictures of each kind
JUDGED_FROM = 40_000  # the first seed of those that are generated
BATCH = 50
BINS = 200
FARTHEST = 1e9  # a logit
NO_PERCENTAGE = "It is a rank and no percentage of being real{why}."
ONLY_ABOVE = (
    ": this discriminator learned only to put real pictures above generated ones, so its numbers have no zero and mean "
    "nothing alone"
)


class Company(NamedTuple):
    """The pictures beside which each is judged, by a discriminator that sees how varied a batch is."""

    size: int
    mean: Tensor  # (C, 4, 4), of its last maps
    variance: Tensor  # (C, 4, 4)


class Opinion(NamedTuple):
    """Logits, and what they are made of: a logit is the sum of its cells and of what the company adds."""

    logits: Tensor  # (N,)
    cells: Tensor  # (N, 4, 4): the upper left one is of the picture's upper left quarter of each side, and around it
    varied: Tensor  # (N,), the share of minibatch standard deviation; 0 where the discriminator has none


def company_of(generator: Generator, critic: Discriminator) -> Company | None:
    """Return a fixed company of generated pictures; None where the critic judges each picture by itself."""
    if not critic.minibatch_std:
        return None
    with torch.inference_mode():
        last = last_maps(critic, generator(sample_z(COMPANY, generator.z_dim))).float()
        return Company(len(last), last.mean(dim=0), last.var(dim=0, unbiased=False))


def judge(critic: Discriminator, images: Tensor, company: Company | None) -> Opinion:
    """Return the opinion of pictures (N, 3, S, S) in [-1, 1], each judged alone in the company; both in eval mode."""
    last_layer = critic.get_parameter(f"main.{len(critic.main) - 1}.weight")
    weight = last_layer[0].float()  # (C, 4, 4), and a map more for the standard deviation
    with torch.inference_mode():
        last = last_maps(critic, images).float()  # (N, C, 4, 4)
        cells = (last * weight[: last.shape[1]]).sum(dim=1)
        varied = cells.new_zeros(len(cells))
        if company:
            # Of the company and one picture more (Welford 1962), as MinibatchStd has it.
            count = company.size
            off = (last - company.mean).square() * count / (count + 1)
            variance = (company.variance * count + off) / (count + 1)
            varied = (variance + 1e-8).sqrt().mean(dim=(1, 2, 3)) * weight[-1].sum()
        return Opinion(cells.sum(dim=(1, 2)) + varied, cells, varied)


class Rank(NamedTuple):
    """Which share of generated and of real pictures has a lower logit, 0 to 1 each."""

    generated: float
    real: float

    def sentence(self) -> str:
        """Return it for people; what it does not mean is said by `no_percentage`."""
        generated, real = (round(100 * share) for share in self)
        return f"The discriminator puts it above {generated} % of {JUDGED:,} generated pictures, {real} % of real ones."


def no_percentage(pairs: bool) -> str:
    """Return what a rank does not mean, of a discriminator whose loss paired real and generated pictures or did not."""
    return NO_PERCENTAGE.format(why=ONLY_ABOVE if pairs else "")


class Opinions(NamedTuple):
    """How a discriminator judged generated and real pictures: histograms of logits, as opinion.json holds them."""

    low: float
    high: float
    generated: list[int]  # pictures in each bin from low to high
    real: list[int]
    judged_by: str  # the name of the discriminator's file, as `weights_digest` has it
    residuals: tuple[float, ...] = ()  # how near projection comes to real pictures, ascending; where that was measured

    @classmethod
    def of(cls, generated: Tensor, real: Tensor, judged_by: str) -> "Opinions":
        """Count logits (N,) and (M,)."""
        both = torch.cat((generated, real))
        low, high = float(both.min()), float(both.max())
        high = max(high, low + 1e-3)
        drawn, known = (torch.histc(logits.float(), BINS, low, high).int().tolist() for logits in (generated, real))
        return cls(low, high, drawn, known, judged_by)

    @classmethod
    def read(cls, values: dict[str, Any], where: object) -> "Opinions":
        """Read what `_asdict` gave to JSON; whatever else raises UserError."""
        low, high = (values.get(name) for name in ("low", "high"))
        generated, real, judged_by = (values.get(name) for name in ("generated", "real", "judged_by"))
        named = isinstance(judged_by, str) and len(judged_by) == 16
        counted = _is_counted(generated) and _is_counted(real)
        spans = isinstance(low, float) and isinstance(high, float) and -FARTHEST < low < high < FARTHEST
        residuals = values.get("residuals", [])
        measured = isinstance(residuals, list) and all(type(one) is float and 0 <= one <= 255 for one in residuals)
        if not (named and counted and spans and measured):
            raise UserError(
                f"{where}: is no opinion; python -m gan.evaluate CHECKPOINT --opinion --data ZIP writes it anew"
            )
        counts = (values["generated"], values["real"])
        return cls(values["low"], values["high"], *counts, values["judged_by"], tuple(sorted(residuals)))

    def rank(self, logit: float) -> Rank:
        """Return where a logit stands; inside a bin its pictures are taken to lie evenly."""
        place = (logit - self.low) / (self.high - self.low) * BINS
        return Rank(*(_share_below(counts, place) for counts in (self.generated, self.real)))

    def share_nearer(self, residual: float) -> float | None:
        """Return which share of real pictures projection comes nearer to; None where that was not measured."""
        if not self.residuals:
            return None
        return sum(other < residual for other in self.residuals) / len(self.residuals)


def _is_counted(counts: Any) -> bool:
    if not (isinstance(counts, list) and len(counts) == BINS):
        return False
    return all(type(count) is int and 0 <= count < 10**9 for count in counts) and sum(counts) > 0


def _share_below(counts: list[int], place: float) -> float:
    below = sum(count * min(max(place - number, 0.0), 1.0) for number, count in enumerate(counts))
    return below / sum(counts)


def judge_many(generator: Generator, critic: Discriminator, judged_by: str, reals: Iterable[Tensor]) -> Opinions:
    """Return the opinions of JUDGED generated pictures and of real ones, batches (N, 3, S, S) in [-1, 1]."""
    company = company_of(generator, critic)
    with torch.inference_mode():
        seeds = range(JUDGED_FROM, JUDGED_FROM + JUDGED)
        fakes = (generator(z) for z in sample_z(seeds, generator.z_dim).split(BATCH))
        generated, real = (
            torch.cat([judge(critic, images, company).logits for images in batches]) for batches in (fakes, reals)
        )
    return Opinions.of(generated, real, judged_by)

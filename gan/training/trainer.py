"""What a run trains: the networks, their average, their optimizers; and one step, D's update, then G's."""

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gan.config import DIFFAUGMENT, Stage, TrainConfig
from gan.training import distributed
from gan.training.augment import augment
from gan.training.device import autocast
from gan.training.ema import ema_decay, update_ema
from gan.training.losses import LOSSES
from gan.training.objective import discriminator_objective, generator_objective
from gan.training.task import Networks, task_of

STATISTICS = ("loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after")
SOFTER = 0.5  # what one softening makes of the learning rate
ANNEALED_LR = 1 / 16  # what annealing leaves of the learning rate, in the end
ANNEALED_HALF_LIFE = 4  # how much longer the EMA's half-life is then


class Trainer:
    """The two networks, the average of the generator, their optimizers and the random numbers of a run."""

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device,
        precision: str,
        networks: Networks | None = None,
    ) -> None:
        """Start from the given networks; where none are given, from new ones, a function of `config.seed`."""
        self.task = task_of(config)
        torch.manual_seed(config.seed)  # the networks' first weights
        generator, discriminator = networks or self.task.new_networks()
        self.config, self.device, self.precision = config, device, precision
        self.generator = generator.to(device).to(memory_format=torch.channels_last).train()
        self.discriminator = discriminator.to(device).to(memory_format=torch.channels_last).train()
        self.ema_generator = copy.deepcopy(self.generator) if config.ema_half_life_images else None
        self.loss = LOSSES[config.loss]
        self.generate = distributed.parallel(self.generator)
        self.discriminator_objective = distributed.parallel(Objective(self.discriminator, self._objective_of_d))
        # Latents, flips, augmentation.
        self.rng = torch.Generator(device).manual_seed(distributed.own_seed(config.seed))
        self.step, self.images_seen = 0, 0
        self.images_before = 0  # seen by the checkpoint that the networks come from
        self.averaged_before = 0  # of those, how many the average counts: all where they were these pictures, else none
        self.softenings = 0  # how often training was made to go on more softly
        self.annealed = 0.0  # how far annealing has come, 0 to 1
        self.begin_stage(config.stages[0])

    def begin_stage(self, stage: Stage) -> None:
        """Give both networks a fresh Adam at the stage's learning rate and beta1."""
        self.stage = stage
        self.optimizer_d, self.optimizer_g = (
            torch.optim.Adam(network.parameters(), lr=self.lr, betas=(stage.beta1, 0.999), fused=True)
            for network in (self.discriminator, self.generator)
        )

    def soften(self, softenings: int) -> None:
        """Go on more softly, so many times in all: half the learning rate each time, and DiffAugment whole."""
        self.softenings = softenings
        self._set_lr()

    def anneal(self, annealed: float) -> None:
        """Let the learning rate fall along half a cosine, and the average lengthen; `annealed` is how far, 0 to 1."""
        self.annealed = annealed
        self._set_lr()

    @property
    def lr(self) -> float:
        """The learning rate of both networks."""
        cosine = (1 + math.cos(math.pi * self.annealed)) / 2  # from 1 to 0
        return self.stage.lr * SOFTER**self.softenings * (ANNEALED_LR + (1 - ANNEALED_LR) * cosine)

    def _set_lr(self) -> None:
        for optimizer in (self.optimizer_d, self.optimizer_g):
            for group in optimizer.param_groups:
                group["lr"] = self.lr

    @property
    def ema_half_life_images(self) -> float:
        """The half-life of the averaged generator, in pictures."""
        return self.config.ema_half_life_images * ANNEALED_HALF_LIFE**self.annealed

    @property
    def policy(self) -> str:
        """The augmentation in use."""
        if not self.softenings:
            return self.config.augment
        return ",".join(dict.fromkeys((*DIFFAUGMENT, *filter(None, self.config.augment.split(",")))))

    @property
    def statistics(self) -> tuple[str, ...]:
        """The names of what `train_step` returns."""
        return (*STATISTICS, *self.task.terms)

    def show(self, images: Tensor, condition: Tensor | None) -> Tensor:
        """Return pictures (N, 3, H, W) as D is shown them: behind the channels of their condition, and augmented."""
        shown = images if condition is None else torch.cat((condition, images), dim=1)
        return augment(shown, self.policy, self.rng)

    def judge(self, images: Tensor) -> Tensor:
        """Return D's logits of what it is shown, in float32: (N,), of patches more."""
        with autocast(images.device, self.precision):
            return self.discriminator(images).float()

    def _objective_of_d(self, reals: Tensor, fakes: Tensor, gamma: float) -> tuple[Tensor, ...]:
        return discriminator_objective(self.judge, self.loss, reals, fakes, gamma)

    @property
    def shown_generator(self) -> nn.Module:
        """The generator to show, save and measure: the average, or G itself where the recipe has no EMA."""
        return self.ema_generator or self.generator

    def finite(self) -> bool:
        """Whether every weight of both networks is a finite number."""
        weights = [*self.generator.parameters(), *self.discriminator.parameters()]
        return bool(torch.stack([weight.isfinite().all() for weight in weights]).all())

    def state_dict(self) -> dict[str, Any]:
        """Return everything the next step depends on; all processes ask for it together."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        names = ("step", "images_seen", "images_before", "averaged_before", "softenings", "annealed")
        counters = {name: getattr(self, name) for name in names}
        rng = distributed.gather(self.rng.get_state()).squeeze(0)  # of several processes, a row each
        return {**state, **counters, "rng": rng, "device": self.device.type}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned.

        From another kind of device, or from another number of processes, the random numbers begin anew.
        """
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.step, self.images_seen = state["step"], state["images_seen"]
        self.images_before, self.softenings = state.get("images_before", 0), state.get("softenings", 0)
        self.averaged_before = state.get("averaged_before", self.images_before)
        self.annealed = state.get("annealed", 0.0)
        if self.goes_on_as(state):
            row = torch.atleast_2d(state["rng"])[distributed.rank()]
            self.rng.set_state(row.clone())  # as set_state reads from the start of a view's storage
        else:
            self.rng.manual_seed(distributed.own_seed(self.config.seed + self.images_seen))

    def goes_on_as(self, state: dict[str, Any]) -> bool:
        """Whether the state was made on such a device and by as many processes, so that random numbers go on."""
        return state.get("device", "cpu") == self.device.type and processes_of(state) == distributed.count()

    def parameters(self) -> dict[str, list[nn.Parameter]]:
        """Return what each optimizer, by its name in the state, is to learn."""
        learners = {"optimizer_g": self.generator, "optimizer_d": self.discriminator}
        return {name: list(network.parameters()) for name, network in learners.items()}

    def _parts(self) -> dict[str, Any]:
        parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "optimizer_g": self.optimizer_g,
            "optimizer_d": self.optimizer_d,
        }
        return {**parts, "ema_generator": self.ema_generator} if self.ema_generator else parts


def processes_of(state: dict[str, Any]) -> int:
    """Return how many processes made the training state."""
    return len(torch.atleast_2d(state["rng"]))


class Objective(nn.Module):
    """What D minimises as one module, of which DistributedDataParallel sees one forward and one backward a step."""

    def __init__(self, discriminator: nn.Module, objective: Callable[..., tuple[Tensor, ...]]) -> None:
        super().__init__()
        self.discriminator, self.objective = discriminator, objective

    def forward(self, *arguments: Any) -> tuple[Tensor, ...]:
        """Return what the objective, a function of D, returns."""
        return self.objective(*arguments)


def train_step(trainer: Trainer, real_images: Tensor, images: int | None = None) -> Tensor:
    """Update D, then G, on real pictures (N, 3, H, W) in [-1, 1]; return the trainer's `statistics`, on the device.

    Of several processes, each has its share of the pictures; `images` are those of all shares.
    """
    config, discriminator, loss = trainer.config, trainer.discriminator, trainer.loss
    images = images or len(real_images)
    penalize = config.r1_gamma > 0 and trainer.step % config.penalty_every == 0
    gamma = config.r1_gamma * config.penalty_every if penalize else 0.0  # for the steps without a penalty, too

    batch = trainer.task.batch(real_images, trainer.rng)
    with autocast(trainer.device, trainer.precision):
        outputs = trainer.generate(*batch.inputs)
    outputs = outputs.float()
    fake_images, target = outputs[:, :3], batch.target[:, :3]  # (N, 3, H, W), used by both updates

    # D's update.
    reals = trainer.show(target, batch.condition).detach().requires_grad_(penalize)
    fakes = trainer.show(fake_images.detach(), batch.condition).requires_grad_(penalize and loss.pairs)
    objective, loss_d, real_logits, fake_logits = trainer.discriminator_objective(reals, fakes, gamma)
    trainer.optimizer_d.zero_grad()
    objective.backward(inputs=list(discriminator.parameters()))
    trainer.optimizer_d.step()

    # G's update, on the same fakes, augmented anew.
    discriminator.requires_grad_(False)
    fakes = trainer.show(fake_images, batch.condition)
    loss_g, fake_logits_after = generator_objective(trainer.judge, loss, real_logits.detach(), fakes)
    terms = trainer.task.weighted_terms(outputs, batch)
    trainer.optimizer_g.zero_grad()
    (loss_g + terms.sum()).backward()
    trainer.optimizer_g.step()
    discriminator.requires_grad_(True)

    trainer.step += 1
    trainer.images_seen += images
    if trainer.ema_generator:
        seen = trainer.averaged_before + trainer.images_seen
        update_ema(trainer.ema_generator, trainer.generator, ema_decay(images, trainer.ema_half_life_images, seen))
    judged = (real_logits.sigmoid().mean(), fake_logits.sigmoid().mean(), fake_logits_after.sigmoid().mean())
    return torch.cat((torch.stack((loss_d, loss_g, *judged)), terms)).detach()

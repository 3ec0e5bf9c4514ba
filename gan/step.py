"""One step of training: D's update, then G's. The whole adversarial objective is in `train_step`."""

import copy
from typing import Any

import torch
from torch import Tensor

from gan.augment import augment
from gan.config import TRANSFORMS, Stage, TrainConfig
from gan.device import autocast
from gan.ema import ema_decay, update_ema
from gan.losses import DISCRIMINATOR_LOSS, GENERATOR_LOSS, gradient_penalty
from gan.models import Discriminator, Generator

STATISTICS = ("loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after")
SOFTER = 0.5  # what one softening makes of the learning rate


class Trainer:
    """The two networks, the average of the generator, their optimizers and the random numbers of a run."""

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device,
        precision: str,
        generator: Generator | None = None,
        discriminator: Discriminator | None = None,
    ) -> None:
        """Start from the given networks; where none are given, from new ones, a function of `config.seed`."""
        torch.manual_seed(config.seed)  # the networks' first weights
        generator = generator or Generator(config.z_dim, config.base_channels, config.image_size)
        discriminator = discriminator or Discriminator(config.base_channels, config.image_size, config.d_norm)
        self.config, self.device, self.precision = config, device, precision
        self.generator = generator.to(device, memory_format=torch.channels_last).train()
        self.discriminator = discriminator.to(device, memory_format=torch.channels_last).train()
        self.ema_generator = copy.deepcopy(self.generator) if config.ema_half_life_images else None
        self.rng = torch.Generator(device).manual_seed(config.seed)  # latents, flips, augmentation
        self.step, self.images_seen = 0, 0
        self.images_before = 0  # seen by the checkpoint that the networks come from
        self.softenings = 0  # how often training was made to go on more softly
        self.begin_stage(config.stages[0])

    def begin_stage(self, stage: Stage) -> None:
        """Give both networks a fresh Adam at the stage's learning rate and beta1."""
        settings = {"lr": stage.lr * SOFTER**self.softenings, "betas": (stage.beta1, 0.999), "fused": True}
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), **settings)
        self.optimizer_g = torch.optim.Adam(self.generator.parameters(), **settings)

    def soften(self, softenings: int) -> None:
        """Go on more softly, so many times in all: half the learning rate each time, and every augmentation."""
        for optimizer in (self.optimizer_d, self.optimizer_g):
            for group in optimizer.param_groups:
                group["lr"] *= SOFTER ** (softenings - self.softenings)
        self.softenings = softenings

    @property
    def lr(self) -> float:
        """The learning rate of both networks."""
        return self.optimizer_g.param_groups[0]["lr"]

    @property
    def policy(self) -> str:
        """The augmentation in use."""
        return ",".join(TRANSFORMS) if self.softenings else self.config.augment

    def draw_z(self, count: int) -> Tensor:
        """Return fresh latents, (count, z_dim), on the device."""
        return torch.randn(count, self.config.z_dim, generator=self.rng, device=self.device)

    @property
    def shown_generator(self) -> Generator:
        """The generator to show, save and measure: the average, or G itself where the recipe has no EMA."""
        return self.ema_generator or self.generator

    def finite(self) -> bool:
        """Whether every weight of both networks is a finite number."""
        weights = [*self.generator.parameters(), *self.discriminator.parameters()]
        return bool(torch.stack([weight.isfinite().all() for weight in weights]).all())

    def state_dict(self) -> dict[str, Any]:
        """Return everything the next step depends on."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        names = ("step", "images_seen", "images_before", "softenings")
        counters = {name: getattr(self, name) for name in names}
        return {**state, **counters, "rng": self.rng.get_state(), "device": self.device.type}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned; from another kind of device, the random numbers begin anew."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.step, self.images_seen = state["step"], state["images_seen"]
        self.images_before, self.softenings = state.get("images_before", 0), state.get("softenings", 0)
        if state.get("device", "cpu") == self.device.type:
            self.rng.set_state(state["rng"])
        else:
            self.rng.manual_seed(self.config.seed + self.images_seen)

    def _parts(self) -> dict[str, Any]:
        parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "optimizer_g": self.optimizer_g,
            "optimizer_d": self.optimizer_d,
        }
        return {**parts, "ema_generator": self.ema_generator} if self.ema_generator else parts


def train_step(trainer: Trainer, real_images: Tensor) -> Tensor:
    """Update D, then G, on real pictures (N, 3, H, W) in [-1, 1]; return the five STATISTICS, on the device."""
    config, generator, discriminator = trainer.config, trainer.generator, trainer.discriminator
    relativistic = config.loss == "relativistic"
    penalize = config.r1_gamma > 0 and trainer.step % config.penalty_every == 0

    def diversify(images: Tensor) -> Tensor:
        return augment(images, trainer.policy, trainer.rng)

    def judge(images: Tensor) -> Tensor:
        with autocast(trainer.device, trainer.precision):
            return discriminator(images).float()

    z = trainer.draw_z(len(real_images))
    with autocast(trainer.device, trainer.precision):
        fake_images = generator(z)  # (N, 3, H, W), used by both updates
    fake_images = fake_images.float()

    # D: logits of reals up, of fakes down, and now and then its slope down, at the augmented pictures it is shown.
    reals = diversify(real_images).detach().requires_grad_(penalize)
    fakes = diversify(fake_images.detach()).requires_grad_(penalize and relativistic)
    real_logits, fake_logits = judge(reals), judge(fakes)
    discriminator_loss = DISCRIMINATOR_LOSS[config.loss](real_logits, fake_logits)
    objective = discriminator_loss
    if penalize:
        penalty = gradient_penalty(reals, real_logits)  # R1
        if relativistic:
            penalty = penalty + gradient_penalty(fakes, fake_logits)  # R2
        objective = objective + config.r1_gamma * config.penalty_every * penalty
    trainer.optimizer_d.zero_grad()
    objective.backward(inputs=list(discriminator.parameters()))
    trainer.optimizer_d.step()

    # G: logits of the same fakes up, before a D that stands still.
    discriminator.requires_grad_(False)
    fake_logits_after = judge(diversify(fake_images))
    reference = judge(diversify(real_images)).detach() if relativistic else real_logits.detach()
    generator_loss = GENERATOR_LOSS[config.loss](reference, fake_logits_after)
    trainer.optimizer_g.zero_grad()
    generator_loss.backward()
    trainer.optimizer_g.step()
    discriminator.requires_grad_(True)

    trainer.step += 1
    trainer.images_seen += len(real_images)
    if trainer.ema_generator:
        seen = trainer.images_before + trainer.images_seen
        decay = ema_decay(len(real_images), config.ema_half_life_images, seen)
        update_ema(trainer.ema_generator, generator, decay)
    outputs = (real_logits.sigmoid().mean(), fake_logits.sigmoid().mean(), fake_logits_after.sigmoid().mean())
    return torch.stack((discriminator_loss, generator_loss, *outputs)).detach()

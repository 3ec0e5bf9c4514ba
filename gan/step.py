"""One step of training: D's update, then G's. The whole adversarial objective is in `train_step`."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from gan import distributed
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
        networks: tuple[Generator, Discriminator] | None = None,
    ) -> None:
        """Start from the given networks; where none are given, from new ones, a function of `config.seed`."""
        torch.manual_seed(config.seed)  # the networks' first weights
        generator, discriminator = networks or new_networks(config)
        self.config, self.device, self.precision = config, device, precision
        self.generator = generator.to(device, memory_format=torch.channels_last).train()
        self.discriminator = discriminator.to(device, memory_format=torch.channels_last).train()
        self.ema_generator = copy.deepcopy(self.generator) if config.ema_half_life_images else None
        objective = DiscriminatorObjective(self.discriminator, config, precision)
        self.generate, self.discriminator_objective = map(distributed.parallel, (self.generator, objective))
        # Latents, flips, augmentation.
        self.rng = torch.Generator(device).manual_seed(distributed.own_seed(config.seed))
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
        """Return everything the next step depends on; all processes ask for it together."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        names = ("step", "images_seen", "images_before", "softenings")
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
        if state.get("device", "cpu") == self.device.type and processes_of(state) == distributed.count():
            row = torch.atleast_2d(state["rng"])[distributed.rank()]
            self.rng.set_state(row.clone())  # as set_state reads from the start of a view's storage
        else:
            self.rng.manual_seed(distributed.own_seed(self.config.seed + self.images_seen))

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


def new_networks(config: TrainConfig) -> tuple[Generator, Discriminator]:
    """Return the networks that the config asks for, with fresh weights from torch's global random numbers."""
    return (
        Generator(config.z_dim, config.base_channels, config.image_size),
        Discriminator(config.base_channels, config.image_size, config.d_norm, config.minibatch_std),
    )


def processes_of(state: dict[str, Any]) -> int:
    """Return how many processes made the training state."""
    return len(torch.atleast_2d(state["rng"]))


class DiscriminatorObjective(nn.Module):
    """What D minimises, as one module, of which DistributedDataParallel sees one forward and one backward a step."""

    def __init__(self, discriminator: Discriminator, config: TrainConfig, precision: str) -> None:
        super().__init__()
        self.discriminator, self.config, self.precision = discriminator, config, precision

    def forward(self, reals: Tensor, fakes: Tensor, penalize: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the objective, the loss in it, and the logits (N,) of pictures (N, 3, H, W) as D is shown them.

        It pushes logits of reals up, of fakes down and, where it is to penalize, D's slope at these pictures down.
        """
        config = self.config
        real_logits = judge(self.discriminator, reals, self.precision)
        fake_logits = judge(self.discriminator, fakes, self.precision)
        loss = objective = DISCRIMINATOR_LOSS[config.loss](real_logits, fake_logits)
        if penalize:
            penalty = gradient_penalty(reals, real_logits)  # R1
            if config.loss == "relativistic":
                penalty = penalty + gradient_penalty(fakes, fake_logits)  # R2
            objective = loss + config.r1_gamma * config.penalty_every * penalty
        return objective, loss, real_logits, fake_logits


def judge(discriminator: Discriminator, images: Tensor, precision: str) -> Tensor:
    """Return D's logits (N,) in float32."""
    with autocast(images.device, precision):
        return discriminator(images).float()


def train_step(trainer: Trainer, real_images: Tensor, images: int | None = None) -> Tensor:
    """Update D, then G, on real pictures (N, 3, H, W) in [-1, 1]; return the five STATISTICS, on the device.

    Of several processes, each has its share of the pictures; `images` are those of all shares.
    """
    config, generator, discriminator = trainer.config, trainer.generator, trainer.discriminator
    images = images or len(real_images)
    relativistic = config.loss == "relativistic"
    penalize = config.r1_gamma > 0 and trainer.step % config.penalty_every == 0

    def diversify(shown: Tensor) -> Tensor:
        return augment(shown, trainer.policy, trainer.rng)

    z = trainer.draw_z(len(real_images))
    with autocast(trainer.device, trainer.precision):
        fake_images = trainer.generate(z)  # (N, 3, H, W), used by both updates
    fake_images = fake_images.float()

    # D: see its objective above.
    reals = diversify(real_images).detach().requires_grad_(penalize)
    fakes = diversify(fake_images.detach()).requires_grad_(penalize and relativistic)
    objective, discriminator_loss, real_logits, fake_logits = trainer.discriminator_objective(reals, fakes, penalize)
    trainer.optimizer_d.zero_grad()
    objective.backward(inputs=list(discriminator.parameters()))
    trainer.optimizer_d.step()

    # G: logits of the same fakes up, before a D that stands still.
    discriminator.requires_grad_(False)
    fake_logits_after = judge(discriminator, diversify(fake_images), trainer.precision)
    reference = real_logits.detach()
    if relativistic:
        reference = judge(discriminator, diversify(real_images), trainer.precision).detach()
    generator_loss = GENERATOR_LOSS[config.loss](reference, fake_logits_after)
    trainer.optimizer_g.zero_grad()
    generator_loss.backward()
    trainer.optimizer_g.step()
    discriminator.requires_grad_(True)

    trainer.step += 1
    trainer.images_seen += images
    if trainer.ema_generator:
        seen = trainer.images_before + trainer.images_seen
        update_ema(trainer.ema_generator, generator, ema_decay(images, config.ema_half_life_images, seen))
    outputs = (real_logits.sigmoid().mean(), fake_logits.sigmoid().mean(), fake_logits_after.sigmoid().mean())
    return torch.stack((discriminator_loss, generator_loss, *outputs)).detach()

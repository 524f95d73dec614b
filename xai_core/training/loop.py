"""The training loop: dense crops first, whole images after; checkpoint, resume, budget.

Every batch is drawn from (seed, phase, step), so a resumed run sees the batches it would have seen.
The schedule follows the larger of two fractions: steps done of steps planned, and time used of the
budget; on a slow machine the run ends in time with its rates annealed all the same.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.phantom.background import Background
from xai_core.training.data import Sample, draw_crops, draw_image, draw_pathology
from xai_core.training.network import TIMM_NAME, DenselyTaught, loss
from xai_core.training.real import RealImage, draw_real

MEAN, STD = 0.25, 0.20  # of grey in phantom and release images alike, margins included


@dataclass(frozen=True)
class Phase:
    """One phase: ``crop`` px pictures (the whole image where crop == size), annealed contrast."""

    name: str
    crop: int
    batch: int
    steps: int
    minutes: float
    rate: float
    gain: tuple[float, float]  # lesion contrast at the start and at the end of the annealing
    dense_weight: float
    class_weight: float
    real: float = 0.0  # share of real images in a batch
    frozen: bool = False  # stem and stages 1, 2 stay as they are: a third of the work


@dataclass(frozen=True)
class Plan:
    """What a run does; kept in the checkpoint and compared on resume."""

    phases: tuple[Phase, ...]
    seed: int = 0
    size: int = 384
    timm_name: str = TIMM_NAME
    ema_decay: float = 0.998
    low_precision: bool = True  # bfloat16 autocast


def plan_for(
    minutes: float, seed: int = 0, gpu: bool = False, steps: int | None = None,
    warm: bool = False, real: bool = False,
) -> Plan:  # fmt: skip
    """The recipe for a budget in minutes: dense crops, whole images, and real ones mixed in.

    ``steps`` ends a phase as well, where given: then a run on the same machine can be repeated.
    ``warm``: the network starts from trained weights, so the crops are fewer and the contrast is
    annealed less.  ``real``: a third phase in which three images in ten are real.
    """
    steps = steps or 100_000
    crops, images = (64, 64) if gpu else (32, 4)
    first = 0.4 if warm else 0.35
    last = 0.2 if real else 0.0
    start = 1.6 if warm else 3.5
    rate = 6e-4 if gpu else 4e-4
    phases = [
        Phase("crops", 96, crops, steps, first * minutes, 1.2e-3 if warm else 2e-3,
              (start, 1.1), 1.0, 0.5),
        Phase("images", 384, images, steps, (1 - first - last) * minutes, rate,
              (1.25, 1.0), 0.7, 1.0, frozen=warm),
    ]  # fmt: skip
    if real:
        phases.append(
            Phase("images and real ones", 384, images, steps, last * minutes, 0.5 * rate,
                  (1.0, 1.0), 0.7, 1.0, real=0.3, frozen=warm)
        )  # fmt: skip
    return Plan(tuple(phases), seed, low_precision=gpu or has_bfloat16())


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself: emulated it is ten times slower."""
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(known.get("avx512_bf16") or known.get("amx_bf16") or known.get("bf16"))


@dataclass
class State:
    """Where a run is: the phase, the step in it, and the seconds it has used in it."""

    phase: int = 0
    step: int = 0
    seconds: float = 0.0


class Run:
    """One training run in ``folder``: model, average, optimiser, and where it is."""

    def __init__(self, plan: Plan, folder: Path, device: torch.device, compiled: bool) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.folder, self.device = plan, folder, device
        self.state = State()
        self.steps_done: dict[str, int] = {}
        self.real: list[RealImage] = []
        self.model = DenselyTaught(plan.timm_name)
        cast(Any, self.model).to(device, memory_format=torch.channels_last)
        self.average = torch.optim.swa_utils.AveragedModel(
            self.model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(plan.ema_decay)
        )
        decay = [p for p in self.model.parameters() if p.ndim > 1]
        plain = [p for p in self.model.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decay, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
            lr=1e-3,
            betas=(0.9, 0.98),
        )
        self.forward: Callable[[Tensor], Any] = (
            torch.compile(self.model, dynamic=False) if compiled else self.model
        )

    @property
    def averaged_trunk(self) -> torch.nn.Module:
        """The classifier with its weights averaged over the run: what is shipped."""
        module: Any = self.average.module
        trunk: torch.nn.Module = module.trunk
        return trunk

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def save(self) -> None:
        """Write the checkpoint; the old one stays until the new one is whole."""
        partial = self.checkpoint.with_suffix(".part")
        torch.save(
            {
                "plan": dataclasses.asdict(self.plan),
                "state": dataclasses.asdict(self.state),
                "steps_done": self.steps_done,
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
            },
            partial,
        )
        partial.replace(self.checkpoint)

    def resume(self) -> bool:
        """Load the checkpoint if there is one; tensors and plain values only, no code.

        Raises:
            BadRequest: it belongs to another plan.
        """
        if not self.checkpoint.exists():
            return False
        kept = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        mine = dataclasses.asdict(self.plan)
        other = [k for k, v in kept["plan"].items() if mine.get(k) != v]
        if other:
            raise BadRequest(
                f"The checkpoint in {self.folder.name} belongs to another run (it differs in "
                f"{', '.join(other)}); repeat that run's options, or give another --work folder."
            )
        self.model.load_state_dict(kept["model"])
        self.average.load_state_dict(kept["average"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.state = State(**kept["state"])
        self.steps_done = dict(kept.get("steps_done", {}))
        return True

    def start_from(self, trunk: dict[str, Tensor]) -> None:
        """Begin with a trained classifier's weights; the dense heads stay as initialised."""
        for model in (self.model, cast(Any, self.average.module)):
            model.trunk.load_state_dict(trunk)

    def train(
        self, backgrounds: list[Background], log: Callable[[str, float, float], None],
        save_every: float = 120.0, real: list[RealImage] | None = None,
    ) -> None:  # fmt: skip
        """Run what is left of the plan; ``log(phase, fraction of it, loss)`` after every step.

        ``real``: images for the phases with a share of them.
        """
        self.real = real or []
        while self.state.phase < len(self.plan.phases):
            phase = self.plan.phases[self.state.phase]
            saved = time.monotonic()
            while self._fraction(phase) < 1:
                begin = time.monotonic()
                value = self._step(phase, backgrounds)
                self.state.step += 1
                self.steps_done[phase.name] = self.state.step
                self.state.seconds += time.monotonic() - begin
                log(phase.name, min(1.0, self._fraction(phase)), value)
                if time.monotonic() - saved > save_every:
                    self.save()
                    saved = time.monotonic()
            self.state = State(phase=self.state.phase + 1)
            self.save()

    def _fraction(self, phase: Phase) -> float:
        return max(self.state.step / phase.steps, self.state.seconds / (60 * phase.minutes))

    def _step(self, phase: Phase, backgrounds: list[Background]) -> float:
        f = self._fraction(phase)
        rate = phase.rate * min(1, (self.state.step + 1) / 60) * (0.5 + 0.5 * math.cos(math.pi * f))
        for group in self.optimiser.param_groups:
            group["lr"] = rate + 1e-6
        start, end = phase.gain
        gain = end + (start - end) * max(0.0, 1 - f / 0.7)
        rng = np.random.default_rng((self.plan.seed, self.state.phase, self.state.step))
        x, mask, malignant, classed = self._collate(self._draw(rng, phase, backgrounds, gain))
        self.model.train()
        self.model.frozen = phase.frozen
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.plan.low_precision):
            maps, logits = self.forward(x)
        value = loss(maps, logits, mask, malignant, phase.dense_weight, phase.class_weight, classed)
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.average.update_parameters(self.model)
        return float(value.detach())

    def _draw(
        self, rng: np.random.Generator, phase: Phase, backgrounds: list[Background], gain: float
    ) -> list[Sample]:
        size = self.plan.size
        if phase.crop < size:
            out: list[Sample] = []
            while len(out) < phase.batch:
                out += draw_crops(rng, backgrounds, size, phase.crop, gain, 8)
            return out[: phase.batch]
        return [
            draw_real(rng, self.real)
            if self.real and rng.random() < phase.real
            else draw_image(rng, backgrounds, size, gain, draw_pathology(rng))
            for _ in range(phase.batch)
        ]

    def _collate(self, samples: list[Sample]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        images = torch.from_numpy(np.stack([s.image for s in samples]))[:, None]
        x = ((images - MEAN) / STD).expand(-1, 3, -1, -1)
        x = x.contiguous(memory_format=torch.channels_last)
        mask = torch.from_numpy(np.stack([s.mask for s in samples])).float()[:, None]
        malignant = torch.tensor([int(s.malignant) for s in samples])
        classed = torch.tensor([float(s.classed) for s in samples])
        return (
            x.to(self.device), mask.to(self.device), malignant.to(self.device),
            classed.to(self.device),
        )  # fmt: skip

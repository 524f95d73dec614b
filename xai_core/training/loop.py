"""The training loop with checkpoints and a time budget, and its progress bar.

The phases are crops with lesions first, then whole images.  The schedule follows the larger of two
fractions, steps done of steps planned and time used of the budget, so that also on a slow machine
the run ends in time with a fully annealed learning rate.
"""

from __future__ import annotations

import dataclasses
import io
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.files import write_bytes, writing
from xai_core.phantom.tissue import Background
from xai_core.training.batches import Batches
from xai_core.training.evidence import evidence_loss
from xai_core.training.network import TrainingNetwork, descriptor_loss, loss
from xai_core.training.plan import Phase, Plan
from xai_core.training.real import RealImage
from xai_core.training.sample import Batch

MEAN, STD = 0.25, 0.20  # of the grey values, margins included; similar in phantoms and CDD-CESM
_AVERAGED = 4  # steps between two updates of the average, since an update touches every weight


@dataclass
class State:
    """The position of a run: the phase, the step in it, and the seconds spent in it."""

    phase: int = 0
    step: int = 0
    seconds: float = 0.0


def _stored(plan: Plan) -> dict[str, Any]:
    """The plan as in the checkpoint, where the number of sample workers has the key "drawers"."""
    fields = dataclasses.asdict(plan)
    return {("drawers" if name == "workers" else name): value for name, value in fields.items()}


class Run:
    """One training run in ``folder``: model, averaged model, optimiser and position."""

    def __init__(self, plan: Plan, folder: Path, device: torch.device, compiled: bool) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.folder, self.device = plan, folder, device
        self.state = State()
        self.steps_done: dict[str, int] = {}
        self.model = TrainingNetwork(plan.timm_name)
        cast(Any, self.model).to(device, memory_format=torch.channels_last)
        ema = torch.optim.swa_utils.get_ema_multi_avg_fn(plan.ema_decay**_AVERAGED)
        self.average = torch.optim.swa_utils.AveragedModel(self.model, multi_avg_fn=ema)
        decay = [p for p in self.model.parameters() if p.ndim > 1]
        plain = [p for p in self.model.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decay, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
            lr=1e-3,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.forward: Callable[[Tensor, Tensor], Any] = (
            torch.compile(self.model, dynamic=False) if compiled else self.model
        )

    @property
    def averaged_trunk(self) -> torch.nn.Module:
        """The classifier with its weights averaged over the run, which is exported."""
        module: Any = self.average.module
        trunk: torch.nn.Module = module.trunk
        return trunk

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def save(self) -> None:
        """Write the checkpoint atomically.

        Raises:
            BadRequest: the folder cannot be written.
        """
        state = {
            "plan": _stored(self.plan),
            "state": dataclasses.asdict(self.state),
            "steps_done": self.steps_done,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        buffer = io.BytesIO()  # torch tells of a full disk as a defect of its own
        torch.save(state, buffer)
        with writing(self.folder, "--work"):
            write_bytes(self.checkpoint, buffer.getbuffer())

    def resume(self) -> bool:
        """Load the checkpoint, without executing code from it; returns whether there is one.

        The precision is the checkpoint's: the plan's is measured, and a busy processor can measure
        another one.

        Raises:
            BadRequest: it belongs to another plan.
        """
        if not self.checkpoint.exists():
            return False
        kept = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        precision = bool(kept["plan"].get("low_precision", self.plan.low_precision))
        self.plan = dataclasses.replace(self.plan, low_precision=precision)
        plan = _stored(self.plan)
        other = [k for k, v in kept["plan"].items() if plan.get(k) != v]
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
        """Start from a trained classifier's weights; the dense heads keep their initial weights."""
        for model in (self.model, cast(Any, self.average.module)):
            model.trunk.load_state_dict(trunk)

    def train(
        self, backgrounds: list[Background], log: Callable[[str, float, float], None],
        save_every: float = 120.0, real: list[RealImage] | None = None,
    ) -> None:  # fmt: skip
        """Run the rest of the plan; ``log(phase, fraction of it, loss)`` is called at every step.

        ``save_every``: seconds between checkpoints.  ``real``: images for phases with a share of
        real images.
        """
        with Batches(self.plan, backgrounds, real or [], self._time_share) as batches:
            self._run(batches, log, save_every)

    def _run(
        self, batches: Batches, log: Callable[[str, float, float], None], save_every: float
    ) -> None:
        while self.state.phase < len(self.plan.phases):
            phase = self.plan.phases[self.state.phase]
            self._freeze(phase.frozen)
            saved = time.monotonic()
            while self._fraction(phase) < 1:
                begin = time.monotonic()
                value = self._step(phase, batches.take(self.state.phase, self.state.step))
                self.state.step += 1
                self.steps_done[phase.name] = self.state.step
                self.state.seconds += time.monotonic() - begin
                log(phase.name, min(1.0, self._fraction(phase)), value)
                if time.monotonic() - saved > save_every:
                    self.save()
                    saved = time.monotonic()
            self.state = State(phase=self.state.phase + 1)
            self.save()

    def _freeze(self, stages: int) -> None:
        """Exclude the stem, the first ``stages`` stages and their dense heads from training; 0
        trains everything."""
        self.model.requires_grad_(True)
        if stages:
            trunk = self.model.trunk
            # The first head is on the second stage.  PyTorch 2.13 crashes where a head's
            # normalisation is trained on a channels-last input that needs no gradient.
            for part in (trunk.stem, *trunk.stages[:stages], *self.model.heads[: stages - 1]):
                part.requires_grad_(False)

    def _time_share(self, phase: int) -> float:
        """The share of a phase's time that has passed."""
        now = self.state.seconds if phase == self.state.phase else 0.0
        return now / (60 * self.plan.phases[phase].minutes)

    def _fraction(self, phase: Phase) -> float:
        return phase.fraction(self.state.step, self._time_share(self.state.phase))

    def _step(self, phase: Phase, batch: Batch) -> float:
        f = self._fraction(phase)
        rate = phase.rate * min(1, (self.state.step + 1) / 60) * (0.5 + 0.5 * math.cos(math.pi * f))
        for group in self.optimiser.param_groups:
            group["lr"] = rate + 1e-6
        x, mask, target, class_counts, labels = self._collate(batch)
        self.model.train()
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.plan.low_precision):
            maps, descriptor_logits, logits, stage_3 = self.forward(x, mask)
        value = loss(
            maps, logits, mask, target, phase.dense_weight, phase.class_weight, class_counts
        )
        value = value + phase.naming_weight * descriptor_loss(descriptor_logits, labels)
        if phase.evidence_weight:
            malignant = (target > 0.5) & (class_counts > 0)
            value = value + phase.evidence_weight * evidence_loss(
                self.model.trunk, stage_3, mask, malignant
            )
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        if self.state.step % _AVERAGED == 0:
            self.average.update_parameters(self.model)
        return float(value.detach())

    def _collate(self, batch: Batch) -> tuple[Tensor, ...]:
        images = torch.from_numpy(batch.images).to(self.device)[:, None]
        x = ((images - MEAN) / STD).expand(-1, 3, -1, -1)
        x = x.contiguous(memory_format=torch.channels_last)
        mask = torch.from_numpy(batch.masks).to(self.device).float()[:, None]
        others = (batch.targets, batch.class_counts, batch.labels)
        return (x, mask, *(torch.from_numpy(other).to(self.device) for other in others))


_PRINT_EVERY = 30.0  # seconds between lines where the output is not a terminal


@contextmanager
def training_bar() -> Iterator[Callable[[str, float, float], None]]:
    """A bar per phase on standard error; yields ``log(phase, fraction of it done, loss)``."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  loss {task.fields[loss]:.3f}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    recent: deque[float] = deque(maxlen=50)
    tasks: dict[str, TaskID] = {}
    console = Console(stderr=True)
    printed = 0.0
    with Progress(*columns, console=console) as bar:

        def log(phase: str, fraction: float, loss: float) -> None:
            nonlocal printed
            if phase not in tasks:
                recent.clear()
                tasks[phase] = bar.add_task(phase, total=1.0, loss=loss)
            recent.append(loss)
            mean = sum(recent) / len(recent)
            bar.update(tasks[phase], completed=fraction, loss=mean)
            # The bar is not visible in a file: print lines instead.
            if not console.is_terminal and time.monotonic() - printed > _PRINT_EVERY:
                printed = time.monotonic()
                console.print(f"{phase}: {100 * fraction:.1f} %  loss {mean:.4f}", highlight=False)

        yield log

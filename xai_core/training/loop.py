"""The training loop, and how it tells of its progress.

The training loop: dense crops first, whole images after; checkpoint, resume, budget.

The schedule follows the larger of two fractions: steps done of steps planned, and time used of the
budget; on a slow machine the run ends in time with its rates annealed all the same.

The progress bar of a training run."""

from __future__ import annotations

import dataclasses
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
from xai_core.files import whole_file
from xai_core.phantom.tissue import Background
from xai_core.training.batches import Batches
from xai_core.training.network import DenselyTaught, loss, naming_loss
from xai_core.training.plan import Phase, Plan
from xai_core.training.real import RealImage
from xai_core.training.sample import Batch

MEAN, STD = 0.25, 0.20  # of grey in phantom and release images alike, margins included
_AVERAGED = 4  # steps between two updates of the average: one touches every weight twice


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
        self.model = DenselyTaught(plan.timm_name)
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
        """The classifier with its weights averaged over the run: what is shipped."""
        module: Any = self.average.module
        trunk: torch.nn.Module = module.trunk
        return trunk

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def save(self) -> None:
        """Write the checkpoint; the old one stays until the new one is whole."""
        state = {
            "plan": dataclasses.asdict(self.plan),
            "state": dataclasses.asdict(self.state),
            "steps_done": self.steps_done,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        with whole_file(self.checkpoint) as partial:
            torch.save(state, partial)

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
        with Batches(self.plan, backgrounds, real or [], self._passed) as batches:
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
        """Hold the stem and the first ``stages`` stages as they are, and the dense heads on them;
        0 lets everything learn."""
        self.model.requires_grad_(True)
        if stages:
            trunk = self.model.trunk
            # The first head is on the second stage.  PyTorch 2.13 crashes where its normalisation
            # learns from a channels-last picture that needs no gradient.
            for part in (trunk.stem, *trunk.stages[:stages], *self.model.heads[: stages - 1]):
                part.requires_grad_(False)

    def _passed(self, phase: int) -> float:
        """The share of a phase's time that is over."""
        now = self.state.seconds if phase == self.state.phase else 0.0
        return now / (60 * self.plan.phases[phase].minutes)

    def _fraction(self, phase: Phase) -> float:
        return phase.fraction(self.state.step, self._passed(self.state.phase))

    def _step(self, phase: Phase, batch: Batch) -> float:
        f = self._fraction(phase)
        rate = phase.rate * min(1, (self.state.step + 1) / 60) * (0.5 + 0.5 * math.cos(math.pi * f))
        for group in self.optimiser.param_groups:
            group["lr"] = rate + 1e-6
        x, mask, target, classed, words = self._collate(batch)
        self.model.train()
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.plan.low_precision):
            maps, named, logits = self.forward(x, mask)
        value = loss(maps, logits, mask, target, phase.dense_weight, phase.class_weight, classed)
        value = value + phase.naming_weight * naming_loss(named, words)
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
        others = (batch.targets, batch.classed, batch.words)
        return (x, mask, *(torch.from_numpy(other).to(self.device) for other in others))


_SAY_EVERY = 30.0  # seconds


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
    said = 0.0
    with Progress(*columns, console=console) as bar:

        def log(phase: str, fraction: float, loss: float) -> None:
            nonlocal said
            if phase not in tasks:
                recent.clear()
                tasks[phase] = bar.add_task(phase, total=1.0, loss=loss)
            recent.append(loss)
            mean = sum(recent) / len(recent)
            bar.update(tasks[phase], completed=fraction, loss=mean)
            # In a file the bar itself leaves no trace.
            if not console.is_terminal and time.monotonic() - said > _SAY_EVERY:
                said = time.monotonic()
                console.print(f"{phase}: {100 * fraction:.1f} %  loss {mean:.4f}", highlight=False)

        yield log

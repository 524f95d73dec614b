"""Score-CAM: Wang et al., "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural
Networks", CVPR Workshops 2020, arXiv:1910.01279."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from xai_core.cam.base import CamMethod, CamResult, LayerInputs, Need
from xai_core.cam.class_score import ScoreOptions, class_scores
from xai_core.cam.masked_pixel import MaskedPixel, MaskOptions, fill_of
from xai_core.cam.normalise import (
    HEATMAP_CONVENTIONS,
    check_finite,
    heatmap,
    is_constant,
    min_max,
    upsample,
)
from xai_core.cam.options import option
from xai_core.scoring.logit_cache import BASELINE, LogitCache
from xai_core.types import FloatArray, Heatmap, Report


class Activations(enum.StrEnum):
    """What stands for a channel's activation, in its mask and in the sum."""

    RELU = "relu"  # its positive part
    SIGNED = "signed"  # as the network gives it
    MIN_MAX = "min-max"  # over positions, to [0, 1]


class MaskOrder(enum.StrEnum):
    """Whether a channel is min-max normalised after or before it is upsampled."""

    AFTER = "normalise-after-upsampling"
    BEFORE = "normalise-before-upsampling"


@dataclass(frozen=True)
class ScoreCamOptions(MaskOptions, ScoreOptions):
    """``channels``: the first n channels only; None means all.  ``activations``: A_k, see
    :func:`channel_activations`.  ``softmax``: the weights are a softmax over channels, else the
    increase of the score over the fully masked image.
    ``mask_align_corners``: how a mask is upsampled; True only for comparison with software that
    does so.  Maps are always upsampled with ``align_corners=False``."""

    channels: int | None = option(
        None,
        title="Channels",
        help="Exact Score-CAM asks the model once per channel. The fast one asks about the first "
        "few alone; where the exact map is known, the agreement of the two is shown.",
        suggested=(48,),  # an eighth of Stage 3's in ConvNeXtV2-Tiny
    )
    activations: Activations = option(
        Activations.RELU,
        title="Activations",
        help="The method was defined on features that are never negative; these may be. relu: "
        "their positive part. signed: as they are, the convention of other software, whose map is "
        "nearly empty where features are negative on average. min-max: each feature on a scale "
        "from 0 to 1.",
        expert=True,
    )
    mask_order: MaskOrder = option(
        MaskOrder.AFTER,
        title="Order of masking",
        help="Whether a channel is brought to [0, 1] after it is upsampled, or before.",
        expert=True,
    )
    softmax: bool = option(
        True,
        title="Softmax over channels",
        help="On: the weights are a softmax of the scores. Off: the increase of each score over "
        "the fully masked image.",
        expert=True,
    )
    mask_align_corners: bool = option(
        False,
        title="Masks aligned at corners",
        help="How masks are upsampled; on only to agree with software that does so.",
        expert=True,
    )


def channel_activations(activation: Tensor, activations: Activations) -> Tensor:
    """A_k of the layer's output (n, h, w): its positive part, itself, or each channel min-max
    normalised.

    Score-CAM was defined on activations behind a ReLU.  ConvNeXt's are signed and at its last stage
    negative on average, so that the signed weighted mean is negative nearly everywhere and hardly
    anything is left of the map.

    Raises:
        ModelError: values that are not finite, which a ReLU could hide.
    """
    check_finite(activation)
    if activations is Activations.RELU:
        return torch.relu(activation)
    return min_max(activation) if activations is Activations.MIN_MAX else activation


def channel_masks(
    activation: Tensor,
    size: int,
    order: MaskOrder,
    align_corners: bool,
) -> Tensor:
    """Each channel of (n, h, w) as a mask in [0, 1], (n, size, size)."""
    if order is MaskOrder.BEFORE:
        return upsample(min_max(activation), size, align_corners)
    return min_max(upsample(activation, size, align_corners))


def channel_weights(scores: Tensor, reference: Tensor | None = None) -> Tensor:
    """a_k from the scores of the masked images, (n,) -> (n,); the weight is 0 where NaN (not
    scored yet).

    Without ``reference``, a softmax over the scored channels, which does not change if a constant
    is added to every score.  With ``reference``, the score of the fully masked image, the increase
    over it.
    """
    scored = ~torch.isnan(scores)
    if reference is not None:
        return torch.where(scored, scores - reference, torch.zeros_like(scores))
    if not bool(scored.any()):
        return torch.zeros_like(scores)
    return torch.softmax(scores.masked_fill(~scored, -torch.inf), 0)


def score_cam(activation: Tensor, weights: Tensor) -> Tensor:
    """The signed map sum_k a_k A_k before ReLU: (n, h, w), (n,) -> (h, w).

    With softmax weights, which sum to 1, this is a weighted mean of activations.
    """
    return torch.einsum("k,khw->hw", weights.to(activation), activation)


class ScoreCam(CamMethod[ScoreCamOptions]):
    """Score-CAM as a method; one forward pass per channel that is not constant.

    The logits of all classes are cached per channel: another class needs no forward pass.
    """

    name = "score-cam"
    title = "Score-CAM"
    description = (
        "Each feature map in turn is used as a mask over the image; maps whose visible part scores "
        "high for the class weigh more. No gradients; one forward pass per feature."
    )
    reference = "Wang et al., CVPR Workshops 2020, arXiv:1910.01279"
    unit = "weighted mean activation"
    needs = frozenset({Need.ACTIVATIONS, Need.SCORER})
    options = ScoreCamOptions
    order = 10

    def forward_passes(self, channels: int, options: ScoreCamOptions) -> int:
        """One image per channel used, and without softmax the fully masked one."""
        return min(channels, options.channels or channels) + (0 if options.softmax else 1)

    def option_words(self, options: ScoreCamOptions) -> str:
        """How many channels, where not all are used."""
        channels = options.channels
        return "" if channels is None else f"the first {channels} channels"

    def exact_options(self, options: ScoreCamOptions) -> ScoreCamOptions | None:
        """The same options with all channels; None where they have all already."""
        return None if options.channels is None else dataclasses.replace(options, channels=None)

    def conventions(self, options: ScoreCamOptions) -> dict[str, str]:
        """See :meth:`xai_core.cam.base.CamMethod.conventions`."""
        return {
            "score": options.score.words,
            "activations": str(options.activations),
            "channels": "all" if options.channels is None else f"first {options.channels}",
            "constant channels": "skipped",
            "mask order": str(options.mask_order),
            "mask upsampling": f"bilinear, align_corners={options.mask_align_corners}",
            "masked pixel": str(options.masked_pixel),
            "weights": "softmax over channels"
            if options.softmax
            else "increase over the fully masked image",
            **HEATMAP_CONVENTIONS,
        }

    def cached_map(
        self, layer_inputs: LayerInputs, target: int, options: ScoreCamOptions
    ) -> Heatmap | None:
        """See :meth:`xai_core.cam.base.CamMethod.cached_map`."""
        known = self._cached_result(layer_inputs, target, options)
        return known.heatmap if known else None

    def _cached_result(
        self, layer_inputs: LayerInputs, target: int, options: ScoreCamOptions
    ) -> CamResult | None:
        raw_map = layer_inputs.raw_maps.get(_map_key(layer_inputs.layer, target, options))
        prefix = _key_prefix(layer_inputs.layer, options)
        passes = _scored(layer_inputs.logit_cache, prefix, options)
        if raw_map is None or not passes:
            return None
        return CamResult(heatmap(raw_map, layer_inputs.size), forward_passes=passes)

    def compute(
        self, layer_inputs: LayerInputs, target: int, options: ScoreCamOptions, report: Report
    ) -> CamResult:
        """See :meth:`xai_core.cam.base.CamMethod.compute`."""
        known = self._cached_result(layer_inputs, target, options)
        if known is not None:
            report(known.forward_passes, known.forward_passes, known.heatmap)
            return known
        activation = channel_activations(
            layer_inputs.activation[: options.channels], options.activations
        )
        used: list[int] = torch.nonzero(~is_constant(activation)).flatten().tolist()
        if not used:  # a sum of constant channels is constant, whatever their weights
            final = heatmap(activation.sum(0), layer_inputs.size)
            report(1, 1, final)
            return CamResult(final)
        images = _MaskedImages(layer_inputs, activation, options, used)

        def weigh(logits: FloatArray) -> tuple[Tensor, Tensor]:
            scores = torch.from_numpy(class_scores(logits, target, options.score).copy())
            reference = scores[0] if images.extra else None
            weights = channel_weights(scores[images.extra :], reference)
            return score_cam(activation[used], weights), weights

        logits = layer_inputs.logit_cache.score(
            images.keys,
            images.render,
            lambda done, total, so_far: report(
                done, total, heatmap(weigh(so_far)[0], layer_inputs.size)
            ),
        )
        raw_map, weights = weigh(logits)
        final = heatmap(raw_map, layer_inputs.size)
        layer_inputs.raw_maps.put(_map_key(layer_inputs.layer, target, options), raw_map)
        return CamResult(
            final,
            forward_passes=len(images.keys),
            extras={
                "channel_weights": _spread(weights.numpy(), used, len(activation), 0.0),
                "channel_logits": _spread(logits[images.extra :], used, len(activation), np.nan),
            },
        )


def _map_key(layer: str, target: int, options: ScoreCamOptions) -> str:
    """The key of the raw map in the raw-map cache."""
    channels = "all" if options.channels is None else options.channels
    weights = "softmax" if options.softmax else "increase"
    activations = "min-max/" if options.activations is Activations.MIN_MAX else ""
    summed = f"{activations}{channels}/{weights}"
    return f"{_key_prefix(layer, options)}/{summed}/{target}{options.score.key}"


def _key_prefix(layer: str, options: ScoreCamOptions) -> str:
    """The common prefix of the keys of all images masked by a channel.

    Signed and min-max activations share it: a channel's mask is the same for both.
    """
    relu = "relu/" if options.activations is Activations.RELU else ""
    prefix = f"score-cam/{layer}/{relu}{options.mask_order}/{options.masked_pixel}"
    return prefix + ("/align-corners" if options.mask_align_corners else "")


def _scored(logit_cache: LogitCache, prefix: str, options: ScoreCamOptions) -> int:
    """How many of the images the map depends on are in the cache; 0 where none is."""
    start = f"{prefix}/"
    channels = [key[len(start) :] for key in logit_cache.items() if key.startswith(start)]
    last = options.channels
    n = sum(k.isdigit() and (last is None or int(k) < last) for k in channels)
    return n + (0 if options.softmax or not n else 1)


def _spread(rows: FloatArray, used: Sequence[int], channels: int, missing: float) -> FloatArray:
    """The rows of the channels ``used`` at their places among all, ``missing`` at the others."""
    out = np.full((channels, *rows.shape[1:]), missing, np.float32)
    out[used] = rows
    return out


class _MaskedImages:
    """The image masked by each of some channels; without softmax, the fully masked one first."""

    def __init__(
        self,
        layer_inputs: LayerInputs,
        activation: Tensor,
        options: ScoreCamOptions,
        channels: Sequence[int],
    ) -> None:
        """``activation``: see :func:`channel_activations`; ``channels``: those of it to use."""
        self._inputs, self._options, self._channels = layer_inputs, options, channels
        self._activation = activation
        pixel = options.masked_pixel
        prefix = _key_prefix(layer_inputs.layer, options)
        self.keys = [f"{prefix}/{k}" for k in channels]
        self.extra = 0 if options.softmax else 1
        if self.extra:
            self.keys.insert(0, BASELINE if pixel is MaskedPixel.BLUR else f"image/{pixel}")
        self._fill = fill_of(layer_inputs, pixel)

    def render(self, positions: Sequence[int]) -> Tensor:
        """The images (n, C, S, S) at ascending ``positions`` of ``keys``."""
        inputs, o = self._inputs, self._options
        wanted = [self._channels[i - self.extra] for i in positions if i >= self.extra]
        masks = channel_masks(
            self._activation[wanted], inputs.size, o.mask_order, o.mask_align_corners
        )
        masks = masks[:, None]
        images = masks * inputs.x + (1 - masks) * self._fill
        full = self._fill[None].expand(len(positions) - len(wanted), -1, -1, -1)
        return torch.cat([full, images])

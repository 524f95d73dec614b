"""The parts of the architecture in one case, step by step."""

from __future__ import annotations

import numpy as np
import torch

from tests.conftest import make_case
from xai_core.features.part_study import part_study
from xai_core.model.classifier import Classifier
from xai_core.model.edits import applied, part_edits


def test_every_part_is_disabled_once_the_last_blocks_first(classifier: Classifier) -> None:
    grey = classifier.prepare(make_case().image).grey
    steps = list(part_study(classifier, grey))
    known = [step.known for step in steps]
    assert known == sorted(known)
    first, last = steps[0], steps[-1]
    assert last.known == len(last.edits) == len(part_edits(classifier.network))
    assert np.isnan(first.logits[0]).all()
    assert not np.isnan(first.logits[-1]).any()


def test_an_effect_is_that_of_the_edited_network(classifier: Classifier) -> None:
    grey = classifier.prepare(make_case().image).grey
    *_, last = part_study(classifier, grey)
    own = classifier.separate()
    inputs = own.normalise(grey)
    for k in (0, len(last.edits) // 2, len(last.edits) - 1):
        with torch.inference_mode(), applied(own.network, [last.edits[k]]):
            logits = own.network(inputs)[0].double().numpy()
        np.testing.assert_allclose(last.logits[k], logits, atol=1e-5)
        before = last.plain[1] - last.plain[0]
        np.testing.assert_allclose(last.effects[k], logits[1] - logits[0] - before, atol=2e-5)


def test_the_classifier_s_own_network_is_not_edited(classifier: Classifier) -> None:
    before = {name: value.clone() for name, value in classifier.network.state_dict().items()}
    list(part_study(classifier, classifier.prepare(make_case().image).grey))
    for name, value in classifier.network.state_dict().items():
        assert torch.equal(value, before[name])

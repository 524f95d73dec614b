"""A network of the same architecture that has learned nothing.

A map that needs training to point at findings beats it (compare Adebayo et al., "Sanity Checks for
Saliency Maps", NeurIPS 2018, arXiv:1810.03292).
"""

from __future__ import annotations

import dataclasses

import torch

from xai_core.model.classifier import Classifier
from xai_core.model.weights import build
from xai_core.training.network import fan_in_initialise

SEED = 1  # not the seed that the built-in network was trained from


def untrained(classifier: Classifier, seed: int = SEED) -> Classifier:
    """A classifier like ``classifier`` with random weights: those training starts from.

    The same seed gives the same weights; the caller's random numbers are left as they were.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(classifier.spec)
        fan_in_initialise(network)
    # Its own digest: scores of one network must never be taken for the other's.
    spec = dataclasses.replace(classifier.spec, sha256=f"untrained, seed {seed}")
    return Classifier(spec, network, classifier.device, classifier.chunk)

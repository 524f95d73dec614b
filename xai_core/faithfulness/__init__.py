"""Tests of a map's faithfulness: perturbation curves, their reliability, and metrics.

This package works with a map and a function from images to scores; it depends on neither the CAM
methods nor timm.
"""

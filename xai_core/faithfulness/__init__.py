"""Does the why hold?  Perturbation curves, their reliability, and localisation.

This room gets a map and a function from images to scores; it knows neither CAM nor timm.
"""

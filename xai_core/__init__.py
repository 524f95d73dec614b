"""Explain a CESM classifier and test the explanation: the library under the dashboard.

The packages and the direction of their imports are described in ``docs/architecture.md``.
"""

__version__ = "0.1.0"

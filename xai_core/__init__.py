"""Explain a CESM classifier and test the explanation: the library under the dashboard.

Rooms and the direction of their calls are described in ``docs/architecture.md``.
"""

__version__ = "0.1.0"

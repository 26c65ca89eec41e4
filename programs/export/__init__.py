"""A program as a file for other people: Python that needs only PyTorch, LaTeX, or plain data."""

from programs.export.evidence import Evidence
from programs.export.optimizer import export_optimizer

__all__ = ["Evidence", "export_optimizer"]

"""Data for tasks: three fixed splits, and loaders for the forms in which people have theirs."""

from evaluators.data.loaders import arrow, cifar10, folders, npz, text
from evaluators.data.splits import Data, split

__all__ = ["Data", "arrow", "cifar10", "folders", "npz", "split", "text"]

"""The vocabulary of architectures: types, layers, what they cost, and how they are built.

`functions/` holds the torch side, one plain function per layer; nothing else here imports torch
except `build.py` and `probe.py`.
"""

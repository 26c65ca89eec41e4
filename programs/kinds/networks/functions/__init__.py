"""The torch side of every layer: plain functions of tensors, weights and attributes.

They import nothing but torch, so that an exported file can carry their source. Tensors have a
batch in front: `[batch, length, width]`, `[batch, channels, height, width]` or `[batch, width]`.
"""

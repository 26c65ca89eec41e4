"""Judging architectures."""

"""Benchmarks that need more than Cambrian itself; part of a checkout, not of what is installed."""

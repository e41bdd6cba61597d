"""Measurements of what docs/benchmarks.md promises; each module says what it measures and how."""

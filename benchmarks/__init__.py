"""Timings as ratios against a baseline in the same run: `make bench` writes docs/benchmarks.md."""

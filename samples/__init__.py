"""Synthetic images, runs and experiments with known ground truth, for tests and benchmarks."""

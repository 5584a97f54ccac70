"""Images, runs and experiments made for tests and benchmarks, in which the truth is known."""

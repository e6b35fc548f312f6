"""The benchmarks; `make bench` runs them, a module each, and `report` writes docs/benchmarks.md from their results."""

"""The runner of the conformance kit, whose scripts stand in `tests/conformance`."""

"""The runner of the conformance kit, whose scripts are in `tests/conformance`."""

"""What the tests, the benchmarks and the demo share: servers, databases, clients and faults, all of them real."""

"""Metrics: what a server counts, and the listener that tells it, with `--admin-address`.

`definitions` says what there is; a `Board` holds the numbers, one for each series. A `Recorder` notes
what the edge, the store and what is live tell it, and adds it to them; `Gauges` are read from the parts of a server
when somebody asks. `exposition` makes Prometheus' text of one board, or of the sum of those of several workers, which
lie in memory that the processes share. `Listener` serves that text, and the probes.

Only this room knows `prometheus_client`. The process that starts workers loads it too, so `definitions`, `boards`,
`exposition` and `listener` load neither gRPC nor SQLAlchemy.
"""

"""Telemetry: the traces of calls, and the metrics, sent to a collector by OTLP, where the environment asks for that.

`wanted` reads from OpenTelemetry's own variables what is asked for. `tracing` decides of each call whether it is
recorded, and begins its span; `spans` makes those of its statements and commits, whose names come from `sql`. `points`
makes OTLP's metrics of a board, and `exports` sends them, now and then. `resource` says which process it is that tells.

Only this room knows OpenTelemetry, which a server without it need not have: `app` loads what it needs of this room, and
the others know a `Tracer` and a `Trace`, protocols of their own. Nothing of what callers write goes into a span.
"""

"""Sends a million mutated requests, in several processes; at the first that a server fails with, says how to repeat it.

python -m activity_session_testing.fuzzing [--seed SEED] [--inputs N] [--calls N] [--processes N] [--seconds N]
"""

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import islice

from activity_session_testing.fuzzing import campaigns

# The database of a process stays small with this many.
INPUTS_OF_A_SERVER = 20_000


def main() -> None:
    given = _arguments()
    print(f"seed {given.seed}", flush=True)
    begun = time.monotonic()
    try:
        codes = _run(given, begun + given.seconds)
    except campaigns.FoundError as found:
        flags = f"--seed {given.seed} --inputs {given.inputs} --calls {given.calls}"
        sys.exit(f"{found}\nto repeat it: make fuzz FUZZ='{flags}'")
    seconds = time.monotonic() - begun
    print(f"{codes.total():,} requests in {seconds:.0f} s, none of them failed: {dict(codes.most_common())}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default=f"{random.SystemRandom().getrandbits(64):x}")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="requests to the handlers of a server")
    parser.add_argument("--calls", type=int, default=20_000, help="requests through gRPC")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=280, help="after which no further server is begun")
    return parser.parse_args()


def _run(given: argparse.Namespace, deadline: float) -> Counter[str]:
    """Run servers, one after the other in each process; returns the codes that came from all of them."""
    servers = max(given.inputs // INPUTS_OF_A_SERVER, 1)
    sizes = given.inputs // servers, given.calls // servers
    seeds = iter([f"{given.seed}/{number}" for number in range(servers)])
    codes = Counter[str]()
    with ProcessPoolExecutor(given.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(campaigns.run, seed, *sizes) for seed in islice(seeds, given.processes)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for task in done:
                codes += task.result()
            more = islice(seeds, len(done) if time.monotonic() < deadline else 0)
            running |= {pool.submit(campaigns.run, seed, *sizes) for seed in more}
    return codes


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Our SCTP association against usrsctp's, in one process and virtual time: loss, disorder, every
ending. Arguments: the program usrsctp_peer, a filter."""
import os
import subprocess
import sys

PROGRAM = sys.argv[1]
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
SEEDS = "4"


def main():
    if not os.path.exists(PROGRAM):
        print("skipped: libusrsctp-dev was not installed when this was built")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    done = subprocess.run([PROGRAM, FILTER.partition(": ")[2], SEEDS], capture_output=True, text=True,
                          timeout=300)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("ok", "FAIL"))]
    for line in lines:
        print(line.replace("ok ", "ok    usrsctp:", 1))
    if done.returncode not in (0, 1):
        print(done.stderr[-4000:])
    failed = sum(not line.startswith("ok") for line in lines) + (done.returncode not in (0, 1))
    print(f"{len(lines) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())

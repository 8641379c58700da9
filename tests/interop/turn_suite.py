"""What the suites of the TURN client share: the probe, and how cases are run, each against a server
with the options that it wants. Arguments of a suite: the probe, a filter."""
import subprocess
import sys
import time

PROBE = sys.argv[1]
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
IP4 = "203.0.113.5"
TRANSPORTS = {"udp": 3478, "tcp": 3478, "tls": 5349, "dtls": 5349}


def probe(scenario, transport="udp", ip=IP4, user="alice", password="secret", argument=""):
    command = [PROBE, scenario, transport, ip, str(TRANSPORTS[transport]), user, password]
    return command + ([str(argument)] if argument else [])


def run(*args, **kwargs):
    done = subprocess.run(probe(*args, **kwargs), capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout.strip() or f"exit {done.returncode}: {done.stderr[-500:]}"


class Program:
    """A server that says "ready" when it is."""

    def __init__(self, *command):
        self.command = command

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line == "ready\n", f"{self.command[0]} does not start"

    def stop(self):
        self.process.kill()
        self.process.wait()


def run_cases(suite, cases, make_server):
    """cases: (options of the server, name, function of the server). The exit status."""
    passed = failed = 0
    server = options_now = None
    try:
        for options, name, case in cases:
            name = f"{suite}: {name}"
            if FILTER not in name:
                continue
            if server is None or options != options_now:
                if server:
                    server.stop()
                server, options_now = make_server(options), options
                server.start()
            start = time.monotonic()
            try:
                case(server)
                passed += 1
                print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
            except Exception as error:  # each case is on its own
                failed += 1
                print(f"FAIL  {name}: {error!r}", flush=True)
    finally:
        if server:
            server.stop()
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not (passed or FILTER) else 0

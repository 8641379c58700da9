"""What bench/compare does: `build` the programs, and `run` them in a network namespace."""
import argparse
import contextlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import select
import subprocess
import sys
import time

import compare_tables

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
BUILD = ROOT / "build" / "compare"
FLOE = BUILD / "floe" / "floe"

SIZES = {"flow-64k": 65536, "flow-1k": 1024, "loose-100": 100}
ECHOES, ECHO_SIZE = 2000, 64
CONNECTIONS = 100  # of each stack, each round; as `floe bench` has it
PEERS = 100  # that are idle
DATAGRAMS = {"floe": 2_000_000, "libnice": 100_000}
SCTP_MODES = ["sctp-16k", "sctp-16k-crc"]
SCTP_MESSAGES = 10_000
CASES = ["pair", "connect", "idle", "ice", "sctp"]


def load_run():
    """bench/run as a module: it builds, and knows versions."""
    loader = importlib.machinery.SourceFileLoader("bench_run", str(BENCH / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_run", loader))
    loader.exec_module(module)
    return module


run = load_run()


class Stack:
    """`largest`: the message that it can receive. `is_tree`: the work is done by children."""

    def __init__(self, name, command, version, largest=65536, is_tree=False):
        self.name, self.command, self.version = name, command, version
        self.largest, self.is_tree = largest, is_tree


def installed(function, *arguments):
    try:
        return function(*arguments)
    except (OSError, subprocess.CalledProcessError):
        return None


def stacks(node, browser):
    def npm(package):
        file = node / "node_modules" / package / "package.json"
        return json.loads(file.read_text())["version"] if file.exists() else None

    peer = node / "compare" / "bench" / "peers" / "peer_node.mjs"
    for name, package in [("libdatachannel", "node-datachannel"), ("libwebrtc", "@roamhq/wrtc")]:
        version = npm(package)
        yield Stack(name, ["node", "--expose-gc", peer, name], version and f"{package} {version}")
    version = installed(run.package, "golang-github-pion-webrtc.v3-dev")
    # pion hands over no more than 65,535 bytes at once.
    yield Stack("pion", [BUILD / "pion_end"], version, largest=65535)
    yield Stack("aiortc", ["/usr/bin/python3", BENCH / "peers" / "peer_aiortc.py"],
                installed(run.package, "python3-aiortc"))
    yield Stack("Chromium", ["node", browser / "compare" / "bench" / "peers" / "peer_chromium.mjs"],
                installed(run.package, "chromium"), is_tree=True)


def descendants(pid):
    """Of a process, without itself."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, todo = [], [pid]
    while todo:
        todo = [child for child, parent in parents.items() if parent in todo]
        found += todo
    return found


class End:
    """A program of bench/peers."""

    def __init__(self, stack):
        self.stack = stack
        self.process = subprocess.Popen([str(word) for word in stack.command], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)

    def tell(self, cmd, **words):
        self.process.stdin.write(json.dumps({"cmd": cmd, **words}) + "\n")
        self.process.stdin.flush()

    def told(self, limit=120):
        ready, _, _ = select.select([self.process.stdout], [], [], limit)
        line = self.process.stdout.readline() if ready else ""
        answer = {"error": "it is gone, or stands still"}
        if line:
            answer = json.loads(line) if line.startswith("{") else {"error": f"it says {line.strip()}"}
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def do(self, cmd, **words):
        self.tell(cmd, **words)
        return self.told()

    def pids(self):
        pid = self.process.pid
        return descendants(pid) if self.stack.is_tree else [pid]

    def cpu(self):
        """Seconds of all its threads and processes; of those that are there."""
        total = 0.0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                total += time.clock_gettime((~pid << 3) | 2)
        return total

    def memory(self):
        """Bytes that are its own, and its part of what it shares."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += 1024 * int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])
        return total

    def close(self):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.tell("quit")
            self.process.wait(10)
        for pid in [*descendants(self.process.pid), self.process.pid]:
            with contextlib.suppress(OSError):
                os.kill(pid, 9)
        self.process.wait()


@contextlib.contextmanager
def ends_of(stack, count):
    ends = []
    try:
        ends = [End(stack) for _ in range(count)]
        yield ends
    finally:
        for end in ends:
            end.close()


def flow(ends, size, seconds, loose):
    """As `floe bench` has it."""
    sender, receiver = ends
    cpu, start = sum(end.cpu() for end in ends), time.monotonic()
    sent = sender.do("send", size=size, seconds=seconds, loose=loose)["sent"]
    arrived = receiver.do("expect", messages=sent, quiet=300 if loose else 10_000)
    wall = time.monotonic() - start - arrived["ago"]
    cpu = sum(end.cpu() for end in ends) - cpu
    messages = arrived["messages"]
    if messages == 0 or (not loose and messages != sent):
        raise RuntimeError(f"{messages} of {sent} messages of {size} bytes arrived")
    return {"size": size, "messages_per_s": messages / wall, "mb_per_s": messages * size / wall / 1e6,
            "cpu_s_per_gb": cpu * 1e9 / (messages * size), "cpu_us_per_message": cpu * 1e6 / messages,
            "sent": sent, "received": messages}


def spread(us):
    us = sorted(us)
    return {"median_us": us[len(us) // 2], "p99_us": us[len(us) * 99 // 100], "worst_us": us[-1],
            "count": len(us)}


def measure_pair(stack, seconds):
    with ends_of(stack, 2) as ends:
        first, second = ends
        offer = first.do("offer")
        first.do("remote", **second.do("answer", sdp=offer["sdp"]))
        for end in ends:
            end.do("opened")
        rows = {name: flow(ends, min(size, stack.largest), seconds, name.startswith("loose"))
                for name, size in SIZES.items()}
        rows["echo"] = spread(first.do("echo", size=ECHO_SIZE, count=ECHOES)["us"])
        return rows


def floe_bench(*words):
    return json.loads(run.output(FLOE, "bench", "--json", *words))["results"]


def measure_floe_pair(seconds):
    rows = floe_bench("--case", "flow", "--case", "loose", "--case", "echo", "--seconds", seconds)
    by_size = {row.get("size", "echo"): row for row in rows}
    return {**{name: by_size[size] for name, size in SIZES.items()}, "echo": by_size["echo"]}


def measure_connect(stack):
    with ends_of(stack, 1) as (end,):
        return end.do("connect", count=CONNECTIONS)["us"]


def measure_idle(stack):
    with ends_of(stack, 1) as (end,):
        end.do("idle", count=20)  # what the first connections load once is not of the peers
        time.sleep(5 if stack.is_tree else 0)  # a browser has more to do at first
        before = end.memory()
        end.do("idle", count=PEERS)
        grown = end.memory() - before
        if grown <= 0:
            raise RuntimeError("its memory does not show it")
        return grown / PEERS


def measure_sockets():
    return spread(json.loads(run.output(run.BUILD / "echo_sockets", ECHOES))["us"])


def measure_ice(name):
    told = json.loads(run.output(run.BUILD / f"connect_{name}", "data", DATAGRAMS[name]))
    return {"rate": told["received"] / told["wall_s"], "us": told["cpu_s"] * 1e6 / told["received"]}


def measure_sctp(program, mode):
    told = json.loads(run.output(run.BUILD / program, mode, SCTP_MESSAGES, *run.arguments("ice"),
                                 "--json"))
    return told["cpu_ns"] / 16384


class Results:
    """case -> stack -> rounds: each {"floe": row, "other": row}, measured one after the other. What
    failed is said once and left out."""

    def __init__(self):
        self.rows, self.faults = {}, {}

    def add(self, case, stack, measure_floe, measure_other):
        if (case, stack) in self.faults:
            return
        try:
            told = {"floe": measure_floe(), "other": measure_other()}
        except (RuntimeError, OSError, ValueError, subprocess.CalledProcessError) as error:
            self.faults[case, stack] = str(error)
            print(f"left out: {stack}, {case}: {error}", file=sys.stderr, flush=True)
            return
        self.rows.setdefault(case, {}).setdefault(stack, []).append(told)
        print(f"measured: {stack}, {case}", file=sys.stderr, flush=True)


def measure_stack(results, stack, options):
    if "pair" in options.only:
        results.add("pair", stack.name, lambda: measure_floe_pair(options.seconds),
                    lambda: measure_pair(stack, options.seconds))
    if "connect" in options.only:
        results.add("connect", stack.name, lambda: floe_bench("--case", "connect")[0],
                    lambda: spread(measure_connect(stack)))


def measure(options, others):
    """The stacks take turns, and floe before each of them."""
    results = Results()
    for _ in range(options.rounds):
        for stack in others:
            measure_stack(results, stack, options)
        if "pair" in options.only:
            results.add("sockets", "bare sockets", lambda: floe_bench("--case", "echo")[0], measure_sockets)
        if "ice" in options.only:
            results.add("ice", "libnice", lambda: measure_ice("floe"), lambda: measure_ice("libnice"))
        for mode in SCTP_MODES if "sctp" in options.only else []:
            results.add(mode, "usrsctp", lambda m=mode: measure_sctp("stack_floe", m),
                        lambda m=mode: measure_sctp("sctp_usrsctp", m))
    for stack in others if "idle" in options.only else []:
        results.add("idle", stack.name,
                    lambda: floe_bench("--case", "idle")[0]["bytes_per_peer"],
                    lambda s=stack: measure_idle(s))
    return results


def build():
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOPROXY": "off",
                   "GOFLAGS": "", "GOCACHE": str(BUILD / "go-cache")}
    run.run("cmake", "--preset", "release", "-B", BUILD / "floe", stdout=subprocess.DEVNULL)
    run.run("cmake", "--build", BUILD / "floe", "--target", "floe_program", stdout=subprocess.DEVNULL)
    run.run("go", "build", "-o", BUILD / "pion_end", BENCH / "peers" / "pion" / "main.go", env=environment)
    run.build_floe()
    run.build_connect()
    run.compile_c("sctp_usrsctp", [], ["-lusrsctp"])
    run.compile_c("echo_sockets", ["-D_DEFAULT_SOURCE"], [])


def versions(others):
    names = {stack.name: stack.version for stack in others}
    names["libnice"] = installed(run.package, "libnice10")
    names["usrsctp"] = installed(run.package, "libusrsctp2")
    return names


def main():
    parser = argparse.ArgumentParser(prog="bench/compare")
    parser.add_argument("what", choices=["build", "run"])
    parser.add_argument("--node", type=pathlib.Path)
    parser.add_argument("--browser", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--only", action="append", choices=CASES)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.only = options.only or CASES
    if options.what == "build":
        build()
        return
    others = []
    for stack in stacks(options.node, options.browser):
        if stack.version is None:
            print(f"left out: {stack.name} is not installed", file=sys.stderr)
        else:
            others.append(stack)
    results = measure(options, others)
    told = {"machine": run.machine(), "compiler": run.compiler(), "rounds": options.rounds,
            "seconds": options.seconds, "versions": versions(others), "rows": results.rows,
            "left_out": [[stack, case, why] for (case, stack), why in results.faults.items()]}
    file = BUILD / "results.json"
    file.write_text(json.dumps(told, indent=1))
    compare_tables.tell(told, ROOT / "docs" / "PERFORMANCE.md" if options.write else None)


if __name__ == "__main__":
    main()

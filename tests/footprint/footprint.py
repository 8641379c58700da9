"""What floe costs: sizeof of its contexts, text of each module at -Os, the deepest stack of each.

footprint.py BUILD           compare with table.txt; a goal that was met and is no more is a fault
footprint.py BUILD --update  write table.txt anew

Measured with gcc and the default limits, trace compiled in; "tiny" is base/floe_config_tiny.h. The
goal of ICE is for its text without the trace (FLOE_TRACE=0): to explain itself has a row of its own.
A call through a pointer is taken to reach any function of its module that nothing calls by name.
"""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "arch"))
import arch        # noqa: E402
import callgraph   # noqa: E402

MODULES = arch.CORE + ["dtls"]
# Eight candidates of ours, sixteen of the peer, and half of all pairs that there can be.
WIDE = ["-DFLOE_ICE_LOCAL_MAX=8", "-DFLOE_ICE_REMOTE_MAX=16", "-DFLOE_ICE_PAIR_MAX=64"]
OS = ["-Os", "-w", "-fno-asynchronous-unwind-tables"]
TINY = ['-DFLOE_CONFIG_FILE="base/floe_config_tiny.h"', "-DFLOE_TRACE=0"]
# Objects that only turn/ or a program calls, and those that only who has relays or a network that
# changes does: a link without those drops them.
APART = {f"stun {part}": {f"stun_stun_{part}.o"}
         for part in ("discovery", "server", "auth", "rtt", "stream")}
APART["ice relays"] = {f"ice_ice_relays{part}.o" for part in ("", "_agent", "_path", "_sync")}
APART["peer verdict"] = {f"peer_peer_verdict{part}.o" for part in ("", "_decide", "_text")}
APART["ice tcp"] = {"ice_ice_tcp.o", "ice_ice_tcp_agent.o", "peer_peer_tcp.o"}
APART["peer statistics, blob"] = {f"peer_peer_{part}.o"
                                for part in ("stats", "blob", "blob_read", "blob_text")}
APART["sctp pmtu"] = {"sctp_sctp_pmtu.o", "sctp_sctp_pmtu_assoc.o"}
APART["sctp snap"] = {"sctp_sctp_snap.o", "peer_peer_snap.o"}
APART["sctp rest"] = {"sctp_sctp_rest.o"}
APART["sctp interleaving"] = {f"sctp_sctp_{part}.o" for part in
                              ("idata", "interleave", "interleave_parts", "interleaved", "turns")}
APART["sctp schedulers"] = {"sctp_sctp_scheduler.o"}
APART["sdp fragment"] = {"sdp_sdp_fragment.o"}
APART["sctp rate"] = {f"sctp_sctp_{part}.o" for part in ("rate", "bbr")}
APART["ice hidden"] = {"ice_ice_hidden.o"}
APART["ice mux"] = {"ice_ice_mux.o", "ice_ice_mux_agent.o"}
APART["ice bases that go"] = {"ice_ice_base.o"}
APART["ice words, statistics"] = {f"ice_ice_{part}.o" for part in ("cand_text", "names", "stats", "invariants")}
# What a build may leave out: FLOE_ICE_BACKUP_MAX, FLOE_ICE_LITE, _FILTER, _UPGRADE,
# _REBIND of floe_config.h.
APART |= {f"ice {part}": {f"ice_ice_{part}.o"} for part in ("backup", "lite", "upgrade", "rebind")}
APART["ice filter"] = {f"ice_ice_filter{part}.o" for part in ("", "_pairs")}
# FLOE_SCTP_PARTS, what has files of its own.
APART["sctp, messages by parts"] = {"sctp_sctp_parts.o", "sctp_sctp_reassembly_parts.o",
                                    "datachannel_dc_parts.o", "peer_peer_parts.o"}
# What only tests ask for.
APART["sctp, datachannel invariants"] = {"sctp_sctp_check.o", "sctp_sctp_sendq_check.o",
                                         "datachannel_dc_check.o"}
TYPES = ["floe_stun_txn", "floe_stun_discovery", "floe_turn_client", "floe_ice_agent", "floe_ice_relay",
         "floe_dtls_conn", "floe_mdns_node", "floe_sctp_assoc", "floe_dc", "floe_peer"]
KB = 1024
GOALS = {
    "sizeof floe_ice_agent": 10 * KB,
    "sizeof floe_ice_agent, 64 pairs": 10 * KB,
    "sizeof floe_sctp_assoc": 4 * KB,
    "sizeof floe_peer, tiny": 38 * KB,
    "text stun": 8 * KB,
    "text turn": 7 * KB,
    "text ice": 16 * KB,
    "text ice, trace compiled in": 16 * KB,
    "text ice relays": 4 * KB,
    "text sdp": 8 * KB,
    "text sctp + datachannel": 45 * KB,
    **{f"stack {module}": 1536 for module in MODULES},
}


def sizes_of_types(folder, flags):
    """type -> sizeof, from the symbols of an object that holds an array of that size each."""
    headers = [arch.name(path) for path in arch.files(*MODULES, suffixes=(".h",))
               if not path.name.endswith(("_internal.h", "_tiny.h"))]
    text = "".join(path.read_text() for path in arch.files(*MODULES, suffixes=(".h",)))
    types = [name for name in TYPES if f"typedef struct {name} " in text]
    source = "".join(f'#include "{header}"\n' for header in headers)
    source += "".join(f"char size_of_{name}[sizeof({name})];\n" for name in types)
    target = folder / "sizes.o"
    subprocess.run(["gcc", "-std=c11", "-x", "c", "-c", "-", f"-I{arch.ROOT}", "-o", target, *flags],
                   input=source, text=True, check=True)
    rows = subprocess.run(["nm", "-S", target], capture_output=True, text=True, check=True).stdout
    fields = [row.split() for row in rows.splitlines()]
    return {row[3].removeprefix("size_of_"): int(row[1], 16) for row in fields}


def text_of(objects):
    rows = subprocess.run(["size", *objects], capture_output=True, text=True, check=True).stdout
    return sum(int(row.split()[0]) for row in rows.splitlines()[1:])


def without_trace(files, folder):
    """Text of the sources of these objects with the trace compiled out."""
    objects = []
    for file in files:
        module, name = file.stem.split("_", 1)
        objects.append(folder / f"quiet_{file.name}")
        subprocess.run(["gcc", "-std=c11", "-c", arch.ROOT / module / f"{name}.c", f"-I{arch.ROOT}",
                        "-DFLOE_TRACE=0", *OS, "-o", objects[-1]], check=True)
    return text_of(objects)


def deepest(graph):
    """module -> the largest sum of frames on a path that begins in it, and that path."""
    called = set().union(*graph.calls.values())
    by_pointer = {}
    for function in graph.stack:
        if ":" in function and function not in called:
            by_pointer.setdefault(graph.module[function], set()).add(function)
    below = {}  # function -> (bytes of the deepest path from it, that path)

    def callees(function):
        for callee in graph.calls.get(function, ()):
            if callee == callgraph.INDIRECT:
                yield from by_pointer.get(graph.module[function], ())
            elif callee in graph.stack:
                yield callee

    def walk(function, above):
        if function not in below:
            depths = [walk(callee, above | {function}) for callee in callees(function)
                      if callee not in above and callee != function]
            depth, path = max(depths, default=(0, []))
            below[function] = graph.stack[function] + depth, [function] + path
        return below[function]

    worst = {}
    for function in graph.stack:
        module = graph.module[function]
        worst[module] = max(worst.get(module, (0, [])), walk(function, frozenset()))
    return worst


def measure(folder):
    graph, objects = callgraph.build(MODULES, OS, folder)
    now = {f"sizeof {name}": size for name, size in sizes_of_types(folder, []).items()}
    now |= {f"sizeof {name}, tiny": size for name, size in sizes_of_types(folder, TINY).items()}
    now["sizeof floe_ice_agent, 64 pairs"] = sizes_of_types(folder, WIDE)["floe_ice_agent"]
    all_apart = set().union(*APART.values())
    now |= {f"text {module}": text_of([file for file in files if file.name not in all_apart])
            for module, files in objects.items()}
    now |= {f"text {name}": text_of([file for files in objects.values() for file in files
                                     if file.name in apart]) for name, apart in APART.items()}
    now["text ice, trace compiled in"] = now["text ice"]
    now["text ice"] = without_trace([file for file in objects["ice"] if file.name not in all_apart],
                                    folder)
    now["text sctp + datachannel"] = now["text sctp"] + now["text datachannel"]
    for module, (size, path) in deepest(graph).items():
        now[f"stack {module}"] = size
        if size > GOALS[f"stack {module}"]:
            print(f"stack {module}: " + ", ".join(f"{name} {graph.stack[name]}" for name in path))
    return now


def read_table(path):
    rows = [line.rsplit(None, 2) for line in path.read_text().splitlines()
            if line and not line.startswith("#")] if path.exists() else []
    return {row[0]: int(row[1]) for row in rows}


def main():
    table = HERE / "table.txt"
    now = measure(arch.build_folder() / "footprint")
    if "--update" in sys.argv:
        lines = ["# Bytes, by tests/footprint/footprint.py --update.",
                 f"# {'measure':<34}{'bytes':>8}{'goal':>8}"]
        lines += [f"{name:<36}{size:>8}{GOALS.get(name, '-'):>8}" for name, size in now.items()]
        table.write_text("\n".join(lines) + "\n")
    before, faults = read_table(table), []
    print(f"{'measure':<36}{'bytes':>8}{'before':>8}{'goal':>8}")
    for name, size in now.items():
        goal, was = GOALS.get(name), before.get(name)
        note = "" if goal is None or size <= goal else "  over the goal"
        print(f"{name:<36}{size:>8}{was if was is not None else '-':>8}{goal or '-':>8}{note}")
        if note and was is not None and was <= goal:
            faults.append(f"{name}: {size} bytes, the goal of {goal} was met with {was}")
    arch.report(faults, "footprint", len(now))


main()

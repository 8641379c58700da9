"""No function of the core calls itself, directly or by way of others: the stack has a bound.
Calls through a pointer are not seen."""
import arch
import callgraph


def cycles(calls):
    """One path a cycle, found by walking from every function in turn."""
    done, found = set(), []
    for start in calls:
        stack, path, on_path = [(start, None)], [], set()
        while stack:
            node, leave = stack.pop()
            if leave:
                path.pop()
                on_path.discard(node)
                done.add(node)
            elif node in on_path:
                found.append(path[path.index(node):] + [node])
            elif node not in done:
                path.append(node)
                on_path.add(node)
                stack.append((node, True))
                stack += [(callee, None) for callee in sorted(calls.get(node, ()))]
    return found


def main():
    work = arch.build_folder() / "callgraph"
    graph, _ = callgraph.build(arch.CORE + ["dtls"], ["-O0", "-w"], work)
    graph.calls.pop(callgraph.INDIRECT, None)
    faults = [" -> ".join(path) for path in cycles(graph.calls)]
    arch.report(faults, "recursion", len(graph.calls))


main()

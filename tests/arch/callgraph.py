"""Compiles sources with gcc -fcallgraph-info=su and reads who calls whom, and with how much stack."""
import re
import subprocess

import arch

INDIRECT = "__indirect_call"
NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
STACK = re.compile(r"\\n(\d+) bytes")


class CallGraph:
    def __init__(self):
        self.calls = {}   # function -> set of functions; a static one is named file.c:function
        self.stack = {}   # function -> bytes of its own frame
        self.module = {}  # function -> folder that defines it

    def read(self, path, module):
        for line in path.read_text().splitlines():
            node, edge = NODE.match(line), EDGE.match(line)
            own = node and STACK.search(node[2])
            if own:
                self.stack[node[1]] = int(own[1])
                self.module[node[1]] = module
                self.calls.setdefault(node[1], set())
            elif edge:
                self.calls.setdefault(edge[1], set()).add(edge[2])


def compile_source(source, flags, folder):
    """Returns the object; its .ci lies beside it."""
    target = folder / (arch.name(source).replace("/", "_")[:-2] + ".o")
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-std=c11", f"-I{arch.ROOT}", "-fcallgraph-info=su",
                    *flags, "-c", arch.name(source), "-o", target], check=True, cwd=arch.ROOT)
    return target


def build(modules, flags, folder):
    """The graph of these modules, and their objects by module."""
    graph, objects = CallGraph(), {}
    for module in modules:
        for source in arch.files(module, suffixes=(".c",)):
            compiled = compile_source(source, flags, folder)
            graph.read(compiled.with_suffix(".ci"), module)
            objects.setdefault(module, []).append(compiled)
    return graph, objects

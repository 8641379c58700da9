#!/usr/bin/python3
"""What tests/interop/run and tests/browser/run have printed (its arguments: that output in files) as docs/INTEROP.md."""
import collections
import fileinput
import re
import sys

HEAD = """# Who floe connects with

Made by `tests/interop/run --table docs/INTEROP.md`: what a run has seen, not what should be. Each case is run in both roles; *ok* means
both. `-`: the other side can't do that, which the notes below or `tests/interop/ice/README.md` explain. Of browsers it has what the last
`tests/browser/run` on the same build has seen; its cases without a role are counted below.
"""
ICE = re.compile(r"(ok|FAIL|lacks) +ice: floe (\w+), ([^:]+): ([^:(]+?)(?: \(.*|: .*)?$")
PEER = re.compile(r"(ok|FAIL|lacks) +peers: (\S+) (\w+): ([^:(]+?)(?: \(.*|: (.*))?$")
# What the browser does, as with peers; its suites say how long it took, or what was wrong.
BROWSER = re.compile(r"(ok|FAIL) +(chromium|firefox) (\w+): ([^:(]+?)(?: \(.*|: .*)?$")
VERSION = re.compile(r"-- (Chrome|firefox)/(\S+)")
OTHER = re.compile(r"(ok|FAIL) +(\w+):")


class Table:
    def __init__(self, roles):
        self.roles = roles
        self.cells = collections.defaultdict(dict)  # (case, name): {role: result}
        self.cases, self.names = {}, {}  # in the order of their coming

    def add(self, result, role, name, case):
        self.cells[case, name][role] = "-" if result == "lacks" else result
        self.cases[case] = self.names[name] = None

    def cell(self, case, name):
        results = [self.cells[case, name].get(role, "-") for role in self.roles]
        return results[0] if results[0] == results[1] else " / ".join(results)

    def show(self, title, versions):
        print(f"\n## {title}\n")
        print("Where the roles differ, floe's are: " + " / ".join(self.roles.values()) + ".\n")
        print("| case | " + " | ".join(f"{name} {versions.get(name, '')}" for name in self.names) + " |")
        print("| --- |" + " --- |" * len(self.names))
        for case in self.cases:
            print(f"| {case} | " + " | ".join(self.cell(case, name) for name in self.names) + " |")


def main():
    versions, notes, counts = {}, {}, collections.defaultdict(collections.Counter)
    ice = Table({"controlling": "controlling", "controlled": "controlled"})
    peers = Table({"answers": "offers", "offers": "answers"})  # what the peer does: what floe does
    browsers = Table({"answers": "offers", "offers": "answers"})
    with fileinput.input(sys.argv[1:], encoding="utf-8") as lines:
        for line in map(str.rstrip, lines):
            if line.startswith("version "):
                versions[line.split()[1]] = line.split()[2]
            elif match := ICE.match(line):
                ice.add(*match.groups()[:4])
            elif match := PEER.match(line):
                result, name, role, case, rest = match.groups()
                peers.add(result, role, name, case)
                if result == "lacks":
                    notes[f"{name}, {case}: {rest}."] = None
            elif match := VERSION.match(line):
                versions[{"Chrome": "chromium"}.get(match[1], match[1])] = match[2]
            elif match := BROWSER.match(line):
                result, name, role, case = match.groups()
                browsers.add(result, role, name, case)
            elif match := OTHER.match(line):
                counts[match[2]][match[1]] += 1
    print(HEAD.rstrip())
    peers.show("Whole peers: data channels", versions)
    print()
    for note in notes:
        print(f"- {note}")
    if browsers.names:
        browsers.show("Browsers", versions)
    ice.show("ICE alone", versions)
    print("\n## Servers, and the rest of the run\n\n| suite | passed | failed |\n| --- | ---: | ---: |")
    for name, count in counts.items():
        print(f"| {name} | {count['ok']} | {count['FAIL']} |")


main()

"""Every purpose of the conformance suites is played once or has a reason, and docs/SCTP_PURPOSES.md says so.

check_conformance.py --write makes that file from tests/conformance.
"""
import re
import sys

import arch

FOLDER = arch.ROOT / "tests" / "conformance"
TABLE = arch.ROOT / "docs" / "SCTP_PURPOSES.md"
RUNNER = arch.ROOT / "tests" / "unit" / "sctp" / "test_sctp_conformance.c"
LINE = re.compile(r"(purpose|none) (\S+) \(([^§)]+) §([^)]+)\) (.+)$")

# The purposes of TS 102 369, without the letter between group and number.
ETSI = {
    "AS": "1-1-1 1-1-2 1-2-1 1-2-2 1-3-1 1-3-2 1-4 1-5-1 1-5-2 1-6-1 1-6-2 1-7-1 1-7-2 1-7-3 1-7-4 1-7-5 "
          "1-8-1 1-8-2 1-8-3 1-8-4 1-9-1 1-9-2 1-10-1 1-10-2 1-11-1 1-11-2 1-12-1 1-12-2 1-13-1 1-13-2 "
          "1-14-1 1-14-2 1-15",
    "AT": "2-2 2-3 2-4 2-5 2-6 2-7-1 2-7-2 2-7-3 2-7-4 2-8 2-9 2-10 2-11 2-12 2-13 2-14",
    "IMH": "3-1 3-2 3-3 3-4 3-5 3-6 3-7 3-8 3-9 3-10",
    "DM": "4-1 4-2-1 4-2-2 4-3 4-4 4-5 4-6-1 4-6-2 4-6-3 4-7-1 4-7-2 4-7-3 4-8 4-9 4-10",
    "FH": "5-1-1 5-1-2 5-2 5-3-1 5-3-2 5-3-3 5-3-4 5-3-5",
    "E": "6-1 6-2 6-3 6-4 6-5 6-6",
    "BDC": "7-1 7-2 7-3 7-4 7-5 7-6 7-7 7-8",
    "D": "8-1 8-2 8-3 8-4 8-5 8-6 8-7 8-8 8-9 8-10 8-11 8-12 8-13 8-14 8-15",
    "A": "9-1 9-2 9-3",
    "M": "10-1 10-2 10-3 10-4",
    "RT": "11-1 11-2 11-3",
}

HEAD = """# The purposes of the SCTP conformance suites, one by one

Made from `tests/conformance` by `tests/arch/check_conformance.py --write`, which also checks it: each of the 121 purposes of ETSI TS 102 369
is here once, as a script or with the reason why not. The suites' own scripts are for sockets of a kernel; ours say the same in packets.
"""


def purposes():
    """Tuples of file, number of the line, kind, name, standard, section, meaning; and lines that are none."""
    found, faults = [], []
    for path in sorted(FOLDER.glob("*.sctp")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = LINE.match(line)
            if match:
                found.append((path.name, number, *match.groups()))
            elif line.startswith(("purpose ", "none ")):
                faults.append(f"{arch.name(path)}:{number}: not NAME (RFC §section) meaning")
        if f'"{path.name}"' not in RUNNER.read_text(encoding="utf-8"):
            faults.append(f"{arch.name(path)} is not run")
    return found, faults


def missing(found):
    names = [purpose[3] for purpose in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    faults = [f"{name} is there twice" for name in twice]
    for group, numbers in ETSI.items():
        there = {re.sub(r"^([A-Z]+)-[VIO]-", r"\1 ", name) for name in names}
        faults += [f"{group} {number} is missing" for number in numbers.split()
                   if f"{group} {number}" not in there]
    return faults


def section_key(section):
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in section.split(".")]


def text(found):
    lines = [HEAD, "## By number", "", "| purpose | standard | meaning, or reason | script |", "|---|---|---|---|"]
    for file, number, kind, name, standard, section, meaning in found:
        script = f"`{file}:{number}`" if kind == "purpose" else "none"
        lines.append(f"| {name} | {standard} §{section} | {meaning} | {script} |")
    sections = {}
    for _, _, kind, name, standard, section, _ in found:
        if kind == "purpose":
            sections.setdefault((standard, section), []).append(name)
    lines += ["", "## By section", "", "| section | scripts |", "|---|---|"]
    for standard, section in sorted(sections, key=lambda key: (key[0], section_key(key[1]))):
        lines.append(f"| {standard} §{section} | {', '.join(sections[standard, section])} |")
    lines += ["", "## Counted", "", "| group | played | not played |", "|---|---|---|"]
    for group in dict.fromkeys(purpose[0] for purpose in found):
        kinds = [purpose[2] for purpose in found if purpose[0] == group]
        lines.append(f"| `{group}` | {kinds.count('purpose')} | {kinds.count('none')} |")
    return "\n".join(lines) + "\n"


def main():
    found, faults = purposes()
    faults += missing(found)
    wanted = text(found)
    if "--write" in sys.argv:
        TABLE.write_text(wanted, encoding="utf-8")
    if not TABLE.is_file() or TABLE.read_text(encoding="utf-8") != wanted:
        faults.append(f"{arch.name(TABLE)} is not what the scripts say: run check_conformance.py --write")
    arch.report(faults, "conformance", len(found))


main()

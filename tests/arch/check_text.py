"""No source names a path of one machine, leaves a mark for later, or calls what style forbids."""
import re

import arch

EVERYWHERE = {
    r"(?<![\w.])/(work|root|home/\w+|Users)/": "a path of one machine",
    r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b": "a mark for later",
    r"[ \t]+$": "white space at the end of a line",
}
SOURCES = {
    r"\b(strcpy|strcat|v?sprintf|gets|sscanf|alloca|atoi|strtok)\s*\(": "a forbidden function",
    r"\bgoto\b": "a goto",
    r"^\s*//|[;{}]\s*//": "a // comment",
}
TEXT = {".c", ".h", ".py", ".sh", ".md", ".cmake", ".js", ".html", ".css", ".json", ".txt", ".in"}


def main():
    faults, checked = [], 0
    product = set(arch.files(*arch.PRODUCT, "examples"))
    for path in arch.files(suffixes=TEXT):
        if "vectors" in path.parts or "corpus" in path.parts:
            continue
        checked += 1
        rules = {**EVERYWHERE, **SOURCES} if path in product else EVERYWHERE
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for pattern, what in rules.items():
                found = re.search(pattern, line)
                if found and not (path.suffix == ".md" and pattern == r"[ \t]+$"):
                    faults.append(f"{arch.name(path)}:{number}: {what}: {found[0].strip()}")
    arch.report(faults, "text", checked)


main()

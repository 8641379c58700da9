"""Every test that tests/FAULTS.md names exists and is run, and every row names one or says why not."""
import re

import arch

TABLE = arch.ROOT / "tests" / "FAULTS.md"


def find(file):
    """The file of this name, from tests/unit or from the top."""
    for folder in (arch.ROOT / "tests" / "unit", arch.ROOT):
        if (folder / file).is_file():
            return folder / file
    return None


def runs(path, test):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".c":
        return re.search(rf"\b(?:cmocka_unit_test\w*|[A-Z_]+)\(\s*{re.escape(test)}\b", text) is not None
    if path.suffix == ".sctp":
        return re.search(rf"^purpose {re.escape(test)} ", text, re.MULTILINE) is not None
    return test in text


def references(cell):
    """Pairs of a file and a test in it; a file without a colon behind it stands for itself."""
    for part in cell.split(";"):
        names = re.findall(r"`([^`]+)`", part)
        yield from ((names[0], test) for test in names[1:] or [None]) if names else ()


def check(cell):
    if cell.startswith("none: "):
        return []
    pairs = list(references(cell))
    faults = [] if pairs else ["names no test"]
    for file, test in pairs:
        path = find(file)
        if path is None:
            faults.append(f"no file {file}")
        elif test is not None and not runs(path, test):
            faults.append(f"{file} does not run {test}")
    return faults


def main():
    faults, checked = [], 0
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), 1):
        cells = [cell.strip() for cell in line.split("|")][1:-1]
        if len(cells) != 3 or cells[0] in ("fault", "peer") or set(cells[0]) == {"-"}:
            continue
        checked += 1
        faults += [f"{arch.name(TABLE)}:{number}: {fault}" for fault in check(cells[2])]
    arch.report(faults, "faults", checked)


main()

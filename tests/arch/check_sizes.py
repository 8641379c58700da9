"""Functions have at most 70 lines (one that only dispatches by a switch may have more), .c files
600 and headers 300."""
import re
import shutil
import subprocess

import arch

FUNCTION_LINES, C_LINES, H_LINES = 70, 600, 300
DISPATCH = re.compile(r"\s*(case\b.*|default:|break;|return\b.*;|\w+\(.*\);|})\s*$")


def functions(paths):
    """(path, first line, last line, name) of every function, by ctags."""
    command = ["ctags", "--quiet", "--fields=+ne", "--kinds-C=f", "-f", "-"]
    out = subprocess.run(command + [str(path) for path in paths],
                         check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        fields = line.split("\t")
        notes = dict(field.split(":", 1) for field in fields[3:] if ":" in field)
        yield fields[1], int(notes["line"]), int(notes["end"]), fields[0]


def only_dispatches(path, first, last):
    lines = open(path, encoding="utf-8").read().splitlines()[first - 1:last]
    return "switch (" in "\n".join(lines) and \
        sum(bool(DISPATCH.match(line)) for line in lines) >= 0.8 * len(lines)


def main():
    if not shutil.which("ctags"):
        arch.skip("ctags is not installed (scripts/install check)")
    paths = arch.files(*arch.PRODUCT, "examples")
    faults = []
    for path in paths + arch.files("tests", "fuzz", "bench"):
        lines = path.read_text().count("\n")
        limit = C_LINES if path.suffix == ".c" else H_LINES
        if lines > limit:
            faults.append(f"{arch.name(path)}: {lines} lines, at most {limit}")
    checked = 0
    for path, first, last, function in functions(p for p in paths if p.suffix == ".c"):
        checked += 1
        if last - first + 1 > FUNCTION_LINES and not only_dispatches(path, first, last):
            faults.append(f"{path}:{first}: {function} has {last - first + 1} lines, "
                          f"at most {FUNCTION_LINES}")
    arch.report(faults, "sizes", checked)


main()

"""The archives of the core call nothing but a handful of pure functions of libc, and keep no
variable: no heap, socket, clock, stdio or errno, and two connections share nothing."""
import re
import subprocess

import arch

PURE = {"memcpy", "memmove", "memset", "memcmp", "memchr", "strlen", "strchr", "strcmp"}


def tool(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def undefined(archive):
    """Symbols that the archive wants from outside, and does not define in another member."""
    rows = [line.split() for line in tool("nm", "-P", archive).splitlines()]
    rows = [row for row in rows if len(row) >= 2]
    return {row[0] for row in rows if row[1] in "Uw"} - {row[0] for row in rows if row[1] not in "Uw"}


def is_pure(symbol):
    symbol = re.sub(r"^__(\w+)_chk$", r"\1", symbol)  # as _FORTIFY_SOURCE calls them
    compilers_own = symbol.startswith("_") and symbol != "__errno_location"
    return symbol in PURE or symbol.startswith("floe_") or compilers_own


def variables(archive):
    """Sections that hold something writable. .data.rel.ro is constant once the program runs."""
    for line in tool("objdump", "-h", archive).splitlines():
        found = re.match(r"\s*\d+ (\.(?:data|bss|tdata|tbss)\S*)\s+([0-9a-f]+)", line)
        if found and int(found[2], 16) > 0 and not found[1].startswith(".data.rel.ro"):
            yield found[1]


def main():
    build = arch.build_folder()
    settings = arch.cache(build)
    if settings.get("FLOE_SANITIZE") or "--coverage" in settings.get("CMAKE_C_FLAGS", ""):
        arch.skip("the compiler adds calls and variables of its own in this build")
    faults, checked = [], 0
    for module in arch.CORE:
        archive = build / f"libfloe_{module}.a"
        if not any((arch.ROOT / module).glob("*.c")):
            continue  # named by the design, not there yet
        if not archive.exists():
            faults.append(f"{archive.name} is not built")
            continue
        checked += 1
        faults += [f"{archive.name}: calls {symbol}" for symbol in sorted(undefined(archive))
                   if not is_pure(symbol)]
        faults += [f"{archive.name}: keeps a variable in {section}"
                   for section in variables(archive)]
    arch.report(faults, "symbols", checked)


main()

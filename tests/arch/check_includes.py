"""Every include runs along the layers: a module uses those that cmake/FloeModules.cmake says, and
what these use; internal headers stay in their folder; only port, dtls, io and app leave C11."""
import re

import arch

PURE = {"stdbool.h", "stddef.h", "stdint.h", "string.h", "limits.h", "inttypes.h"}
EXTRA = {  # (file or folder): what else it may include from outside
    "base/assert.h": r"assert\.h",
    "base/crc.c": r"(nmmintrin|wmmintrin|arm_acle)\.h",
    "dtls": r"(openssl/\w+|sys/time)\.h",  # a struct timeval is what OpenSSL tells its timer in
    "port": r".*",
    "io": r".*",
    "app": r".*",
}


def layers():
    """module -> every module that it may include, itself among them."""
    text = (arch.ROOT / "cmake/FloeModules.cmake").read_text()
    uses = {module: set(used.split())
            for module, used in re.findall(r"^set\(floe_uses_(\w+) ?([^)]*)\)", text, re.MULTILINE)}
    uses["app"] = {"io"}
    for module in uses:
        uses[module].add(module)
    while True:
        closed = {module: set().union(*(uses[used] for used in reached))
                  for module, reached in uses.items()}
        if closed == uses:
            return uses
        uses = closed


def fault(path, included, angled, uses):
    name = arch.name(path)
    module = name.split("/")[0]
    if angled:
        extra = EXTRA.get(name, EXTRA.get(module, "$^"))
        if included not in PURE and not re.fullmatch(extra, included):
            return f"<{included}> is not for this module"
        return None
    if "/" not in included or not (arch.ROOT / included).is_file():
        return f'"{included}" is not a path from the root'
    other = included.split("/")[0]
    if other not in uses[module]:
        return f'"{included}": {module} does not use {other}'
    if included.endswith("_internal.h") and other != module:
        return f'"{included}" is private to {other}'
    return None


def main():
    uses = layers()
    faults, checked = [], 0
    for path in arch.files(*arch.PRODUCT):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+([<"])([^>"]+)', line)
            if found:
                checked += 1
                what = fault(path, found[2], found[1] == "<", uses)
                if what:
                    faults.append(f"{arch.name(path)}:{number}: {what}")
    arch.report(faults, "includes", checked)


main()

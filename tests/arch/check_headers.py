"""Every header of the library compiles alone, as C11 and as C++17, without a warning; internal
headers and those of app/ as C11."""
import subprocess

import arch

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
C11 = ["gcc", "-std=c11", "-x", "c", "-Wstrict-prototypes", "-D_GNU_SOURCE"]
CPP17 = ["g++", "-std=c++17", "-x", "c++"]


def compile_alone(language, header):
    source = f'#include "{header}"\ntypedef int not_empty;\n'
    command = language + WARNINGS + ["-fsyntax-only", f"-I{arch.ROOT}", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True)


def main():
    faults, checked = [], 0
    for path in arch.files(*arch.PRODUCT, suffixes=(".h",)):
        header = arch.name(path)
        only_c = header.endswith("_internal.h") or header.startswith("app/")
        for language in [C11] if only_c else [C11, CPP17]:
            checked += 1
            result = compile_alone(language, header)
            if result.returncode != 0:
                faults.append(f"{header} alone, {language[1]}:\n{result.stderr}")
    arch.report(faults, "headers", checked)


main()

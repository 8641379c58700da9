"""The installed library is enough: a program outside this tree builds and runs against it, once by
the CMake package and once by pkg-config."""
import os
import re
import shutil
import subprocess

import arch

CONSUMER = arch.ROOT / "tests/arch/consumer"


def run(*command, **options):
    print("+", *command, flush=True)
    return subprocess.run([str(word) for word in command], check=True, text=True, **options)


def main():
    build = arch.build_folder()
    if arch.cache(build).get("FLOE_SANITIZE"):
        arch.skip("the archives of this build want a sanitizer")
    work = build / "consumer"
    shutil.rmtree(work, ignore_errors=True)
    prefix = work / "prefix"
    run("cmake", "--install", build, "--prefix", prefix, stdout=subprocess.DEVNULL)

    with_io = "ON" if (build / "libfloe_io.a").exists() else "OFF"
    run("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", work / "cmake",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DWITH_IO={with_io}", stdout=subprocess.DEVNULL)
    run("cmake", "--build", work / "cmake", stdout=subprocess.DEVNULL)
    run(work / "cmake/consumer")

    package = next(prefix.rglob("floe.pc")).parent
    environment = {**os.environ, "PKG_CONFIG_PATH": str(package)}
    flags = run("pkg-config", "--cflags", "--libs", "floe",
                env=environment, capture_output=True).stdout.split()
    run("gcc", "-std=c11", CONSUMER / "main.c", "-o", work / "by_pkg_config", *flags)
    run(work / "by_pkg_config")

    private = [path for path in prefix.rglob("*_internal.h")]
    tree = re.compile(r"(?<![\w})*])" + re.escape(str(arch.ROOT)) + r"(?![\w.-])")
    leaks = [path for path in prefix.rglob("*") if path.suffix in (".cmake", ".pc", ".h")
             and tree.search(path.read_text().replace(str(prefix), ""))]
    arch.report([f"{path}: is installed, and private" for path in private] +
                [f"{path}: names the source tree" for path in leaks], "package", 2)


main()

"""What the rules of this folder share: where the sources are, and how a rule reports.

A rule is a program check_<rule>.py [build folder]; it prints one line a fault and exits with 1,
or with 77 and the reason where it cannot be checked here.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = ["base", "stun", "turn", "sdp", "mdns", "ice", "sctp", "datachannel", "peer"]
LIBRARY = CORE + ["dtls", "port", "io"]  # what is installed
PRODUCT = LIBRARY + ["app"]
NOT_OURS = {".git", "build", "node_modules"}


def files(*folders, suffixes=(".c", ".h")):
    """The files with one of `suffixes` in these folders of the root, or in all of it."""
    tops = [ROOT / folder for folder in folders] if folders else [ROOT]
    found = [path for top in tops for path in top.rglob("*") if path.suffix in suffixes]
    return sorted(path for path in found
                  if not NOT_OURS & set(path.relative_to(ROOT).parts) and path.is_file())


def name(path):
    return str(path.relative_to(ROOT))


def build_folder():
    return pathlib.Path(sys.argv[1]).resolve()


def cache(build):
    """The variables of a build folder's CMakeCache.txt."""
    text = (build / "CMakeCache.txt").read_text()
    return dict(re.findall(r"^([A-Za-z_]\w*):\w+=(.*)$", text, re.MULTILINE))


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def report(faults, rule, checked):
    for fault in faults:
        print(fault)
    print(f"{rule}: {checked} checked, {len(faults)} faults")
    sys.exit(1 if faults or not checked else 0)

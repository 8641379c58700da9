#!/usr/bin/env python3
"""ctest_sum.py RESULTS.xml: sums a run of ctest (--output-junit), counting each case of a cmocka
program, and says which were skipped and why. Fails where nothing ran."""
import re
import sys
import xml.etree.ElementTree as ElementTree


def count(case):
    """(passed, failed, skipped) of one test of ctest."""
    text = "".join(part.text or "" for part in case.iter("system-out"))
    ran = case.get("status") in ("run", "fail")
    if not ran:
        reason = re.search(r"^skipped: (.*)$", text, re.MULTILINE)
        # A program that says why it cannot run here is skipped; one that is not there has failed.
        print(f"skipped {case.get('name')}: {reason[1]}" if reason
              else f"not built: {case.get('name')}")
        return (0, 0, 1) if reason else (0, 1, 0)
    passed = text.count("[       OK ]")
    failed = len(set(re.findall(r"^\[  FAILED  \] (\w+)$", text, re.MULTILINE)))
    for name in re.findall(r"^\[  SKIPPED \] (\w+)$", text, re.MULTILINE):
        print(f"skipped {case.get('name')}: {name}")
    skipped = len(re.findall(r"^\[  SKIPPED \] \w+$", text, re.MULTILINE))
    if case.get("status") == "fail":
        return passed, max(failed, 1), skipped
    return (passed, 0, skipped) if passed or skipped else (1, 0, 0)


def main():
    counts = [count(case) for case in ElementTree.parse(sys.argv[1]).iter("testcase")]
    passed, failed, skipped = (sum(column) for column in zip(*counts)) if counts else (0, 0, 0)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed + skipped else 0


sys.exit(main())

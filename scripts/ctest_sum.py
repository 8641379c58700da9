#!/usr/bin/env python3
"""ctest_sum.py RESULTS.xml: sums a run of ctest (--output-junit), counting each case of a cmocka or
unittest program, and says which were skipped and why. Fails where nothing ran."""
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
    passed = len(re.findall(r"^\[       OK \] |\.\.\. ok$", text, re.MULTILINE))
    failed = len(set(re.findall(r"^\[  FAILED  \] (\w+)$|^(.*) \.\.\. (?:FAIL|ERROR)$", text,
                                re.MULTILINE)))
    skips = re.findall(r"^\[  SKIPPED \] (\w+)$|^(.* \.\.\. skipped .*)$", text, re.MULTILINE)
    for names in sorted(set(skips)):
        print(f"skipped {case.get('name')}: {''.join(names)}")
    skipped = len(set(skips))
    if case.get("status") == "fail":
        return passed, max(failed, 1), skipped
    return (passed, 0, skipped) if passed or skipped else (1, 0, 0)


def main():
    counts = [count(case) for case in ElementTree.parse(sys.argv[1]).iter("testcase")]
    passed, failed, skipped = (sum(column) for column in zip(*counts)) if counts else (0, 0, 0)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed + skipped else 0


sys.exit(main())

#!/usr/bin/env python3
"""`floe bench`: that it measures what it says, with two ends here; figures are not judged.

usage: test_floe_bench.py PROGRAM [unittest arguments]
"""
import json
import subprocess
import sys
import unittest

PROGRAM = None
LIMIT = 60


def bench(*arguments, **options):
    return subprocess.run([PROGRAM, "bench", *arguments], capture_output=True, text=True,
                          timeout=LIMIT, **options)


def results(*arguments):
    run = bench("--json", "--seconds", "1", *arguments)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)["results"]


class FloeBench(unittest.TestCase):
    def test_reliable_messages_all_arrive(self):
        rows = results("--case", "flow")
        self.assertEqual([row["size"] for row in rows], [65536, 16384, 1024])
        for row in rows:
            self.assertGreater(row["sent"], 0)
            self.assertEqual(row["received"], row["sent"])
            self.assertGreater(row["cpu_s_per_gb"], 0)

    def test_loose_messages_are_at_most_those_that_were_sent(self):
        row, = results("--case", "loose")
        self.assertEqual(row["size"], 100)
        self.assertTrue(0 < row["received"] <= row["sent"])

    def test_round_trips_are_in_order(self):
        row, = results("--case", "echo")
        self.assertEqual(row["count"], 5000)
        self.assertTrue(0 < row["median_us"] <= row["p99_us"] <= row["worst_us"])

    def test_connections_and_memory_are_of_one_process(self):
        connect, idle = results("--case", "connect", "--case", "idle")
        self.assertEqual(connect["count"], 100)
        self.assertGreater(idle["bytes_per_peer"], 0)

    def test_two_ends_are_joined_by_two_texts(self):
        inviting = subprocess.Popen([PROGRAM, "bench", "--invite", "--json", "--case", "echo"],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True)
        with inviting:
            invitation = inviting.stdout.readline().strip()
            mirror = subprocess.Popen([PROGRAM, "bench", invitation], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
            with mirror:
                out, _ = inviting.communicate(mirror.stdout.readline(), timeout=LIMIT)
                self.assertEqual(mirror.wait(LIMIT), 0, mirror.stderr.read())
        self.assertEqual(json.loads(out)["ends"], "one")

    def test_what_is_wrong_with_an_option_is_said(self):
        for arguments, said in [(["--case", "speed"], "flow, loose"), (["--seconds", "0"], "1 to 60"),
                                (["--buffer", "12"], "65536 to"), (["--spin", "x"], "0 to 10000"),
                                (["no-blob"], "floe bench:"),
                                (["a", "b"], "one invitation")]:
            run = bench(*arguments)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn(said, run.stderr)
            self.assertEqual(run.stdout, "")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()

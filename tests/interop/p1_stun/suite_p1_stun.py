#!/usr/bin/python3
"""floe's TURN client against the TURN server of ejabberd. Arguments: the probe, a filter. In a
network namespace."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import turn_suite  # the path comes first
from turn_suite import IP4, run


def make_certificate(folder):
    names = [os.path.join(folder, name) for name in ("key.pem", "cert.pem", "both.pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=floe.test", "-keyout", names[0], "-out", names[1]],
                   check=True, capture_output=True)
    with open(names[2], "w", encoding="ascii") as out:
        for name in names[:2]:
            with open(name, encoding="ascii") as part:
                out.write(part.read())
    return names[2]


def restart(server):
    child = subprocess.Popen(turn_suite.probe("restart"), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        server.stop()
        server.start()
        out, _ = child.communicate("\n", timeout=60)
        assert child.returncode == 0, out.strip()
    finally:
        child.kill()


def cases():
    for transport in ("udp", "tcp", "tls"):
        yield [], f"relay over {transport}", lambda _, t=transport: run("relay", t)
        yield [], f"nonces that are not known over {transport}", \
            lambda _, t=transport: run("nonce", t)
        yield [], f"wrong password over {transport}", \
            lambda _, t=transport: run("refused", t, password="wrong", argument=401)
        yield [], f"unknown user over {transport}", \
            lambda _, t=transport: run("refused", t, user="nobody", argument=401)
    yield [], "server killed and started again", restart


with tempfile.TemporaryDirectory() as folder:
    command = ["escript", os.path.join(HERE, "turn_server.escript"), IP4, make_certificate(folder)]
    status = turn_suite.run_cases("p1_stun", cases(), lambda _: turn_suite.Program(*command))
sys.exit(status)

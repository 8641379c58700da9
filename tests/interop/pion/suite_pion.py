#!/usr/bin/python3
"""floe's TURN client against pion's TURN server, and against one that speaks the credentials of
RFC 8489. Arguments: the probe, a filter. In a network namespace."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import turn_suite  # the path comes first
from turn_suite import IP4, TRANSPORTS, run

SERVER = os.path.join(os.path.dirname(os.path.abspath(turn_suite.PROBE)), "pion_turn_server")


def build():
    """From the sources that Debian installs, without modules: nothing is fetched."""
    cache = os.path.join(os.path.dirname(SERVER), "go-cache")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                   "GOCACHE": cache, "GOFLAGS": ""}
    sources = [os.path.join(HERE, name) for name in ("turn_server.go", "gateway.go")]
    subprocess.run(["go", "build", "-o", SERVER, *sources], check=True, env=environment)


def cases():
    plain = []
    for transport in TRANSPORTS:
        yield plain, f"relay over {transport}", lambda _, t=transport: run("relay", t)
        yield plain, f"nonces that are not known over {transport}", \
            lambda _, t=transport: run("nonce", t)
    # The answer is a 400 without integrity, which only the end of all tries makes us believe.
    yield plain, "wrong password over udp", \
        lambda _: run("refused", password="wrong", argument=400)
    for transport in ("tcp", "tls"):
        yield plain, f"wrong password over {transport}", \
            lambda _, t=transport: run("refused", t, password="wrong", argument=400)
    yield plain, "a server that knows no IPv6 and gives IPv4", lambda _: run("family")
    for mode in ("sha256", "username", "md5", "truncated"):
        for transport in ("udp", "tcp"):
            yield [mode], f"RFC 8489 {mode}, relay over {transport}", \
                lambda _, t=transport: run("relay", t)
            yield [mode], f"RFC 8489 {mode}, nonces that are not known over {transport}", \
                lambda _, t=transport: run("nonce", t)
            yield [mode], f"RFC 8489 {mode}, wrong password over {transport}", \
                lambda _, t=transport: run("refused", t, password="wrong", argument=401)
            yield [mode], f"RFC 8489 {mode}, unknown user over {transport}", \
                lambda _, t=transport: run("refused", t, user="nobody", argument=401)
    for transport in ("udp", "tcp"):
        yield ["stale"], f"RFC 8489 nonces that last two seconds, {transport}", \
            lambda _, t=transport: run("stale", t)
    yield ["stripped"], "RFC 8489 a list that was taken away is not followed", \
        lambda _: run("integrity", "tcp")
    yield ["damaged"], "RFC 8489 answers that were changed are not believed", \
        lambda _: run("integrity", "tcp")


build()
sys.exit(turn_suite.run_cases("pion", cases(),
                              lambda mode: turn_suite.Program(SERVER, IP4, *mode)))

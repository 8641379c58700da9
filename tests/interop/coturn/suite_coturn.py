#!/usr/bin/python3
"""floe's TURN client against coturn, over every transport. Arguments: the probe, a filter. Runs in a
namespace of its own, as root."""
import base64
import hashlib
import hmac
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import turn_suite  # the path comes first
from turn_suite import IP4, TRANSPORTS, probe, run

IP6 = "2001:db8:5::5"
SECRET = "north"
LOGIN = ["--lt-cred-mech", "--user=alice:secret"]
OTHER_REALM = ["--lt-cred-mech",
               "--user=alice:0x" + hashlib.md5(b"alice:other.test:secret").hexdigest()]
REST = ["--use-auth-secret", f"--static-auth-secret={SECRET}"]


def is_listening(port):
    """Not only left over of a connection to the one before, which the table has for a minute."""
    with open("/proc/net/tcp", encoding="ascii") as sockets:
        return f":{port:04X} 00000000:0000 0A " in sockets.read()


class Server:
    """A coturn with options of its own."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.command = [
            "turnserver", "-n", "--listening-ip=" + IP4, "--listening-ip=" + IP6, "--relay-ip=" + IP4,
            "--relay-ip=" + IP6, "--realm=floe.test", f"--cert={folder}/cert.pem",
            f"--pkey={folder}/key.pem", "--no-cli", f"--userdb={folder}/db",
            f"--pidfile={folder}/pid", f"--log-file={folder}/log", "--simple-log",
            "--denied-peer-ip=203.0.113.66", *options]

    def start(self):
        self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 15
        while not (is_listening(3478) and is_listening(5349)):
            assert self.process.poll() is None and time.monotonic() < deadline, "coturn does not start"
            time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


def rest(expiry, user="bob"):
    name = f"{expiry}:{user}"
    digest = hmac.new(SECRET.encode(), name.encode(), hashlib.sha1).digest()
    return {"user": name, "password": base64.b64encode(digest).decode()}


def restart(server, transport="udp"):
    child = subprocess.Popen(probe("restart", transport), stdin=subprocess.PIPE,
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
    """(server options, name, function of the server)"""
    for transport in TRANSPORTS:
        yield LOGIN, f"relay over {transport}", lambda _, t=transport: run("relay", t)
        yield LOGIN, f"IPv6 relay over {transport}", lambda _, t=transport: run("relay6", t)
        yield LOGIN, f"both families over {transport}", lambda _, t=transport: run("both", t)
        yield LOGIN, f"wrong password over {transport}", \
            lambda _, t=transport: run("refused", t, password="wrong", argument=401)
        yield LOGIN, f"server over IPv6, {transport}", lambda _, t=transport: run("relay", t, IP6)
    # The server keeps a key of another realm than it tells.
    yield OTHER_REALM, "a user of another realm", lambda _: run("refused", argument=401)
    yield LOGIN, "unknown user", lambda _: run("refused", user="nobody", argument=401)
    yield LOGIN, "a denied peer is one peer", lambda _: run("denied")
    yield LOGIN, "even port and its neighbour", lambda _: run("even")
    yield LOGIN, "a TCP allocation", lambda _: run("tcp_relay", "tcp")
    yield LOGIN, "server killed and started again", restart
    yield LOGIN + ["--stale-nonce=2"], "nonces that last two seconds", lambda _: run("stale")
    yield LOGIN + ["--stale-nonce=2"], "the same over tls", lambda _: run("stale", "tls")
    yield LOGIN + ["--user-quota=1"], "quota", lambda _: run("quota")
    yield LOGIN + ["--mobility"], "mobility", lambda _: run("mobility")
    yield REST, "REST credential", lambda _: run("relay", **rest(int(time.time()) + 600))
    yield REST, "REST credential that has expired", \
        lambda _: run("refused", argument=401, **rest(int(time.time()) - 60))


def prepare(folder):
    subprocess.run(["ip", "addr", "add", IP6 + "/64", "dev", "br0", "nodad"], check=True)
    subprocess.run(["ip", "route", "add", "default", "via", "2001:db8:5::1"], check=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=floe.test", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"],
                   check=True, capture_output=True)
    os.chmod(folder, 0o755)
    os.chmod(f"{folder}/key.pem", 0o644)


def main():
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        return turn_suite.run_cases("coturn", cases(), lambda options: Server(folder, *options))


sys.exit(main())

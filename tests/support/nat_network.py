"""A client behind a router that does NAT, hung on the bridge of the test's network namespace, as root.

    client 10.0.N.2 ---- 10.0.N.1 router 203.0.113.(2 + N) ---- here: br0
"""
import os
import subprocess
import time

# What a router does in between. Like a real one it drops what comes to itself unasked; otherwise
# that would take outside ports away from the client.
RULES = """
table ip nat
delete table ip nat
table ip nat {
    chain in { type filter hook input priority 0; iifname "out" ct state new drop; }
    chain post { type nat hook postrouting priority 100; oifname "out" masquerade %s; }
}
table inet wall
delete table inet wall
table inet wall {
    chain through { type filter hook forward priority 0; %s }
}
"""


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, **options)


def wait(condition, limit=20):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def is_listening(address, kind="u"):
    return address in run("ss", f"-l{kind}n", capture_output=True).stdout


class NatNetwork:
    """Two namespaces without names, which are gone with the processes that keep them."""

    def __init__(self, number=0):
        self.number = number
        self.outside = f"203.0.113.{2 + number}"
        self.inside = f"10.0.{number}.2"
        self.keepers = [subprocess.Popen(["unshare", "-n", "sleep", "infinity"],
                                         stdout=subprocess.DEVNULL) for _ in range(2)]
        self.client, self.router = (["nsenter", "-t", str(k.pid), "-n"] for k in self.keepers)
        here = os.readlink("/proc/self/ns/net")
        wait(lambda: all(os.readlink(f"/proc/{k.pid}/ns/net") != here for k in self.keepers))

    def connect(self):
        client, router = (str(k.pid) for k in self.keepers)
        gateway = f"10.0.{self.number}.1"
        run("ip", "link", "add", f"nat{self.number}", "type", "veth", "peer", "name", "out", "netns", router)
        run("ip", "link", "set", f"nat{self.number}", "master", "br0", "up")
        run(*self.router, "ip", "link", "add", "in", "type", "veth", "peer", "name", "eth0",
            "netns", client)
        for side, device, address in ((self.router, "out", self.outside), (self.router, "in", gateway),
                                      (self.client, "eth0", self.inside)):
            run(*side, "ip", "addr", "add", address + "/24", "dev", device)
            run(*side, "ip", "link", "set", device, "up")
        run(*self.client, "ip", "route", "add", "default", "via", gateway)
        self.sysctl("net/ipv4/ip_forward", 1)

    def sysctl(self, name, value):
        run(*self.router, "sh", "-c", f"echo {value} > /proc/sys/{name}")

    def set_nat(self, flags="", wall=""):
        run(*self.router, "nft", "-f", "-", input=RULES % (flags, wall))

    def close(self):
        # A namespace goes some time after its last process: this end has to be free now.
        subprocess.run(["ip", "link", "del", f"nat{self.number}"], stderr=subprocess.DEVNULL)
        for keeper in self.keepers:
            keeper.kill()
            keeper.wait()

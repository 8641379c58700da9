"""A small internet of network namespaces. This process is in the middle of it: it routes.

    client 10.N.0.2 ---- 10.N.0.1 router 203.0.113.N ----+
                                                         here, 203.0.113.1 ---- 203.0.113.10: coturn
    client with a public address 203.0.113.N ------------+

Public addresses are in 203.0.113.0/24 and 2001:db8::/32, a site's IPv6 is 2001:db8:N::/64. Behind a carrier's
NAT the home router has 100.64.N.2. Nobody else's packets pass: private addresses end here.

Namespaces have no names. Each is kept by a process that ends with this one, so nothing is left behind.
"""
import os
import subprocess
import threading
import time
from dataclasses import dataclass

GATEWAY, GATEWAY_6 = "203.0.113.1", "fe80::1"
SERVER, SECOND, SERVER_6 = "203.0.113.10", "203.0.113.11", "2001:db8:10::2"
FIRST_SITE = 20

EI, AD, APD = "endpoint-independent", "address-dependent", "address-and-port-dependent"


@dataclass(frozen=True)
class Kernel:
    """NAT by nftables: what Linux routers do. Endpoint-independent mapping while the port is free, and filtering by
    address and port; with flags "fully-random" each remote endpoint sees another port."""
    flags: str = ""
    closed: bool = True  # what comes unasked to the router itself is dropped, as on any router that is set up well


@dataclass(frozen=True)
class Box:
    """NAT by nat_box.c."""
    mapping: str
    filtering: str
    ports: str = "preserve"
    hairpin: bool = False


@dataclass(frozen=True)
class Site:
    """What one side has."""
    nat: object = None  # None with IPv4: a public address
    carrier: object = None  # a second NAT, in front of the first
    wall: str = ""  # rules for what passes the router
    families: str = "4"
    isolated: bool = False  # its two clients do not reach each other inside


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, **options)


def wait(condition, limit=20):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


class Namespace:
    def __init__(self):
        self.keeper = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        assert self.keeper.stdout.readline() == b"\n", "no network namespace"
        self.pid = str(self.keeper.pid)
        self.enter = ["nsenter", "-t", self.pid, "-n"]

    def sh(self, script):
        done = subprocess.run([*self.enter, "sh", "-ec", script], text=True, capture_output=True)
        assert done.returncode == 0, f"{done.stderr}\n{script}"

    def close(self):
        self.keeper.stdin.close()
        self.keeper.wait()
        self.keeper.stdout.close()


# Loopback works, only the addresses that are given exist, and these at once.
BASICS = """
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
echo 0 > /proc/sys/net/ipv4/conf/default/rp_filter
[ ! -e /proc/sys/net/ipv6 ] || echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
[ ! -e /proc/sys/net/ipv6 ] || echo 1 > /proc/sys/net/ipv6/conf/default/addr_gen_mode
ip link set lo up
"""
ROUTES = """
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 0 > /proc/sys/net/ipv4/conf/all/send_redirects
echo 0 > /proc/sys/net/ipv4/conf/default/send_redirects
[ ! -e /proc/sys/net/ipv6 ] || echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
"""


class Internet:
    """What is between the sites, and the servers."""

    def __init__(self, folder, build, has_ipv6):
        self.folder, self.build = folder, build
        self.lock = threading.Lock()
        self.next_site = FIRST_SITE
        run("sh", "-ec", BASICS + ROUTES + f"ip addr add {GATEWAY}/32 dev lo\n"
            "for net in 10.0.0.0/8 100.64.0.0/10; do ip route add blackhole $net; done")
        self.server = Namespace()
        self.server.sh(BASICS)
        self.addresses = [SERVER, SECOND] + ([SERVER_6] if has_ipv6 else [])
        self.attach(10, self.server, SERVER, [SECOND], f"{SERVER_6}/64" if has_ipv6 else None)
        self.start_coturn()

    def take_number(self):
        with self.lock:
            self.next_site += 1
            assert self.next_site < 255, "no more addresses in 203.0.113.0/24"
            return self.next_site

    def attach(self, number, there, address, also=(), address_6=None):
        """Connect a namespace by a device called out, which has these addresses; others are routed to it as well."""
        here = f"site{number}"
        run("sh", "-ec", f"ip link add {here} type veth peer name out netns {there.pid}\nip link set {here} up")
        there.sh("ip link set out up")
        if address:
            routes = [f"ip route add {address}/32 dev {here}"]
            run("sh", "-ec", "\n".join(routes + [f"ip route add {a}/32 via {address} dev {here}" for a in also]))
            there.sh(f"""
                ip addr add {address}/32 dev out
                ip route add {GATEWAY} dev out
                ip route add default via {GATEWAY} dev out""")
        if address_6:
            run("sh", "-ec", f"""
                ip -6 addr add {GATEWAY_6}/64 dev {here} nodad
                ip -6 route add 2001:db8:{number}::/64 via fe80::2 dev {here}""")
            there.sh(f"""
                ip -6 addr add fe80::2/64 dev out nodad
                ip -6 addr add {address_6} dev out nodad
                ip -6 route add default via {GATEWAY_6} dev out""")

    def start_coturn(self):
        folder = self.folder
        self.server.sh(f"ip addr add {SECOND}/32 dev out")
        self.cert = f"{folder}/cert.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "1", "-subj", "/CN=turn.test", "-addext", f"subjectAltName=IP:{SERVER}",
            "-keyout", f"{folder}/key.pem", "-out", self.cert, stderr=subprocess.DEVNULL)
        log = open(f"{folder}/coturn.log", "w", encoding="utf-8")
        self.coturn = subprocess.Popen(
            [*self.server.enter, "turnserver", "-n", "--no-cli", f"--log-file={folder}/turn.log",
             "--simple-log", "--lt-cred-mech", "--user=alice:secret", "--realm=floe.test", "--relay-threads=1",
             f"--pidfile={folder}/pid", f"--userdb={folder}/db", f"--cert={self.cert}",
             f"--pkey={folder}/key.pem", "--listening-port=3478", "--alt-listening-port=3479",
             *(f"--listening-ip={a}" for a in self.addresses),
             *(f"--relay-ip={a}" for a in self.addresses if a != SECOND)], stdout=log, stderr=log)
        wait(lambda: all(self.is_listening(*a) for a in
                         (("u", SERVER + ":3478"), ("u", SECOND + ":3479"), ("t", SERVER + ":5349"))))

    def is_listening(self, kind, address):
        return address in run(*self.server.enter, "ss", f"-l{kind}n", capture_output=True).stdout


class Network:
    """One side: routers, and one client or two, built as a Site says."""

    def __init__(self, internet, site):
        self.internet, self.site = internet, site
        self.number = internet.take_number()
        self.public = f"203.0.113.{self.number}"
        self.spaces, self.boxes = [], []
        self.has_ipv4, self.has_ipv6 = "4" in site.families, "6" in site.families

    def build(self, clients=1):
        """The client is where the network ends; behind a NAT there may be two."""
        if self.site.nat is None and not self.site.wall:
            self.clients = [self.build_public()]
        else:
            self.router = self.build_router()
            self.clients = [self.build_client(i) for i in range(clients)]
        return self

    def add_space(self, basics=BASICS):
        space = Namespace()
        self.spaces.append(space)
        space.sh(basics)
        return space

    def build_public(self):
        space = self.add_space()
        self.internet.attach(self.number, space, self.has_ipv4 and self.public, address_6=self.ip6("2/64"))
        return space

    def ip6(self, host):
        return f"2001:db8:{self.number}::{host}" if self.has_ipv6 else None

    def build_router(self):
        outer = self.add_space(BASICS + ROUTES)
        link = f"192.0.2.{self.number}"
        self.internet.attach(self.number, outer, link, [self.public], self.ip6("ffff/128"))
        if self.site.carrier is None:
            self.set_nat(outer, self.site.nat, self.public)
            return outer
        self.set_nat(outer, self.site.carrier, self.public)
        home = self.add_space(BASICS + ROUTES)
        mine = f"100.64.{self.number}.2"
        self.plug(outer, "in0", home, "out", f"100.64.{self.number}.1", mine)
        self.set_nat(home, self.site.nat, mine)
        return home

    def plug(self, router, device, there, name, gateway, address):
        router.sh(f"""
            ip link add {device} type veth peer name {name} netns {there.pid}
            ip addr add {gateway}/24 dev {device}
            ip link set {device} up""")
        there.sh(f"""
            ip addr add {address}/24 dev {name}
            ip link set {name} up
            ip route add default via {gateway}""")

    def build_client(self, i):
        space, router, device = self.add_space(), self.router, f"in{i}"
        if self.has_ipv4:
            self.plug(router, device, space, "eth0", f"10.{self.number}.{i}.1", f"10.{self.number}.{i}.2")
        else:
            router.sh(f"ip link add {device} type veth peer name eth0 netns {space.pid}\nip link set {device} up")
            space.sh("ip link set eth0 up")
        if self.has_ipv6:
            router.sh(f"ip -6 addr add {self.ip6('1/64')} dev {device} nodad")
            space.sh(f"""
                ip -6 addr add {self.ip6('2/64')} dev eth0 nodad
                ip -6 route add default via {self.ip6('1')} dev eth0""")
        return space

    def set_nat(self, router, nat, outside):
        wall = self.site.wall
        if self.site.isolated:
            wall += ' iifname "in*" oifname "in*" drop;'
        rules = f"""
            table inet wall {{
                chain through {{ type filter hook forward priority 0; {wall}
                }}
            }}"""
        if self.has_ipv6:
            rules += """
            table ip6 wall {
                chain through { type filter hook forward priority 1; iifname "out" ct state new drop; }
            }"""
        if isinstance(nat, Kernel):
            closed = 'iifname "out" ct state new drop;' if nat.closed else ""
            rules += f"""
            table ip nat {{
                chain unasked {{ type filter hook input priority 0; {closed}
                }}
                chain post {{ type nat hook postrouting priority 100;
                    oifname "out" snat to {outside} {nat.flags}; }}
            }}"""
            router.sh(f"ip addr replace {outside}/32 dev out")
        elif isinstance(nat, Box):
            # UDP is for the box alone; the rest gets the address of the router's link.
            rules += """
            table ip nat {
                chain track { type filter hook prerouting priority raw; meta l4proto udp notrack; }
                chain post { type nat hook postrouting priority 100; oifname "out" meta l4proto != udp masquerade; }
            }"""
            self.start_box(router, nat, outside)
        run(*router.enter, "nft", "-f", "-", input=rules)

    def start_box(self, router, nat, outside):
        box = subprocess.Popen(
            [*router.enter, f"{self.internet.build}/nat_box", "nat0", outside, nat.mapping, nat.filtering, nat.ports,
             "yes" if nat.hairpin else "no"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert box.stdout.readline() == "ready\n", "nat_box does not start"
        self.boxes.append(box)
        inside = "10.0.0.0/8" if router is not self.spaces[0] or not self.site.carrier else "100.64.0.0/10"
        router.sh(f"""
            ip link set nat0 up
            ip route add {outside}/32 dev nat0
            ip route add default dev nat0 table 100
            ip route add throw {inside} table 100
            for i in 0 1; do ip rule add pref 100 iif in$i ipproto udp lookup 100; done""")

    def tell_box(self, line):
        """The NAT outside of all."""
        box = self.boxes[0]
        box.stdin.write(line + "\n")
        box.stdin.flush()
        assert box.stdout.readline() == "ok\n", f"nat_box refuses {line}"

    def reboot_nat(self):
        self.tell_box("reboot")

    def change_public_address(self):
        """As a line does that is dialled anew: another address outside, all mappings lost."""
        new = f"203.0.113.{self.internet.take_number()}"
        run("ip", "route", "add", f"{new}/32", "via", f"192.0.2.{self.number}", "dev", f"site{self.number}")
        self.spaces[0].sh(f"ip route add {new}/32 dev nat0")
        self.tell_box(f"address {new}")
        run("ip", "route", "del", f"{self.public}/32")
        self.public = new

    def change_client_address(self):
        """The interface loses its address; a moment later it has another."""
        if self.site.nat is None:
            self.change_own_public_address()
            return
        client, net = self.clients[0], f"10.{self.number}.0"
        client.sh(f"""
            ip addr del {net}.2/24 dev eth0
            sleep 0.2
            ip addr add {net}.3/24 dev eth0
            ip route replace default via {net}.1""")

    def change_own_public_address(self):
        new = f"203.0.113.{self.internet.take_number()}"
        run("ip", "route", "add", f"{new}/32", "dev", f"site{self.number}")
        self.clients[0].sh(f"""
            ip addr del {self.public}/32 dev out
            sleep 0.2
            ip addr add {new}/32 dev out
            ip route replace {GATEWAY} dev out
            ip route replace default via {GATEWAY} dev out""")
        run("ip", "route", "del", f"{self.public}/32")
        self.public = new

    def close(self):
        for box in self.boxes:
            box.stdin.close()
            box.wait()
            box.stdout.close()
        for space in reversed(self.spaces):
            space.close()
        subprocess.run(["ip", "link", "del", f"site{self.number}"], stderr=subprocess.DEVNULL, check=False)

#!/usr/bin/python3
"""Names in .local: floe's multicast DNS against Avahi, browsers and a plain resolver. Arguments: the
mdns_probe program, a filter. In a network namespace, as root.

    here: br0 203.0.113.5, 2001:db8:5::5 ---- other host: 203.0.113.20, 2001:db8:5::20
"""
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import floe_process  # noqa: E402

PROBE = sys.argv[1]
FLOE = str(pathlib.Path(PROBE).parent / "floe")
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
HERE, HERE6, THERE, THERE6 = "203.0.113.5", "2001:db8:5::5", "203.0.113.20", "2001:db8:5::20"
# What Avahi publishes; an address of its own host has a name already.
NAME4, NAME6 = (f"{uuid.uuid4()}.local" for _ in range(2))
NAMED4, NAMED6 = "203.0.113.30", "2001:db8:5::30"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
BROWSERS = {"Chromium": os.environ.get("CHROMIUM") or shutil.which("chromium"),
            "Firefox": os.environ.get("FIREFOX") or shutil.which("firefox-esr")}
AVAHI = os.environ.get("AVAHI_DAEMON") or shutil.which("avahi-daemon", path=PATH)

AVAHI_CONF = """
[server]
host-name=neighbour
use-ipv4=yes
use-ipv6=yes
enable-dbus=no
[publish]
publish-hinfo=no
publish-workstation=no
"""

# Two connections of one page; what the first offers, and an answer that has no candidate but ours.
PAGE = """<!doctype html><script>
const say = (text) => { console.log(text); dump(text + '\\n'); }; // what Chromium and Firefox show
window.dump ??= () => {};
(async () => {
  const a = new RTCPeerConnection(), b = new RTCPeerConnection();
  window.kept = [a, b]; // from the garbage collector
  a.createDataChannel('x');
  a.onicecandidate = (e) => { if (e.candidate) say('CANDIDATE ' + e.candidate.candidate); };
  await a.setLocalDescription(await a.createOffer());
  await b.setRemoteDescription(a.localDescription);
  const answer = await b.createAnswer();
  await a.setRemoteDescription(answer);
  const remote = location.hash.slice(1);
  if (remote) await a.addIceCandidate({ candidate: decodeURIComponent(remote), sdpMid: '0' });
})().catch((e) => say('FAULT ' + e));
</script>"""


def run(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def wait(condition, seconds=10, what="it does not happen"):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


class Skip(Exception):
    pass


class OtherHost:
    """A namespace without a name on the other end of a cable to br0; gone with its keeper."""

    def __init__(self):
        self.keeper = subprocess.Popen(["unshare", "-n", "sleep", "infinity"],
                                       stdout=subprocess.DEVNULL)
        self.enter = ["nsenter", "-t", str(self.keeper.pid), "-n"]
        mine = os.readlink("/proc/self/ns/net")
        wait(lambda: os.readlink(f"/proc/{self.keeper.pid}/ns/net") != mine)
        run("ip", "link", "add", "mdns0", "type", "veth", "peer", "name", "eth0", "netns",
            str(self.keeper.pid))
        run("ip", "link", "set", "mdns0", "master", "br0", "up")
        for address in (THERE + "/24", THERE6 + "/64"):
            run(*self.enter, "ip", "addr", "add", address, "dev", "eth0",
                *(["nodad"] if ":" in address else []))
        for device in ("lo", "eth0"):
            run(*self.enter, "ip", "link", "set", device, "up")
        run(*self.enter, "ip", "route", "add", "default", "via", HERE)

    def close(self):
        self.keeper.kill()
        self.keeper.wait()
        wait(lambda: "mdns0" not in run("ip", "-o", "link"))


class Avahi:
    """avahi-daemon with a /etc and a /run of its own, and no D-Bus; asked through its socket."""

    def __init__(self, where):
        if not AVAHI:
            raise Skip("no avahi-daemon")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="floe-avahi-"))
        (self.folder / "etc/avahi/services").mkdir(parents=True)
        (self.folder / "run").mkdir()
        for name in ("passwd", "group", "nsswitch.conf", "localtime", "ld.so.cache"):
            if os.path.exists("/etc/" + name):
                shutil.copy("/etc/" + name, self.folder / "etc")
        for name, entry in (("passwd", "avahi:x:0:0::/:/bin/false"), ("group", "avahi:x:0:")):
            with open(self.folder / "etc" / name, "a") as file:  # of root's rights, in namespaces
                file.write(entry + "\n")
        (self.folder / "etc/avahi/avahi-daemon.conf").write_text(AVAHI_CONF)
        (self.folder / "etc/avahi/hosts").write_text(f"{NAMED4} {NAME4}\n{NAMED6} {NAME6}\n")
        mount = (f"mount --bind {self.folder}/etc /etc && mount --bind {self.folder}/run /run && "
                 f"exec {AVAHI} --no-drop-root --no-chroot --no-rlimits")
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen([*where, "unshare", "-m", "sh", "-c", mount],
                                        stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        try:
            wait(self.is_ready, 20)
        except AssertionError as late:
            log = (self.folder / "log").read_text()
            self.__exit__()
            raise AssertionError(f"avahi-daemon does not start: {log}") from late
        return self

    def is_ready(self):
        assert self.process.poll() is None, "it has ended"
        return (self.folder / "log").read_text().count("successfully established") == 2

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.folder)

    def resolve(self, name, family):
        """The address, or what Avahi says instead."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(str(self.folder / "run/avahi-daemon/socket"))
            s.sendall(f"RESOLVE-HOSTNAME-IPV{family} {name}\n".encode())
            line = s.makefile().readline().split()
        return line[4] if line[0] == "+" else " ".join(line)


class Registered:
    """A name that mdns_probe stands behind."""

    def __init__(self, address):
        self.address = address

    def __enter__(self):
        self.process = subprocess.Popen([PROBE, "register", self.address], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        word, name = self.process.stdout.readline().split()
        assert word == "name", word
        return name

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(10) == 0
        self.process.stdout.close()


class Browser:
    """Headless, with PAGE; `candidate` is the only one that the other side has."""

    def __init__(self, kind, where, candidate=""):
        program = BROWSERS[kind]
        if not program:
            raise Skip(f"no {kind}")
        self.home = tempfile.mkdtemp(prefix="floe-mdns-")
        page = pathlib.Path(self.home, "page.html")
        page.write_text(PAGE)
        url = f"file://{page}#{candidate.replace(' ', '%20')}"
        env = {**os.environ, "HOME": self.home, "XDG_CONFIG_HOME": self.home,
               "XDG_CACHE_HOME": self.home, "XDG_RUNTIME_DIR": self.home}
        make = self.chromium if kind == "Chromium" else self.firefox
        self.process = subprocess.Popen([*where, program, *make(), url], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env=env)
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout))
        self.reader.start()

    def chromium(self):
        return ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={self.home}/profile", "--enable-logging=stderr",
                "--remote-debugging-port=0"]

    def firefox(self):
        profile = pathlib.Path(self.home, "profile")
        profile.mkdir()
        prefs = {"browser.dom.window.dump.enabled": "true", "app.update.enabled": "false",
                 "browser.shell.checkDefaultBrowser": "false",
                 "datareporting.policy.dataSubmissionEnabled": "false",
                 "network.captive-portal-service.enabled": "false",
                 "network.connectivity-service.enabled": "false"}
        (profile / "user.js").write_text("".join(f'user_pref("{key}", {value});\n'
                                                 for key, value in prefs.items()))
        return ["--headless", "--no-remote", "--profile", str(profile)]

    def names(self):
        return re.findall(r"CANDIDATE candidate:\S+ 1 udp \d+ (\S+\.local) ", "".join(self.lines),
                          re.IGNORECASE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        shutil.rmtree(self.home, ignore_errors=True)


def resolve(name):
    """(address or "none", milliseconds) as floe finds it."""
    done = subprocess.run([PROBE, "resolve", name], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
    found = re.fullmatch(r"addr (\S+)\nafter (\d+) ms\n", done.stdout)
    return found[1], int(found[2])


def expect(got, want):
    assert got == want, f"got {got}, expected {want}"


def resolves(name, address, within_ms):
    got, ms = resolve(name)
    expect(got, address)
    assert ms <= within_ms, f"took {ms} ms"


def avahi_resolves_our_names(other):
    with Avahi(other.enter) as avahi, Registered(HERE) as v4, Registered(HERE6) as v6:
        expect(avahi.resolve(v4, 4), HERE)
        expect(avahi.resolve(v6, 6), HERE6)


def avahi_forgets_a_name_that_we_take_back(other):
    with Avahi(other.enter) as avahi:
        with Registered(HERE) as name:
            expect(avahi.resolve(name, 4), HERE)
        time.sleep(1.5)  # a goodbye leaves a record one second: RFC 6762 section 10.1
        got = avahi.resolve(name, 4)
        assert "Timeout" in got, got


def floe_resolves_names_of_avahi(other):
    with Avahi(other.enter):
        time.sleep(2)  # it has just announced them, and is silent about them for a second
        resolves(NAME4, NAMED4, 500)
        resolves(NAME6, NAMED6, 500)


def avahi_on_this_machine_beside_us(_):
    with Avahi([]) as avahi, Registered(HERE) as name:
        expect(avahi.resolve(name, 4), HERE)
        resolves(NAME4, NAMED4, 1500)
        resolves(name, HERE, 1500)


def nobody_answers(_):
    got, ms = resolve(f"{uuid.uuid4()}.local")
    expect(got, "none")
    assert 9900 <= ms <= 15000, f"took {ms} ms"


def a_plain_resolver_is_answered_alone(_):
    """RFC 6762 section 6.7: a question from another port than 5353."""
    with Registered(HERE) as name, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(20)
        s.bind((HERE, 0))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HERE))
        labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"
        question = labels + struct.pack("!HH", 1, 1)
        ident = secrets.randbits(16)
        s.sendto(struct.pack("!6H", ident, 0, 1, 0, 0, 0) + question, ("224.0.0.251", 5353))
        packet, _ = s.recvfrom(2000)
    expect(packet, struct.pack("!6H", ident, 0x8400, 1, 1, 0, 0) + question + labels +
           struct.pack("!HHIH", 1, 1, 10, 4) + socket.inet_aton(HERE))


def floe_resolves_names_of(kind, other):
    with Browser(kind, other.enter) as browser:
        wait(browser.names, 60, f"{kind} has no candidate: {browser.lines}")
        time.sleep(3)  # until it has announced them, after which it is silent about them for a second
        got = [resolve(name) for name in browser.names()]
    addresses = {address for address, _ in got}
    assert THERE in addresses and addresses <= {THERE, THERE6}, got
    assert max(ms for _, ms in got) <= 700, got  # the first question is answered


def resolves_our_name(kind, other):
    """It sends a connectivity check to the address."""
    with Registered(HERE) as name, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((HERE, 0))
        s.settimeout(25)
        candidate = f"candidate:1 1 udp 2113937151 {name} {s.getsockname()[1]} typ host"
        with Browser(kind, other.enter, candidate):
            packet, sender = s.recvfrom(2000)
    expect(sender[0], THERE)
    expect((packet[:2], packet[4:8]), (b"\x00\x01", b"\x21\x12\xa4\x42"))


class Hiding(floe_process.Peer):
    """`floe peer --mdns`, all of whose words are kept."""

    def __init__(self, where, *more):
        super().__init__(*where, FLOE, "peer", "--mdns", *more)

    def told(self):
        return json.dumps(self.seen) + "".join(json.dumps(self.lines.get_nowait() or "")
                                               for _ in range(self.lines.qsize()))


def is_silent_about(text, *addresses):
    for address in addresses:
        assert address not in text, f"{address} is told: {text}"


def two_that_hide_connect(other, *more):
    a, b = Hiding([], *more), Hiding(other.enter)
    try:
        hide = {"loopback": False, "trickle": False}
        b.do("init", role="answer", **hide)
        a.do("init", role="offer", **hide)
        b.wait("ready")
        offer, answer = floe_process.negotiate(a, b)
        a.wait("open")
        b.wait("open")
        a.do("stats")
        pair, stats = a.wait("pair"), a.wait("stats")
        names = re.findall(r"(\S+\.local) \d+ typ host", offer["sdp"])
        expect(len(names), 2)  # a different one for each family: draft section 3.1.1
        expect(len(set(names)), 2)
        assert "c=IN IP4 0.0.0.0\r\n" in offer["sdp"] and "m=application 9 " in offer["sdp"]
        is_silent_about(offer["sdp"] + answer["sdp"], HERE, HERE6, THERE, THERE6)
        is_silent_about(json.dumps([pair, stats]) + a.told(), HERE, HERE6)
        mine = {x["address"] for x in stats["report"] if x["type"] == "local-candidate"}
        assert mine >= set(names), mine  # and perhaps 0.0.0.0, as the peer sees us
        return names
    finally:
        a.do("quit")
        b.do("quit")
        expect((a.end(), b.end()), (0, 0))


def two_that_hide_connect_on_a_port_of_their_own(other):
    two_that_hide_connect(other, "--port", "40123")


def names_end_with_their_peer(other):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("", 5353))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                     socket.inet_aton("224.0.0.251") + socket.inet_aton(HERE))
        s.settimeout(20)
        names = two_that_hide_connect(other)
        labels = [n.split(".")[0].encode() for n in names]
        live = set()
        s.settimeout(1)
        try:
            while True:
                packet = s.recv(9000)
                for label in labels:
                    at = packet.find(label)
                    if packet[2] & 0x80 and at > 0:
                        kind, _, ttl = struct.unpack_from("!HHI", packet, at + len(label) + 7)
                        if kind in (1, 28):
                            live.add(label) if ttl else live.discard(label)
                            last = ttl
        except TimeoutError:
            pass
    expect((live, last), (set(), 0))


def cases():
    """(name, function of the other host)"""
    for case in (avahi_resolves_our_names, avahi_forgets_a_name_that_we_take_back,
                 floe_resolves_names_of_avahi, avahi_on_this_machine_beside_us, nobody_answers,
                 a_plain_resolver_is_answered_alone, two_that_hide_connect,
                 two_that_hide_connect_on_a_port_of_their_own, names_end_with_their_peer):
        yield case.__name__.replace("_", " "), case
    for kind in BROWSERS:
        yield f"floe resolves names of {kind}", lambda o, k=kind: floe_resolves_names_of(k, o)
        yield f"{kind} resolves our name", lambda o, k=kind: resolves_our_name(k, o)


def main():
    passed = failed = skipped = 0
    subprocess.run(["ip", "addr", "replace", HERE6 + "/64", "dev", "br0", "nodad"], check=True)
    for name, case in cases():
        name = "mdns: " + name
        if FILTER not in name:
            continue
        start = time.monotonic()
        other = OtherHost()
        try:
            case(other)
            passed += 1
            print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Skip as why:
            skipped += 1
            print(f"skip  {name}: {why}", flush=True)
        except Exception as error:  # each case is on its own
            failed += 1
            print(f"FAIL  {name}: {error!r}", flush=True)
        finally:
            other.close()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not (passed or FILTER) else 0


sys.exit(main())

"""The probes of README.md beside this file: ICE agents of floe and of others, driven by lines."""
import os
import subprocess
import time

from floe_process import Peer

HERE = os.path.dirname(os.path.abspath(__file__))


class Probe(Peer):
    """One agent. Events are {"ev": word, "text": what follows the word}."""

    def __init__(self, command):
        super().__init__(command[0], *command[1:])
        self.description = None  # ufrag and password
        self.candidates = []

    def read(self):
        for line in self.process.stdout:
            word, _, text = line.decode().rstrip("\n").partition(" ")
            self.lines.put({"ev": word, "text": text})
        self.lines.put(None)

    def say(self, *words):
        self.write((" ".join(words) + "\n").encode())

    def gather(self):
        """Wait until it has all its candidates."""
        self.description = self.wait("local")["text"]
        self.wait("end")
        self.candidates = [event["text"] for event in self.seen if event["ev"] == "candidate"]
        self.seen = [event for event in self.seen if event["ev"] != "candidate"]

    def forget(self):
        """What it said before does not count any more."""
        while not self.lines.empty():
            self.seen.append(self.lines.get())
        self.seen = []

    def heard(self, ev):
        """The texts of all events of this name so far, taken away."""
        while not self.lines.empty():
            event = self.lines.get()
            if event is not None:
                self.seen.append(event)
        texts = [event["text"] for event in self.seen if event["ev"] == ev]
        self.seen = [event for event in self.seen if event["ev"] != ev]
        return texts


def tell(receiver, sender, trickle=0.0, end=True, lite=False):
    """Give the credentials and candidates of one agent to another; `trickle`: seconds between."""
    receiver.say("remote", sender.description, *(["lite"] if lite else []))
    for candidate in sender.candidates:
        time.sleep(trickle)
        receiver.say("candidate", candidate)
    if end:
        time.sleep(trickle)
        receiver.say("end")


class Kind:
    """A library, and how its probe is started."""

    def __init__(self, name, package, command, can):
        self.name, self.package, self.command, self.can = name, package, command, can

    def version(self):
        done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", self.package],
                              capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def start(self, role, addresses, *options):
        return Probe([*self.command, role, addresses, *options])


def build_pion(folder):
    """From the sources that Debian installs, without modules: nothing is fetched."""
    program = os.path.join(folder, "pion_ice_probe")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                   "GOCACHE": os.path.join(folder, "go-cache"), "GOFLAGS": ""}
    source = os.path.join(HERE, "pion_probe.go")
    subprocess.run(["go", "build", "-o", program, source], check=True, env=environment)
    return program


def kinds(folder):
    """The others: those that are here, with what they can do; and the names of the others."""
    found = [
        Kind("libnice", "libnice10", [os.path.join(folder, "nice_probe")],
             {"lite", "regular", "renomination", "no-trickle", "restart", "old pair", "conflict"}),
        Kind("aioice", "python3-aioice", ["/usr/bin/python3", os.path.join(HERE, "aioice_probe.py")],
             {"regular", "conflict"}),
        # No "conflict": pion/ice 2.3 drops the checks of a peer that has its own role.
        Kind("pion/ice", "golang-github-pion-ice.v2-dev", None, {"lite", "restart"}),
    ]
    for kind in found:
        if kind.command is None and kind.version():
            kind.command = [build_pion(folder)]
    return found

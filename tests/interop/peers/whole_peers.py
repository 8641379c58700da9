"""The peers that suite_peers.py connects with floe: how each is started, its version, what it can."""
import json
import os
import shutil
import subprocess

from floe_process import Peer

HERE = os.path.dirname(os.path.abspath(__file__))


RESTARTS = ("floe restarts ice", "the peer restarts ice")


class Kind:
    """`missing`: what it can't do, and why: {case, or "role: case": reason}. `largest`: the message
    that it can receive. `tries`: to connect."""

    def __init__(self, name, command, version, missing=None, largest=1 << 18, tries=1):
        self.name, self.command, self.version = name, command, version
        self.missing, self.largest, self.tries = missing or {}, largest, tries
        self.patience = 20 if tries == 1 else 6  # seconds for a try

    def lacks(self, case, floe_offers):
        role = "answers" if floe_offers else "offers"
        return self.missing.get(case) or self.missing.get(f"{role}: {case}")

    def start(self):
        return Peer(self.command[0], *self.command[1:], stderr=subprocess.DEVNULL)


def debian(package):
    done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True,
                          text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def python(script):
    return ["/usr/bin/python3", os.path.join(HERE, script)]


def pion(folder):
    """From the sources that Debian installs, without modules: nothing is fetched."""
    program = os.path.join(folder, "pion_peer")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                   "GOCACHE": os.path.join(folder, "go-cache"), "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", program, os.path.join(HERE, "peer_pion.go")], check=True,
                   env=environment)
    return [program]


def npm(modules, package):
    """Version of a package that tests/interop/run has installed there."""
    try:
        with open(os.path.join(modules, "node_modules", package, "package.json"), encoding="utf-8") as f:
            return json.load(f)["version"]
    except OSError:
        return None


def kinds(folder, modules):
    """`folder`: where programs are built; `modules`: where packages from npm are. A version of None:
    not installed."""
    version = debian("golang-github-pion-webrtc.v3-dev")
    yield Kind("aiortc", python("peer_aiortc.py"), debian("python3-aiortc"),
               dict.fromkeys(RESTARTS, "it has no restart"))
    # One byte less than what an SDP without max-message-size stands for (RFC 8841 section 6.1).
    yield Kind("pion", pion(folder) if version else None, version, largest=65535, missing={
        "offers: floe restarts ice": "it answers with another a=setup than it has (RFC 8842)"})
    yield Kind("GStreamer", python("peer_gstreamer.py"), debian("gstreamer1.0-plugins-bad"), {
        **dict.fromkeys(RESTARTS, "after a restart no pair is found"),
        "empty messages come back": "an empty text arrives as binary",
        "a negotiated channel": "such a channel never opens once it is connected",
        "floe says goodbye": "its channel does not close with the connection",
        "the peer says goodbye": "it ends without a word"})
    script = os.path.join(modules, "peer_node.mjs")
    if os.path.isdir(modules):
        # Modules look for their packages beside themselves.
        shutil.copy(os.path.join(HERE, "peer_node.mjs"), script)
    node = lambda name: ["node", script, name]
    # It can lose a race with itself: a handshake that ends before its setRemoteDescription() does is
    # refused, for it has no fingerprint yet to compare with.
    yield Kind("libdatachannel", node("libdatachannel"), npm(modules, "node-datachannel"), {
        **dict.fromkeys(RESTARTS, "it has no restart"),
        "each kind of channel opened by floe": "its JavaScript does not tell the kind"}, tries=3)
    yield Kind("libwebrtc", node("libwebrtc"), npm(modules, "@roamhq/wrtc"))
    yield Kind("werift", node("werift"), npm(modules, "werift"), {
        **dict.fromkeys(RESTARTS, "after a restart no pair is found"),
        "empty messages come back": "none comes back",
        "each kind of channel opened by floe": "unordered with a limit is ordered to it",
        "each kind of channel opened by the peer": "unordered with a limit is ordered to it"}, tries=3)

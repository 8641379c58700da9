#!/usr/bin/python3
"""floe's ICE agent alone against libnice, aioice and pion/ice, in both roles. Arguments: the
program ice_probe, a filter. In a network namespace, which gets an IPv6 address besides."""
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "support")]
import ice_peers  # the path comes first
from ice_peers import tell

PROBE = sys.argv[1]
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""
IP4, IP6 = "203.0.113.5", "2001:db8::5"
OTHER = {"controlling": "controlled", "controlled": "controlling"}
# What floe tells of a peer that is gone: the config's values here, in seconds, and what is allowed.
SILENCE = ["consent=200", "disconnected=600", "consent_timeout=1500"]


class Pair:
    """A floe agent in `role`, and one of another kind in the other role; both have gathered."""

    def __init__(self, kind, role, addresses=f"{IP4},{IP6}", options=(), floe_options=(),
                 other_role=None):
        self.floe = ice_peers.Probe([PROBE, role, addresses, *floe_options])
        self.other = kind.start(other_role or OTHER[role], addresses, *options)
        self.floe.gather()
        self.other.gather()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                errors = self.floe.heard("error") + self.other.heard("error")
                assert not errors, f"a probe said {errors}"
                assert self.floe.end() == 0
        finally:
            for probe in (self.floe, self.other):
                probe.process.kill()
                probe.process.wait()

    def introduce(self, **how):
        tell(self.other, self.floe, **how)
        tell(self.floe, self.other, **how)

    def connect(self):
        """Both have a pair, and data goes both ways."""
        self.floe.wait("selected")
        self.other.wait("selected")
        self.talk()

    def talk(self):
        for sender, receiver in ((self.floe, self.other), (self.other, self.floe)):
            text = f"data {time.monotonic()}"
            sender.say("send", text)
            receiver.wait("received", text=text)


def hosts(kind, role, addresses):
    with Pair(kind, role, addresses) as pair:
        pair.introduce()
        pair.connect()
        pair.floe.wait("state", text="completed")


def host_candidates_of_ipv4(kind, role):
    hosts(kind, role, IP4)


def host_candidates_of_ipv6(kind, role):
    hosts(kind, role, IP6)


def both_families_full_trickle(kind, role):
    with Pair(kind, role) as pair:
        pair.introduce(trickle=0.05)
        pair.connect()
        pair.floe.wait("state", text="completed")


def half_trickle(kind, role):
    """The side that offers has all its candidates in the offer; the other's come one by one."""
    with Pair(kind, role) as pair:
        offerer, answerer = ((pair.floe, pair.other) if role == "controlling"
                             else (pair.other, pair.floe))
        tell(answerer, offerer)
        tell(offerer, answerer, trickle=0.1)
        pair.connect()


def no_trickle(kind, role):
    with Pair(kind, role, options=["no-trickle"]) as pair:
        pair.introduce()
        pair.connect()
        pair.floe.wait("state", text="completed")


def candidates_that_come_late(kind, role):
    with Pair(kind, role) as pair:
        pair.floe.say("remote", pair.other.description)
        pair.other.say("remote", pair.floe.description)
        time.sleep(0.4)
        for probe, from_ in ((pair.floe, pair.other), (pair.other, pair.floe)):
            for candidate in from_.candidates:
                probe.say("candidate", candidate)
        pair.connect()


def no_end_of_candidates(kind, role):
    with Pair(kind, role) as pair:
        pair.introduce(end=False)
        pair.connect()


def candidates_of_floe_only(kind, role):
    """The peer's are not signalled: they are peer-reflexive."""
    with Pair(kind, role) as pair:
        tell(pair.other, pair.floe)
        pair.floe.say("remote", pair.other.description)
        pair.connect()


def candidates_of_the_peer_only(kind, role):
    with Pair(kind, role) as pair:
        tell(pair.floe, pair.other)
        pair.other.say("remote", pair.floe.description)
        pair.connect()


def checks_before_the_answer(kind, role):
    """The peer checks while floe does not know its credentials; when it does, that counts."""
    with Pair(kind, role) as pair:
        tell(pair.other, pair.floe)
        time.sleep(0.4)
        tell(pair.floe, pair.other)
        pair.connect()


def checks_before_the_peer_is_told(kind, role):
    with Pair(kind, role) as pair:
        tell(pair.floe, pair.other)
        time.sleep(0.4)
        tell(pair.other, pair.floe)
        pair.connect()


def both_in_the_same_role(kind, role):
    """The tie-breakers decide who gives in: again until each side has."""
    outcomes = set()
    for _ in range(20):
        with Pair(kind, role, other_role=role) as pair:
            pair.introduce()
            pair.connect()
            pair.floe.wait("state", text="completed")
            outcomes.add(tuple(pair.floe.heard("role")))
        if len(outcomes) == 2:
            break
    assert outcomes == {(), (OTHER[role],)}, f"floe's role became {outcomes}"


def regular_nomination(kind, role):
    with Pair(kind, role, options=["regular"]) as pair:
        pair.introduce()
        pair.connect()


def renomination_offered(kind, role):
    with Pair(kind, role, options=["renomination"]) as pair:
        pair.introduce()
        pair.connect()


def the_peer_is_lite(kind, role):
    """A lite peer is controlled; so, told that it is, floe controls, whatever it began as."""
    with Pair(kind, role, options=["lite"], other_role="controlled") as pair:
        tell(pair.other, pair.floe)
        tell(pair.floe, pair.other, lite=True)
        pair.floe.wait("selected")
        pair.floe.wait("state", text="completed")
        pair.other.wait("selected")
        pair.talk()


def floe_is_lite(kind, role):
    """It is controlled then, even if it began as controlling."""
    with Pair(kind, role, floe_options=["lite"], other_role="controlling") as pair:
        tell(pair.other, pair.floe, lite=True)
        tell(pair.floe, pair.other)
        pair.connect()


def floe_nominates_fast(kind, role):
    with Pair(kind, role, floe_options=["fast"]) as pair:
        pair.introduce()
        pair.connect()
        pair.floe.wait("state", text="completed")


def restart(kind, role, by_floe):
    with Pair(kind, role) as pair:
        pair.introduce()
        pair.connect()
        first, second = (pair.floe, pair.other) if by_floe else (pair.other, pair.floe)
        for probe in (first, second):
            probe.forget()
            probe.say("restart")
            probe.gather()
        if "old pair" in kind.can:
            pair.talk()
        tell(second, first)
        tell(first, second)
        pair.floe.wait("selected")
        pair.floe.wait("state", text="completed")
        pair.talk()


def a_restart_by_floe(kind, role):
    restart(kind, role, True)


def a_restart_by_the_peer(kind, role):
    restart(kind, role, False)


def the_peer_falls_silent(kind, role):
    with Pair(kind, role, IP4, floe_options=SILENCE) as pair:
        pair.introduce()
        pair.connect()
        pair.floe.wait("state", text="completed")
        pair.other.process.send_signal(19)  # SIGSTOP
        stopped = time.monotonic()
        pair.floe.wait("state", text="disconnected")
        seen = time.monotonic() - stopped
        assert 0.2 < seen < 1.2, f"disconnected after {seen:.2f} s"
        pair.floe.wait("state", text="failed")
        seen = time.monotonic() - stopped
        assert 1.2 < seen < 2.2, f"failed after {seen:.2f} s"
        pair.floe.wait("cause")


def the_peer_was_silent_for_a_while(kind, role):
    with Pair(kind, role, IP4, floe_options=SILENCE) as pair:
        pair.introduce()
        pair.connect()
        pair.floe.wait("state", text="completed")
        pair.other.process.send_signal(19)
        pair.floe.wait("state", text="disconnected")
        pair.other.process.send_signal(18)  # SIGCONT
        pair.floe.wait("state", text="completed")
        pair.talk()


def a_wrong_password(kind, role):
    with Pair(kind, role, IP4, floe_options=["patience=700"]) as pair:
        ufrag = pair.other.description.split()[0]
        tell(pair.other, pair.floe)
        pair.floe.say("remote", ufrag, "x" * 24)
        for candidate in pair.other.candidates:
            pair.floe.say("candidate", candidate)
        pair.floe.say("end")
        time.sleep(1)
        assert not pair.floe.heard("selected"), "it took a pair"


CASES = [  # what a peer must be able to do for it, the case
    (None, host_candidates_of_ipv4),
    (None, host_candidates_of_ipv6),
    (None, both_families_full_trickle),
    (None, half_trickle),
    ("no-trickle", no_trickle),
    (None, candidates_that_come_late),
    (None, no_end_of_candidates),
    (None, candidates_of_floe_only),
    (None, candidates_of_the_peer_only),
    (None, checks_before_the_answer),
    (None, checks_before_the_peer_is_told),
    ("conflict", both_in_the_same_role),
    ("regular", regular_nomination),
    ("renomination", renomination_offered),
    ("lite", the_peer_is_lite),
    (None, floe_is_lite),
    (None, floe_nominates_fast),
    ("restart", a_restart_by_floe),
    ("restart", a_restart_by_the_peer),
    (None, the_peer_was_silent_for_a_while),
    (None, the_peer_falls_silent),
    (None, a_wrong_password),
]


def run_case(name, case, kind, role):
    start = time.monotonic()
    try:
        case(kind, role)
        print(f"ok    {name} ({time.monotonic() - start:.1f} s)", flush=True)
        return True
    except Exception as error:  # each case is on its own
        print(f"FAIL  {name}: {error!r}", flush=True)
        return False


def main():
    subprocess.run(["ip", "addr", "add", f"{IP6}/64", "dev", "br0", "nodad"], check=True)
    results = []
    skipped = 0
    for kind in ice_peers.kinds(os.path.dirname(os.path.abspath(PROBE))):
        version = kind.version()
        if version is None or not os.path.exists(kind.command[0]):
            print(f"skipped: {kind.name} is not installed")
            skipped += 1
            continue
        print(f"version {kind.name} {version}")
        for role in ("controlling", "controlled"):
            for need, case in CASES:
                name = f"ice: floe {role}, {kind.name}: {case.__name__.replace('_', ' ')}"
                if FILTER in name and (need is None or need in kind.can):
                    results.append(run_case(name, case, kind, role))
    subprocess.run(["ip", "addr", "del", f"{IP6}/64", "dev", "br0"], check=True)
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not (results or FILTER or skipped) else 0


sys.exit(main())

"""The tables of bench/compare, from its results; and their place in docs/PERFORMANCE.md."""
import statistics

BEGIN, END = "<!-- begin bench/compare -->", "<!-- end bench/compare -->"

# name; place in the results; (name, member, scale, decimals) of the rate; of the cost
FLOWS = [
    ("reliable, 64 KiB", ("pair", "flow-64k"), ("MB/s", "mb_per_s", 0), ("CPU s/GB", "cpu_s_per_gb", 2)),
    ("reliable, 1 KiB", ("pair", "flow-1k"), ("MB/s", "mb_per_s", 0), ("CPU s/GB", "cpu_s_per_gb", 2)),
    ("unordered, never repeated, 100 bytes", ("pair", "loose-100"), ("messages/s", "messages_per_s", 0),
     ("CPU us each", "cpu_us_per_message", 2)),
    ("ICE alone, 1,200 bytes", ("ice",), ("datagrams/s", "rate", 0), ("CPU us each", "us", 2)),
    ("SCTP alone, 16 KiB, checksums", ("sctp-16k-crc",), None, ("CPU s/GB", None, 2)),
    ("SCTP alone, 16 KiB, no checksums", ("sctp-16k",), None, ("CPU s/GB", None, 2)),
]
TIMES = [
    ("round trip of 64 bytes", ("pair", "echo"), "p99_us", "99 %"),
    ("the same without a stack", ("sockets",), "p99_us", "99 %"),
    ("from two peers to an open channel", ("connect",), "worst_us", "worst"),
]
IDLE = ("idle",)

# what; place; member; whether the goal is at least so much, or at most; so much; digits
GOALS = [
    ("reliable, 64 KiB, both ends, CPU s/GB", ("pair", "flow-64k"), "cpu_s_per_gb", "most", 3, 2),
    ("the same, MB/s", ("pair", "flow-64k"), "mb_per_s", "least", 400, 0),
    ("reliable, 1 KiB, CPU s/GB", ("pair", "flow-1k"), "cpu_s_per_gb", "most", 4.5, 2),
    ("the same, MB/s", ("pair", "flow-1k"), "mb_per_s", "least", 250, 0),
    ("unordered 100 bytes, CPU us a message", ("pair", "loose-100"), "cpu_us_per_message", "most", 1.5, 2),
    ("the same, messages/s", ("pair", "loose-100"), "messages_per_s", "least", 1_000_000, 0),
    ("round trip of 64 bytes, median, us", ("pair", "echo"), "median_us", "most", 60, 0),
    ("the same, 99 % within, us", ("pair", "echo"), "p99_us", "most", 120, 0),
    ("connection, median, ms", ("connect",), "median_us", "most", 3, 1),
    ("connection, worst, ms", ("connect",), "worst_us", "most", 15, 1),
    ("an idle peer, KB", IDLE, None, "most", 45, 0),
    ("ICE alone, datagrams/s of 1,200 bytes", ("ice",), "rate", "least", 1_000_000, 0),
    ("the same, CPU us a datagram", ("ice",), "us", "most", 1.5, 2),
    ("SCTP alone, 16 KiB, checksums, CPU s/GB", ("sctp-16k-crc",), None, "most", 0.8, 2),
    ("the same without checksums", ("sctp-16k",), None, "most", 0.5, 2),
]
SCALES = {"connect": 1000, "idle": 1000}


class Case:
    """What was measured in one place of the results."""

    def __init__(self, told, place):
        self.rounds = {stack: [tuple(self.inside(row[end], place[1:]) for end in ("floe", "other"))
                               for row in rows]
                       for stack, rows in told["rows"].get(place[0], {}).items()}

    @staticmethod
    def inside(row, names):
        for name in names:
            row = row[name]
        return row

    def median(self, stack, member):
        value = (lambda row: row) if member is None else (lambda row: row[member])
        if stack == "floe":
            return statistics.median(value(pair[0]) for rows in self.rounds.values() for pair in rows)
        return statistics.median(value(pair[1]) for pair in self.rounds[stack])

    def ratio(self, stack, member):
        """The median of each round's: the two were measured one after the other."""
        value = (lambda row: row) if member is None else (lambda row: row[member])
        return statistics.median(value(other) / value(floe) for floe, other in self.rounds[stack])

    def stacks(self):
        return ["floe", *self.rounds]


def number(value, decimals):
    return f"{value:,.{decimals}f}"


def ratio_of(case, stack, member):
    return "1" if stack == "floe" else number(case.ratio(stack, member), 2)


def flows(told):
    yield "| what | stack | rate | cost, both ends | cost / floe's |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for name, place, rate, (unit, member, decimals) in FLOWS:
        case = Case(told, place)
        for stack in case.stacks() if case.rounds else []:
            cost = f"{number(case.median(stack, member), decimals)} {unit}"
            speed = f"{number(case.median(stack, rate[1]), rate[2])} {rate[0]}" if rate else ""
            yield f"| {name} | {stack} | {speed} | {cost} | {ratio_of(case, stack, member)} |"


def times(told):
    yield "| what | stack | median, ms | 99 % within, or the worst, ms | median / floe's |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for name, place, member, word in TIMES:
        case = Case(told, place)
        for stack in case.stacks() if case.rounds else []:
            yield (f"| {name} | {stack} | {number(case.median(stack, 'median_us') / 1000, 2)} "
                   f"| {word} {number(case.median(stack, member) / 1000, 2)} | {ratio_of(case, stack, 'median_us')} |")


def memory(told):
    yield "| an idle, connected peer | KB | / floe's |"
    yield "| --- | ---: | ---: |"
    case = Case(told, IDLE)
    for stack in case.stacks() if case.rounds else []:
        yield f"| {stack} | {number(case.median(stack, None) / 1000, 0)} | {ratio_of(case, stack, None)} |"


def goal(case, what, member, kind, wanted, decimals, scale):
    def value(stack):
        return case.median(stack, member) / scale
    best = (min if kind == "most" else max)(case.rounds, key=value)
    floe, other = value("floe"), value(best)
    is_met = floe <= wanted if kind == "most" else floe >= wanted
    words = f"at {kind} {number(wanted, 0 if wanted > 9 else 1)}"
    times_better = other / floe if kind == "most" else floe / other
    return (f"| {what} | {words} | {number(floe, decimals)}{'' if is_met else ': **missed**'} "
            f"| {number(other, decimals)} ({best}) | {number(times_better, 1)} |")


def goals(told):
    yield "| what | goal | floe | best other | times better |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for what, place, member, kind, wanted, decimals in GOALS:
        case = Case(told, place)
        if case.rounds:
            yield goal(case, what, member, kind, wanted, decimals, SCALES.get(place[0], 1))


def lines(told):
    named = ", ".join(f"{name} ({version})" for name, version in told["versions"].items() if version)
    yield f"{told['machine']}, {told['compiler']}. {named}."
    yield f"{told['rounds']} rounds, {told['seconds']} s of each size of message."
    for stack, case, why in told["left_out"]:
        yield f"Failed in a round, and not measured any more: {stack}, {case}: {why}."
    for table in (goals, flows, times, memory):
        yield ""
        yield from table(told)


def tell(told, doc):
    text = "\n".join(lines(told))
    print(text)
    if doc is not None:
        old = doc.read_text()
        head, _, rest = old.partition(BEGIN)
        tail = rest.partition(END)[2]
        doc.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}")

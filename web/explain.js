// What getStats() knows, in sentences: the path in use, and why a connection failed. Codes and words are those of
// peer/peer_verdict.h, as far as a browser tells what they need.

const kinds = {
  host: 'directly',
  srflx: 'through NAT',
  prflx: 'through NAT',
  relay: 'through a TURN server',
};

const texts = {
  'consent-expired': 'It was connected, then the peer fell silent for too long on every path. Its network is gone or it has stopped.',
  'dtls-failed': 'DTLS: the handshake failed. One side refuses what the other offers, or a certificate is not the one of its description.',
  'dtls-timeout': 'DTLS: there is a path to the peer, but the handshake found no answer. Something on the way drops DTLS or large packets.',
  'no-description': 'The peer’s description has never come. The other side is not there, or signalling is broken.',
  'no-candidates': 'The peer gave no candidate, and no check of it came. Its candidates were lost in signalling, or it has no network.',
  'names-unresolved': 'The peer’s candidates are all .local names that this machine cannot resolve. That works in one local network with'
    + ' multicast DNS; elsewhere give both sides a STUN or TURN server.',
  'no-network': 'This machine has no address that could be used: it has no network.',
  'turn-login': 'The TURN server %s refused user or password (401, unauthorized), and no direct path was found. Correct the login.',
  'turn-refused': 'The TURN server %s gave no relay (%c), and no direct path was found.',
  'turn-silent': 'The TURN server %s does not answer, and no direct path was found. It is down, or a firewall drops what goes there: check'
    + ' its address, or use turns: on port 443.',
  'udp-blocked': 'No server answers over UDP: UDP is filtered, or the servers are down; and no TURN over TCP is configured. Give a turn:'
    + ' server with transport=tcp, or turns:.',
  'one-way': 'The peer’s checks arrive here, but ours are not answered. Something drops packets towards the peer: look at its firewall, or'
    + ' give one side a TURN server.',
  'no-turn': 'Nothing gets through between the NATs or firewalls of both sides, and no TURN server was given. Give one, or check that the'
    + ' peer is still there.',
  'no-servers': 'None of the peer’s addresses answers, and no STUN or TURN server was given. Between two networks give both sides one; in'
    + ' one network check the firewalls, and that the peer is still there.',
  'peer-silent': 'The peer does not answer, not even through the TURN server. It is gone, or its own UDP is filtered: give it a TURN server'
    + ' over TCP.',
};

async function collect(pc) {
  const stats = new Map();
  (await pc.getStats()).forEach((entry, id) => stats.set(id, entry));
  return stats;
}

function selectedPair(stats) {
  const all = [...stats.values()];
  const transport = all.find((s) => s.type === 'transport' && s.selectedCandidatePairId);
  return transport
    ? stats.get(transport.selectedCandidatePairId)
    : all.find((s) => s.type === 'candidate-pair' && (s.selected || (s.nominated && s.state === 'succeeded')));
}

// "host ↔ prflx over UDP (through NAT), round trip 3 ms"
export async function describePath(pc) {
  const stats = await collect(pc);
  const pair = selectedPair(stats);
  if (!pair) return '';
  const local = stats.get(pair.localCandidateId);
  const remote = stats.get(pair.remoteCandidateId);
  if (!local || !remote) return '';
  const protocol = (local.relayProtocol ? `${local.relayProtocol} relay` : local.protocol).toUpperCase();
  const rtt = pair.currentRoundTripTime === undefined ? '' : `, round trip ${Math.round(pair.currentRoundTripTime * 1000)} ms`;
  const types = [local.candidateType, remote.candidateType];
  const how = kinds[['relay', 'prflx', 'srflx'].find((type) => types.includes(type)) ?? 'host'];
  return `${local.candidateType} ↔ ${remote.candidateType} over ${protocol} (${how})${rtt}`;
}

// The worst that TURN servers said, in RTCPeerConnectionIceErrorEvents: what the person can mend first.
function judgeTurn(errors) {
  const turn = errors.filter((e) => /^turns?:/.test(e.url ?? ''));
  const worst = turn.find((e) => e.errorCode === 401) ?? turn.find((e) => e.errorCode >= 300 && e.errorCode < 700) ?? turn[0];
  if (!worst) return { code: 'turn-silent' };
  const code = worst.errorCode === 401 ? 'turn-login' : worst.errorCode < 700 ? 'turn-refused' : 'turn-silent';
  return { code, url: worst.url, error: worst.errorCode };
}

function decide({ entries, errors, urls, wasOpen, remote }) {
  const of = (type) => entries.filter((s) => s.type === type);
  const pairs = of('candidate-pair');
  const locals = of('local-candidate');
  const heard = pairs.some((p) => p.requestsReceived > 0);
  if (wasOpen) return { code: 'consent-expired' };
  if (remote === null) return { code: 'no-description' };
  if (pairs.some((p) => p.state === 'succeeded' || p.responsesReceived > 0)) {
    return { code: of('transport').some((t) => t.dtlsState === 'failed') ? 'dtls-failed' : 'dtls-timeout' };
  }
  if (locals.length === 0) return { code: 'no-network' };
  // Those of the description: a browser that has given a pair up may have forgotten its candidate.
  const addresses = [...remote.matchAll(/^a=candidate:\S+ 1 \S+ \d+ (\S+) \d+ typ/gm)].map((match) => match[1]);
  if (!heard && addresses.length === 0) return { code: 'no-candidates' };
  if (!heard && addresses.every((address) => address.endsWith('.local'))) return { code: 'names-unresolved' };
  const hasTurn = urls.some((u) => /^turns?:/.test(u));
  if (hasTurn && locals.some((c) => c.candidateType === 'relay')) return { code: heard ? 'one-way' : 'peer-silent' };
  const hasStream = urls.some((u) => /^turns:|transport=tcp/.test(u));
  const isReflected = locals.some((c) => c.candidateType === 'srflx');
  if (hasTurn) {
    const fault = judgeTurn(errors);
    return fault.code === 'turn-silent' && !hasStream && !isReflected ? { code: 'udp-blocked' } : fault;
  }
  if (heard) return { code: 'one-way' };
  if (urls.length === 0) return { code: 'no-servers' };
  // Behind no NAT a server tells nothing new, so only its silence tells that UDP is blocked.
  return { code: !isReflected && errors.length > 0 ? 'udp-blocked' : 'no-turn' };
}

// `entries` of getStats(), `errors` of onicecandidateerror, the servers' `urls`, the `remote` description's text or null.
// Returns { code, text }.
export function judge(facts) {
  const found = decide(facts);
  // Not a pattern: a URL may have a "$" in it.
  const text = texts[found.code].replace('%s', () => found.url ?? 'given').replace('%c', () => found.error ?? 'an error');
  return { code: found.code, text };
}

export async function explainFailure(pc, { wasOpen, errors, servers }) {
  const urls = servers.flatMap((server) => server.urls);
  return judge({ entries: [...(await collect(pc)).values()], errors, urls, wasOpen, remote: pc.remoteDescription?.sdp ?? null });
}

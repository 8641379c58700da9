// What getStats knows, in sentences: the path in use, and why a connection failed.

const kinds = {
  host: 'directly',
  srflx: 'through a NAT',
  prflx: 'through a NAT',
  relay: 'through a relay',
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

// "host ↔ prflx over UDP, round trip 3 ms"
export async function describePath(pc) {
  const stats = await collect(pc);
  const pair = selectedPair(stats);
  if (!pair) return '';
  const local = stats.get(pair.localCandidateId);
  const remote = stats.get(pair.remoteCandidateId);
  if (!local || !remote) return '';
  const protocol = (local.relayProtocol ? `${local.relayProtocol} relay` : local.protocol).toUpperCase();
  const rtt = pair.currentRoundTripTime === undefined ? '' : `, round trip ${Math.round(pair.currentRoundTripTime * 1000)} ms`;
  const how = kinds[local.candidateType] && local.candidateType === 'relay' ? kinds.relay : kinds[remote.candidateType];
  return `${local.candidateType} ↔ ${remote.candidateType} over ${protocol} (${how})${rtt}`;
}

export async function explainFailure(pc, wasOpen) {
  if (wasOpen) return 'The connection was lost: the other side has not answered for too long.';
  const all = [...(await collect(pc)).values()];
  const count = (type) => all.filter((s) => s.type === type).length;
  const answered = all.some((s) => s.type === 'candidate-pair' && s.responsesReceived > 0);
  const transport = all.find((s) => s.type === 'transport');
  if (answered && transport && transport.dtlsState === 'failed') {
    return 'Failed: the two sides found each other, but the encrypted handshake was refused.';
  }
  if (count('local-candidate') === 0) return 'Failed: this browser found no network address to use. Is there a network?';
  if (count('remote-candidate') === 0) return 'Failed: the other side sent no address to try.';
  return 'Failed: no packet got through between the two sides. A firewall or NAT is in the way; a TURN relay would help.';
}

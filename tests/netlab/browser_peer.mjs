// Chromium as a peer that speaks the lines of `floe peer` (app/README.md), as far as tests/netlab needs them:
// init (role, ice, echo), remote, candidate, send (text), stats, quit; ready, local, candidate, state, open, msg,
// pair. It trickles.

import { createInterface } from 'node:readline';
import { startBrowser } from '../browser/browsers.mjs';

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const browser = await startBrowser('chromium');
let page;

// Runs in the page, beside window.peer of page.mjs.
function tellEverything(role, echo) {
  const { peer, say: tell } = window;
  const use = (channel) => {
    const { label } = channel;
    const opened = () => tell({ ev: 'open', label });
    window.lab = channel;
    channel.addEventListener('message', ({ data }) => {
      tell({ ev: 'msg', label, text: data });
      if (echo) channel.send(data);
    });
    if (channel.readyState === 'open') opened();
    else channel.addEventListener('open', opened);
  };
  peer.pc.addEventListener('connectionstatechange', () => tell({ ev: 'state', pc: peer.pc.connectionState }));
  peer.pc.addEventListener('icecandidate', ({ candidate }) => tell(
    { ev: 'candidate', candidate: candidate?.candidate ?? '', mid: candidate?.sdpMid ?? '0' }));
  peer.pc.addEventListener('datachannel', ({ channel }) => use(channel));
  if (role === 'offer') {
    peer.create('lab');
    use(peer.channels.get('lab'));
  }
}

// Runs in the page: the pair in use, by the words of `floe peer`.
async function selectedPair() {
  const stats = await window.peer.pc.getStats();
  const transport = [...stats.values()].find((s) => s.type === 'transport');
  const pair = stats.get(transport?.selectedCandidatePairId);
  const told = (id) => {
    const { candidateType, protocol, address, port } = stats.get(id);
    return { type: candidateType, transport: protocol, address, port };
  };
  return pair && { local_candidate: told(pair.localCandidateId), remote_candidate: told(pair.remoteCandidateId) };
}

// Runs in the page: make a description, after that of the other side if there is one.
async function describe(other) {
  const { pc } = window.peer;
  if (other) await pc.setRemoteDescription(other);
  if (other?.type === 'answer') return;
  await pc.setLocalDescription();
  window.say({ ev: 'local', type: pc.localDescription.type, sdp: pc.localDescription.sdp });
}

const commands = {
  async init({ role, ice, echo }) {
    page = await browser.newPeer({ iceServers: ice });
    await page.exposeFunction('say', say);
    await page.evaluate(tellEverything, role, echo);
    if (role === 'answer') say({ ev: 'ready' });
    else await page.evaluate(describe);
  },
  remote: ({ type, sdp }) => page.evaluate(describe, { type, sdp }),
  candidate: ({ candidate, mid }) => page.evaluate((c) => window.peer.pc.addIceCandidate(c),
    { candidate, sdpMid: mid }),
  send: ({ text }) => page.evaluate((t) => window.lab.send(t), text),
  stats: async () => say({ ev: 'pair', ...await page.evaluate(selectedPair) }),
};

try {
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    if (command.cmd === 'quit') break;
    await commands[command.cmd](command);
  }
} catch (error) {
  say({ ev: 'error', text: error.message });
  process.exitCode = 1;
} finally {
  await browser.close();
}
process.exit();

// Every browser against `floe peer --mdns`, whose addresses are names; and several connections at once to one port.

import path from 'node:path';
import { startBrowser } from './browsers.mjs';
import { floeOffers, pageOffers, withPair } from './connect.mjs';
import { LineProcess } from './lines.mjs';
import { Runner } from './runner.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);
const ADDRESS = '203.0.113.5';
const CONNECTIONS = 10;

function requireHidden(text) {
  if (text.includes(ADDRESS)) throw new Error(`the address is told: ${text}`);
  if (!/ [0-9a-f-]{36}\.local \d+ typ host/.test(text)) throw new Error(`no name is told: ${text}`);
}

// floe gets no candidate: the browser has to resolve the name, and to check first.
function withoutCandidates(sdp) {
  return sdp.split('\r\n').filter((line) => !line.startsWith('a=candidate:')).join('\r\n');
}

async function hideCases(browser) {
  const args = ['--mdns'];
  const roles = {
    answers: () => floeOffers(program, browser, {
      args,
      edit: (sdp, what) => { if (what === 'answer') return withoutCandidates(sdp); requireHidden(sdp); return sdp; },
    }),
    offers: () => pageOffers(program, browser, () => window.peer.create('lab'), {
      args,
      edit: (sdp, what) => { if (what === 'offer') return withoutCandidates(sdp); requireHidden(sdp); return sdp; },
    }),
  };
  for (const [role, connect] of Object.entries(roles)) {
    await runner.test(`${browser.kind} ${role}: it resolves the names of floe`, () => withPair(connect, async (pair) => {
      await pair.opened('lab');
      const pong = await pair.page.evaluate(() => window.peer.echoText('lab', 'ping'));
      if (pong !== 'pong') throw new Error(`got ${pong}`);
      pair.floe.send({ cmd: 'stats' });
      await pair.floe.event('stats');
      const report = pair.floe.seen.find((e) => e.ev === 'stats').report;
      for (const entry of report.filter((e) => e.type === 'local-candidate')) {
        if (entry.address === ADDRESS || entry.relatedAddress === ADDRESS) throw new Error(`told: ${JSON.stringify(entry)}`);
      }
    }), { timeout: 60000 });
  }
}

// Descriptions as lines, each ended by a dot.
class EchoPort extends LineProcess {
  constructor(port) {
    super(path.join(path.dirname(program), 'echo_port'), [String(port)], { parse: (text) => ({ ev: 'line', text }), name: 'echo_port' });
  }

  async answer(offer) {
    const from = this.mark();
    this.send(`${offer.sdp}.\n`);
    await this.event('line', (e) => e.text === '.', { from });
    return { type: 'answer', sdp: this.seen.slice(from).map((e) => e.text).filter((t) => t !== '.').join('\r\n') + '\r\n' };
  }
}

async function portCases(browser) {
  await runner.test(`${browser.kind}: ${CONNECTIONS} connections at once to one port`, async () => {
    const floe = new EchoPort(40321);
    try {
      const page = await browser.newPeer();
      const offers = await page.evaluate(async (count) => {
        window.many = Array.from({ length: count }, () => new RTCPeerConnection());
        window.channels = window.many.map((pc) => pc.createDataChannel('lab'));
        for (const pc of window.many) {
          const gathered = new Promise((done) => { pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done(); });
          await pc.setLocalDescription();
          await gathered;
        }
        return window.many.map((pc) => ({ type: 'offer', sdp: pc.localDescription.sdp }));
      }, CONNECTIONS);
      const answers = [];
      for (const offer of offers) answers.push(await floe.answer(offer));
      const ports = new Set(answers.map((a) => a.sdp.match(/ 203\.0\.113\.5 (\d+) typ host/)[1]));
      if (ports.size !== 1 || !ports.has('40321')) throw new Error(`ports: ${[...ports]}`);
      const echoes = await page.evaluate(async (all) => {
        await Promise.all(all.map((answer, i) => window.many[i].setRemoteDescription(answer)));
        return Promise.all(window.channels.map(async (channel, i) => {
          if (channel.readyState !== 'open') await new Promise((done) => { channel.onopen = done; });
          const echo = new Promise((done) => { channel.onmessage = (e) => done(e.data); });
          channel.send(`from ${i}`);
          return echo;
        }));
      }, answers);
      echoes.forEach((echo, i) => { if (echo !== `from ${i}`) throw new Error(`${i} got ${echo}`); });
      const from = floe.mark();
      floe.child.stdin.end();
      const last = await floe.event('line', () => true, { from });
      if (last.text !== `1 sockets, ${CONNECTIONS} peers`) throw new Error(last.text);
      await page.close();
    } finally {
      floe.kill();
    }
  }, { timeout: 60000 });
}

for (const kind of kinds) {
  const browser = await startBrowser(kind);
  console.log(`-- ${browser.version}`);
  try {
    await hideCases(browser);
    await portCases(browser);
  } finally {
    await browser.close();
  }
}
process.exit(runner.close());

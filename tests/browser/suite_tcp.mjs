// A network that lets no UDP through: nftables drop it all. Browsers offer active candidates of TCP (RFC 6544), so that
// they reach a floe that listens, in either role; data goes both ways.

import { execFileSync } from 'node:child_process';
import { startBrowser } from './browsers.mjs';
import { floeOffers, pageOffers, withPair } from './connect.mjs';
import { Runner } from './runner.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);
const options = { tcp: 'both' };

function dropUdp() {
  execFileSync('nft', ['-f', '-'], { input: `table inet floe {
    chain out { type filter hook output priority 0; meta l4proto udp drop; }
    chain in { type filter hook input priority 0; meta l4proto udp drop; }
  }` });
}

function checkOffersActive(sdp, kind) {
  if (!/^a=candidate:\S+ 1 tcp \d+ 203\.0\.113\.5 9 typ host .*tcptype active/mi.test(sdp)) {
    throw new Error(`${kind} offers no active candidate of TCP: ${sdp}`);
  }
}

async function checkPair(pair) {
  const { local_candidate: local, remote_candidate: remote } = await pair.floe.event('pair', (e) => e.local_candidate);
  if (local.transport !== 'tcp' || remote.transport !== 'tcp' || local.type !== 'host') {
    throw new Error(`the pair is ${local.type} ${local.transport} with ${remote.type} ${remote.transport}`);
  }
}

async function checkData(pair) {
  const sizes = [0, 1, 1200, 65536, 262144];
  const wrong = await pair.page.evaluate((s) => window.peer.echoSizes('lab', s), sizes);
  if (wrong.length) throw new Error(`changed on the way: ${wrong.join(', ')}`);
}

// What it returns is the end of the case that takes its time.
async function cases(browser, role, connect) {
  const edit = (sdp, type) => {
    if ((type === 'offer') === (role === 'offers')) checkOffersActive(sdp, browser.kind);
    return sdp;
  };
  await runner.test(`${browser.kind} ${role}: over TCP where UDP is dropped`, () => withPair(() => connect(edit), async (pair) => {
    await pair.opened('lab');
    await checkPair(pair);
    await checkData(pair);
  }));
  const lasting = runner.test(`${browser.kind} ${role}: over TCP, in good health after 40 s`, () => withPair(() => connect(edit), async (pair) => {
    await pair.opened('lab');
    await new Promise((done) => setTimeout(done, 40000)); // consent would have ended
    await checkData(pair);
  }));
  return () => lasting;
}

dropUdp();
const browsers = [];
const waits = []; // all at once: nothing but time has to pass
try {
  for (const kind of kinds) {
    const browser = await startBrowser(kind, { showsAddresses: true, inventsDevices: true });
    browsers.push(browser);
    console.log(`-- ${browser.version}`);
    waits.push(await cases(browser, 'offers', (edit) => pageOffers(program, browser, () => window.peer.create('lab'), { edit, options })));
    waits.push(await cases(browser, 'answers', (edit) => floeOffers(program, browser, { edit, options })));
  }
  for (const wait of waits) await wait();
} finally {
  for (const browser of browsers) await browser.close();
}
process.exit(runner.close());

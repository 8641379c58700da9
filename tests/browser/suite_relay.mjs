// Connections that lead over a TURN server: the browser's, floe's, or both, in either role. Where a side has the
// policy "relay", nothing of its own addresses may be used or told.

import { startBrowser } from './browsers.mjs';
import { floeOffers, pageOffers, withPair } from './connect.mjs';
import { Runner } from './runner.mjs';
import { TurnServer } from './turn_server.mjs';

const [program, filter, ...kinds] = process.argv.slice(2);
const runner = new Runner(filter);
const server = new TurnServer();

// What each side is told to do; `null`: it connects directly.
const plans = [
  { name: 'the browser is relayed over udp', browser: 'udp', floe: null },
  { name: 'the browser is relayed over tcp', browser: 'tcp', floe: null },
  { name: 'floe is relayed over udp', browser: null, floe: 'udp' },
  { name: 'floe is relayed over tcp', browser: null, floe: 'tcp' },
  { name: 'floe is relayed over tls', browser: null, floe: 'tls' },
  { name: 'floe is relayed over dtls', browser: null, floe: 'dtls' },
  { name: 'both are relayed', browser: 'udp', floe: 'udp' },
  { name: 'both are relayed, each over a stream', browser: 'tcp', floe: 'tls' },
];

function pageConfig(plan) {
  return plan.browser === null ? {} : { iceServers: [server.entry(plan.browser)], iceTransportPolicy: 'relay' };
}

function floeOptions(plan) {
  return plan.floe === null ? {} : { ice: [server.entry(plan.floe)], policy: 'relay', caFile: server.caFile };
}

function checkDescription(plan, sdp, side) {
  const types = [...sdp.matchAll(/^a=candidate:.* typ (\w+)/gm)].map((match) => match[1]);
  if (plan[side] !== null && (types.length === 0 || types.some((type) => type !== 'relay'))) {
    throw new Error(`${side} tells candidates: ${types.join(', ') || 'none'}`);
  }
}

async function checkPair(plan, pair) {
  const { local_candidate: local, remote_candidate: remote } = await pair.floe.event('pair', (e) => e.local_candidate);
  const isRelay = (candidate) => candidate.type === 'relay' || candidate.type === 'prflx';
  if (plan.floe !== null && local.type !== 'relay') throw new Error(`floe's end of the pair is ${local.type}`);
  if (plan.browser !== null && !isRelay(remote)) throw new Error(`the browser's end of the pair is ${remote.type}`);
}

async function cases(browser, role, connect) {
  for (const plan of plans) {
    const edit = (sdp, type) => {
      const isOfferer = (type === 'offer') === (role === 'offers');
      checkDescription(plan, sdp, isOfferer ? 'browser' : 'floe');
      return sdp;
    };
    await runner.test(`${browser.kind} ${role}: ${plan.name}`, () => withPair(() => connect(plan, edit), async (pair) => {
      await pair.opened('lab');
      await checkPair(plan, pair);
      const wrong = await pair.page.evaluate((sizes) => window.peer.echoSizes('lab', sizes), [0, 1, 1200, 65536, 262144]);
      if (wrong.length) throw new Error(`changed on the way: ${wrong.join(', ')}`);
    }));
  }
}

await server.start();
for (const kind of kinds) {
  const browser = await startBrowser(kind, { showsAddresses: true });
  console.log(`-- ${browser.version}`);
  try {
    await cases(browser, 'offers', (plan, edit) => pageOffers(program, browser, () => window.peer.create('lab'),
      { edit, options: floeOptions(plan), config: pageConfig(plan) }));
    await cases(browser, 'answers', (plan, edit) => floeOffers(program, browser,
      { edit, options: floeOptions(plan), config: pageConfig(plan) }));
  } finally {
    await browser.close();
  }
}
await server.stop();
process.exit(runner.close());

// Connects a page and `floe peer`, in either role, with descriptions that are complete (candidates inside).

import { startBrowser } from './browsers.mjs';
import { LineProcess } from './lines.mjs';

export class FloePeer extends LineProcess {
  constructor(program, args = []) {
    super(program, ['peer', ...args], { name: 'floe peer' });
  }

  // `first`: commands that come before anything else happens.
  async offer(options = {}, first = []) {
    this.sendAll([{ cmd: 'init', role: 'offer', ice: [], echo: true, ...options }, ...first]);
    const { type, sdp } = await this.event('local');
    return { type, sdp };
  }

  async answer(offer, options = {}, first = []) {
    this.sendAll([{ cmd: 'init', role: 'answer', ice: [], echo: true, ...options }, ...first]);
    await this.event('ready');
    this.send({ cmd: 'remote', ...offer });
    const { type, sdp } = await this.event('local');
    return { type, sdp };
  }

  // In one piece, so that nothing comes between them.
  sendAll(commands) {
    this.send(commands.map((command) => `${JSON.stringify(command)}\n`).join(''));
  }

  // The answer to `command`, which is the event `ev`.
  ask(command, ev, match, options) {
    const from = this.mark();
    this.send(command);
    return this.event(ev, match, { from, ...options });
  }

  refuses(command) {
    return this.ask(command, 'error');
  }
}

// The page offers, with the channels that `prepare` makes; floe answers.
export async function pageOffers(program, browser, prepare, { edit = (sdp) => sdp, options, first, config, args } = {}) {
  const floe = new FloePeer(program, args);
  const page = await browser.newPeer(config);
  await page.evaluate(prepare);
  const offer = await page.evaluate(() => window.peer.offer());
  const answer = await floe.answer({ ...offer, sdp: edit(offer.sdp, 'offer') }, options, first);
  await page.evaluate((a) => window.peer.remote(a), { ...answer, sdp: edit(answer.sdp, 'answer') });
  return new Pair(floe, page);
}

// floe offers, with one channel called "lab"; the page answers.
export async function floeOffers(program, browser, { edit = (sdp) => sdp, options, first, config, args, prepare } = {}) {
  const floe = new FloePeer(program, args);
  const page = await browser.newPeer(config);
  if (prepare) await page.evaluate(prepare);
  const offer = await floe.offer(options, first);
  const answer = await page.evaluate((o) => window.peer.answer(o), { ...offer, sdp: edit(offer.sdp, 'offer') });
  floe.send({ cmd: 'remote', ...answer, sdp: edit(answer.sdp, 'answer') });
  return new Pair(floe, page);
}

export class Pair {
  constructor(floe, page) {
    this.floe = floe;
    this.page = page;
  }

  opened(label) {
    return Promise.all([
      this.page.evaluate((l) => window.peer.opened(l), label),
      this.floe.event('open', (e) => e.label === label),
    ]);
  }

  // What both sides know of their paths, for who has to find out why a case has failed.
  async story() {
    const told = (groups) => JSON.stringify(groups.filter(({ type }) => /candidate|transport/.test(type)));
    const late = new Promise((resolve) => { setTimeout(resolve, 2000, 'says nothing'); });
    const floe = this.floe.ask({ cmd: 'stats' }, 'stats').then(({ report }) => told(report));
    const page = this.page.evaluate(async () => [...(await window.peer.pc.getStats()).values()]).then(told);
    const [ours, theirs] = await Promise.all([floe, page].map((side) => Promise.race([side, late]).catch((error) => error.message)));
    return `    floe: ${ours}\n    page: ${theirs}`;
  }

  async end() {
    await this.page.close().catch(() => {});
    await this.floe.quit();
  }
}

// Run `use` with a connected pair and end the pair whatever happens.
export async function withPair(connect, use) {
  const pair = await connect();
  try {
    await use(pair);
    await pair.end();
  } catch (error) {
    throw new Error(`${error.message}\n${await pair.story()}`);
  } finally {
    pair.floe.kill();
    await pair.page.close().catch(() => {});
  }
}

// `cases` with each browser, which offers or answers: a browser, its role, and what makes a pair of the two. What it returns, if
// anything, is called to wait for what takes its time.
export async function inBothRoles(program, kinds, cases) {
  for (const kind of kinds) {
    const browser = await startBrowser(kind);
    console.log(`-- ${browser.version}`);
    try {
      const waits = [await cases(browser, 'offers', ({ prepare = () => {}, ...more } = {}) => pageOffers(
        program, browser, `window.peer.create('lab'); (${prepare})()`, more,
      )), await cases(browser, 'answers', (more) => floeOffers(program, browser, more))];
      for (const wait of waits) await wait?.();
    } finally {
      await browser.close();
    }
  }
}

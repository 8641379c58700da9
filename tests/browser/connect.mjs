// Connects a page and `floe peer`, in either role, with descriptions that are complete (candidates inside).

import { LineProcess } from './lines.mjs';

export class FloePeer extends LineProcess {
  constructor(program, args = []) {
    super(program, ['peer', ...args], { name: 'floe peer' });
  }

  async offer(options = {}) {
    this.send({ cmd: 'init', role: 'offer', ice: [], echo: true, ...options });
    const { type, sdp } = await this.event('local');
    return { type, sdp };
  }

  async answer(offer, options = {}) {
    this.send({ cmd: 'init', role: 'answer', ice: [], echo: true, ...options });
    await this.event('ready');
    this.send({ cmd: 'remote', ...offer });
    const { type, sdp } = await this.event('local');
    return { type, sdp };
  }
}

// The page offers, with the channels that `prepare` makes; floe answers.
export async function pageOffers(program, browser, prepare, { edit = (sdp) => sdp, options, config, args } = {}) {
  const floe = new FloePeer(program, args);
  const page = await browser.newPeer(config);
  await page.evaluate(prepare);
  const offer = await page.evaluate(() => window.peer.offer());
  const answer = await floe.answer({ ...offer, sdp: edit(offer.sdp, 'offer') }, options);
  await page.evaluate((a) => window.peer.remote(a), { ...answer, sdp: edit(answer.sdp, 'answer') });
  return new Pair(floe, page);
}

// floe offers, with one channel called "lab"; the page answers.
export async function floeOffers(program, browser, { edit = (sdp) => sdp, options, config, args } = {}) {
  const floe = new FloePeer(program, args);
  const page = await browser.newPeer(config);
  const offer = await floe.offer(options);
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
  } finally {
    pair.floe.kill();
    await pair.page.close().catch(() => {});
  }
}

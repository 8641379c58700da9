// One end of a measurement, in node or in a page: the words of README.md beside this file. What it
// runs on is a library in the shape of connection.mjs.

const HIGH = 1 << 20; // bytes that are handed over before it waits; then it waits for half of them
const BURST = 64;

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class End {
  constructor(makeConnection) {
    this.makeConnection = makeConnection;
    this.kept = [];
    this.flow = { messages: 0, last: 0 };
  }

  // The channel of the other side: what its label begins with says what becomes of a message.
  serve(channel) {
    if (channel.label === 'lab') {
      this.isOpen = channel.opened;
    } else if (channel.label === 'echo') {
      channel.onmessage = (data) => channel.send(data);
    } else {
      const flow = { messages: 0, last: performance.now() };
      this.flow = flow;
      channel.onmessage = () => {
        flow.messages += 1;
        flow.last = performance.now();
      };
    }
  }

  async offer() {
    this.connection = this.makeConnection();
    this.isOpen = this.connection.channel('lab', false).opened;
    return this.connection.describe('offer', true);
  }

  async answer({ sdp }) {
    this.connection = this.makeConnection();
    this.connection.onchannel = (channel) => this.serve(channel);
    await this.connection.remote({ type: 'offer', sdp });
    return this.connection.describe('answer', true);
  }

  remote({ type, sdp }) {
    return this.connection.remote({ type, sdp });
  }

  async opened() {
    while (!this.isOpen) await sleep(5);
    await this.isOpen;
  }

  async send({ size, seconds, loose }) {
    const channel = this.connection.channel('flow', loose);
    await channel.opened;
    const data = new Uint8Array(size);
    const until = performance.now() + seconds * 1000;
    let sent = 0;
    while (performance.now() < until) {
      for (let i = 0; i < BURST && channel.buffered() < HIGH; i += 1) {
        channel.send(data);
        sent += 1;
      }
      if (channel.buffered() >= HIGH) await channel.low(HIGH / 2);
    }
    while (channel.buffered() > 0) await sleep(2);
    return { sent };
  }

  // Until so many have come, or none for `quiet` milliseconds.
  async expect({ messages, quiet }) {
    const { flow } = this;
    while (flow.messages < messages && performance.now() - flow.last < quiet) await sleep(5);
    return { messages: flow.messages, ago: (performance.now() - flow.last) / 1000 };
  }

  async echo({ size, count }) {
    const channel = this.connection.channel('echo', false);
    await channel.opened;
    const data = new Uint8Array(size);
    const us = [];
    for (let i = 0; i < count; i += 1) {
      const back = new Promise((done) => { channel.onmessage = done; });
      const start = performance.now();
      channel.send(data);
      await back;
      us.push((performance.now() - start) * 1000);
    }
    return { us };
  }

  async join() {
    const [a, b] = [this.makeConnection(), this.makeConnection()];
    const channel = a.channel('lab', false);
    // Candidates go over as they come; b takes none before the offer.
    const early = [];
    let give = (candidate) => early.push(candidate);
    a.oncandidate = (candidate) => give(candidate);
    const late = [];
    let giveBack = (candidate) => late.push(candidate);
    b.oncandidate = (candidate) => giveBack(candidate);
    await b.remote(await a.describe('offer', false));
    give = (candidate) => b.add(candidate);
    early.forEach(give);
    await a.remote(await b.describe('answer', false));
    giveBack = (candidate) => a.add(candidate);
    late.forEach(giveBack);
    await channel.opened;
    return [a, b];
  }

  async connect({ count }) {
    const us = [];
    for (let i = 0; i < count; i += 1) {
      const start = performance.now();
      const ends = await this.join();
      us.push((performance.now() - start) * 1000);
      ends.forEach((end) => end.close());
      await sleep(20);
    }
    return { us };
  }

  async idle({ count }) {
    for (let i = 0; i < count; i += 2) this.kept.push(...await this.join());
    await sleep(2000);
    globalThis.gc?.();
    return {};
  }
}

// What runs inside the browser's page: window.peer, a peer connection whose events can be waited for.

export function installPeer(config) {
  const pc = new RTCPeerConnection({ iceServers: [], ...config });
  const channels = new Map(); // by label
  const log = []; // { ev, label, ... }
  const waits = new Set();

  function note(entry) {
    log.push(entry);
    for (const wait of [...waits]) if (wait()) waits.delete(wait);
  }

  function until(what, condition, timeout = 20000) {
    return new Promise((resolve, reject) => {
      const check = () => {
        const value = condition();
        if (value) { clearTimeout(timer); resolve(value); }
        return value;
      };
      const timer = setTimeout(() => {
        waits.delete(check);
        reject(new Error(`page: no ${what}; ${JSON.stringify(log.slice(-8)).slice(0, 800)}`));
      }, timeout);
      if (!check()) waits.add(check);
    });
  }

  function adopt(channel) {
    channel.binaryType = 'arraybuffer';
    channels.set(channel.label, channel);
    channel.received = [];
    channel.onopen = () => note({ ev: 'open', label: channel.label });
    channel.onclose = () => note({ ev: 'closed', label: channel.label });
    channel.onmessage = ({ data }) => { channel.received.push(data); note({ ev: 'msg', label: channel.label }); };
    if (channel.readyState === 'open') note({ ev: 'open', label: channel.label });
    return channel;
  }

  pc.ondatachannel = ({ channel }) => adopt(channel);
  pc.onconnectionstatechange = () => note({ ev: 'state', state: pc.connectionState });
  pc.oniceconnectionstatechange = () => note({ ev: 'ice', state: pc.iceConnectionState });

  // A restart gathers anew, and browsers say `complete` of the gathering before it for a while: what counts is whose it is.
  const ufrag = () => pc.localDescription?.sdp.match(/a=ice-ufrag:(\S+)/)?.[1];
  const complete = new Set(); // ufrags whose candidates are all known
  pc.addEventListener('icegatheringstatechange', () => {
    if (pc.iceGatheringState === 'complete') { complete.add(ufrag()); note({ ev: 'gathered' }); }
  });

  const told = []; // candidates, as they come
  pc.addEventListener('icecandidate', ({ candidate }) => candidate?.candidate && told.push(candidate.toJSON()));

  async function gathered() {
    await until('end of gathering', () => complete.has(ufrag()));
    return pc.localDescription.toJSON();
  }

  // Bytes that depend on the place, so that a part in the wrong place shows.
  function pattern(size, seed) {
    const bytes = new Uint8Array(size);
    for (let i = 0, x = seed >>> 0; i < size; i += 1) {
      x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
      bytes[i] = x >>> 24;
    }
    return bytes;
  }

  function text(size, seed) {
    return [...pattern(Math.min(size, 64), seed)].map((b) => String.fromCharCode(97 + (b % 26))).join('').padEnd(size, 'floe').slice(0, size);
  }

  function equal(a, b) {
    if (typeof a !== typeof b) return false;
    if (typeof a === 'string') return a === b;
    const x = new Uint8Array(a);
    const y = new Uint8Array(b);
    return x.length === y.length && x.every((v, i) => v === y[i]);
  }

  window.peer = {
    pc, log, channels, until, note,
    create: (label, options) => { adopt(pc.createDataChannel(label, options)); },
    async offer(options) { await pc.setLocalDescription(await pc.createOffer(options)); return gathered(); },
    async offerEarly(options) { await pc.setLocalDescription(await pc.createOffer(options)); return pc.localDescription.toJSON(); },
    async candidates() { await gathered(); return told.filter(({ usernameFragment }) => usernameFragment === ufrag()); },
    async answer(offer) {
      await pc.setRemoteDescription(offer);
      await pc.setLocalDescription(await pc.createAnswer());
      return gathered();
    },
    remote: (description) => pc.setRemoteDescription(description),
    opened: (label, timeout) => until(`open of ${label}`, () => log.some((e) => e.ev === 'open' && e.label === label), timeout),
    closed: (label, timeout) => until(`close of ${label}`, () => log.some((e) => e.ev === 'closed' && e.label === label), timeout),
    state: (state, timeout) => until(`state ${state}`, () => pc.connectionState === state, timeout),
    // Send every size as text and as binary, and compare what an echo gives back.
    async echoSizes(label, sizes) {
      const channel = channels.get(label);
      const wrong = [];
      for (const size of sizes) {
        for (const sent of [text(size, size + 1), pattern(size, size + 1)]) {
          const at = channel.received.length;
          channel.send(sent);
          await until(`echo of ${size}`, () => channel.received.length > at, 30000);
          if (!equal(channel.received[at], typeof sent === 'string' ? sent : sent.buffer)) wrong.push(`${size} ${typeof sent}`);
        }
      }
      return wrong;
    },
    async echoText(label, sent) {
      const channel = channels.get(label);
      const at = channel.received.length;
      channel.send(sent);
      await until(`echo of ${sent}`, () => channel.received.length > at);
      return channel.received[at];
    },
    // What floe sends by size: byte k of the first such message is k mod 251.
    async takePattern(label) {
      const channel = channels.get(label);
      await until('a message', () => channel.received.length > 0, 30000);
      const bytes = new Uint8Array(channel.received[0]);
      return { size: bytes.length, right: bytes.every((byte, k) => byte === k % 251) };
    },
    sendBytes(label, size) {
      channels.get(label).send(new Uint8Array(size).map((_, k) => k % 251));
    },
    describe(label) {
      const { id, ordered, maxRetransmits, maxPacketLifeTime, protocol, negotiated, readyState } = channels.get(label);
      return { id, ordered, maxRetransmits, maxPacketLifeTime, protocol, negotiated, readyState };
    },
    close: (label) => channels.get(label).close(),
    forget: (label) => { channels.delete(label); for (let i = log.length - 1; i >= 0; i -= 1) if (log[i].label === label) log.splice(i, 1); },
  };
}

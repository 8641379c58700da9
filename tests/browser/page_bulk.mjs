// What runs inside the browser's page besides page.mjs: window.bulk, which sends and takes many large messages.

export function installBulk() {
  const bytes = new Map(); // by size: byte k is k mod 251
  const counts = new Map(); // by label: { taken, wrong, of }
  const HIGH = 8 << 20; // what may wait in the page; Chromium takes 16 MiB at most

  function pattern(size) {
    if (!bytes.has(size)) bytes.set(size, Uint8Array.from({ length: size + 251 }, (_, k) => k % 251));
    return bytes.get(size);
  }

  function isRight(data, n, size) {
    const have = new Uint8Array(data);
    const want = pattern(size);
    const from = n % 251;
    if (have.length !== size) return false;
    for (let k = 0; k < size; k += 1) if (have[k] !== want[from + k]) return false;
    return true;
  }

  window.bulk = {
    buffered: (label) => window.peer.channels.get(label).bufferedAmount,
    // Byte k of message n is (k + n) mod 251.
    async send(label, size, count) {
      const channel = window.peer.channels.get(label);
      const all = pattern(size);
      channel.bufferedAmountLowThreshold = HIGH / 2;
      for (let n = 0; n < count; n += 1) {
        if (channel.bufferedAmount + size > HIGH) {
          await new Promise((done) => { channel.onbufferedamountlow = done; });
        }
        channel.send(all.subarray(n % 251, (n % 251) + size));
      }
    },
    take(label, size, count) {
      const tally = { taken: 0, wrong: [], of: count };
      counts.set(label, tally);
      window.peer.channels.get(label).onmessage = ({ data }) => {
        if (!isRight(data, tally.taken, size)) tally.wrong.push(tally.taken);
        tally.taken += 1;
        if (tally.taken === 1 || tally.taken === count) window.peer.note({ ev: 'bulk', taken: tally.taken });
      };
    },
    first: (label) => window.peer.until('first', () => counts.get(label).taken > 0),
    async took(label, timeout) {
      const tally = counts.get(label);
      await window.peer.until('last', () => tally.taken >= tally.of, timeout);
      if (tally.wrong.length) throw new Error(`wrong: ${tally.wrong.slice(0, 5)}`);
    },
  };
}

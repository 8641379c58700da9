// A bare WebSocket client of `floe serve`, to send what no honest one would, or to read nothing.

import { connect } from 'node:net';

// A masked client frame with an empty mask.
export function frame(opcode, payload) {
  const length = payload.length < 126 ? Buffer.from([0x80 | payload.length])
    : Buffer.from([0x80 | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((s) => (payload.length >>> s) & 255)]);
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.alloc(4), payload]);
}

export const text = (message) => frame(1, Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)));

const protocol = 'Sec-WebSocket-Protocol: floe-signal\r\n';

// A socket that has asked for an upgrade; what the server says to that is for the caller to read.
export function open(server, headers = protocol) {
  const { hostname, port } = new URL(server.url);
  const socket = connect(port, hostname);
  socket.on('error', () => {});
  socket.write(`GET / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
    + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`);
  return socket;
}

// Ask, send a body, and collect what comes until the server hangs up, or for three seconds.
export function ask(server, headers, body = Buffer.alloc(0)) {
  return new Promise((resolve) => {
    const socket = open(server, headers + protocol);
    let said = '';
    socket.write(body);
    socket.on('data', (data) => { said += data.toString('latin1'); });
    socket.on('close', () => resolve(said));
    setTimeout(() => socket.destroy(), 3000);
  });
}

// The texts in what a server has sent (its frames have no mask), and its pings; what is left is half a frame.
function takeTexts(bytes, texts, ping) {
  for (;;) {
    const short = bytes[1] & 127;
    const head = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < head) return bytes;
    const length = short === 127 ? bytes.readUInt32BE(6) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < head + length) return bytes;
    const payload = bytes.subarray(head, head + length);
    if ((bytes[0] & 15) === 1) texts.push(JSON.parse(payload));
    if ((bytes[0] & 15) === 9) ping(payload);
    bytes = bytes.subarray(head + length);
  }
}

// A member of a room that says what it likes, and hears everything.
export async function member(server, room, name) {
  const socket = open(server);
  const heard = [];
  let bytes = Buffer.alloc(0);
  let isOpen = false;
  socket.on('data', (data) => {
    bytes = Buffer.concat([bytes, data]);
    const end = bytes.indexOf('\r\n\r\n');
    if (!isOpen && end >= 0) {
      isOpen = true;
      bytes = bytes.subarray(end + 4);
    }
    if (isOpen) bytes = takeTexts(bytes, heard, (payload) => socket.write(frame(10, payload)));
  });
  const closed = new Promise((done) => { socket.on('close', done); });
  const say = (message) => socket.write(text(message));
  const hears = async (want, timeout = 5000) => {
    for (const end = Date.now() + timeout; Date.now() < end; await new Promise((done) => setTimeout(done, 10))) {
      const found = heard.find(want);
      if (found) return found;
    }
    throw new Error(`${name} heard only ${JSON.stringify(heard).slice(0, 300)}`);
  };
  say({ type: 'join', room, name });
  await hears((m) => m.type === 'joined');
  return { say, hears, closed, close: async () => socket.destroy() };
}

// A peer of npm, with the words of README.md beside this file.
//
//   node --expose-gc peer_node.mjs libdatachannel|libwebrtc

import { End } from './end.mjs';
import { serveLines } from './lines.mjs';

const LIBRARIES = {
  libdatachannel: async () => {
    const { Connection } = await import('./libdatachannel.mjs');
    return () => new Connection();
  },
  libwebrtc: () => ofW3c('@roamhq/wrtc'),
};

async function ofW3c(name) {
  const library = await import(name);
  const { RTCPeerConnection } = library.RTCPeerConnection ? library : library.default;
  const { Connection } = await import('./connection.mjs');
  return () => new Connection(RTCPeerConnection);
}

const end = new End(await LIBRARIES[process.argv[2]]());
await serveLines((cmd, words) => end[cmd](words));
process.exit(0);

// A peer of npm with the W3C's interface, with the words of README.md beside this file.
//
//   node peer_node.mjs libdatachannel|libwebrtc|werift
import {createHash} from 'node:crypto';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';

const PACKAGES = {
    libdatachannel: 'node-datachannel/polyfill',
    libwebrtc: '@roamhq/wrtc',
    werift: 'werift',
};
const OPTIONS = ['ordered', 'maxRetransmits', 'maxPacketLifeTime', 'protocol', 'negotiated', 'id'];

const library = await import(PACKAGES[process.argv[2]]);
const {RTCPeerConnection} = library.RTCPeerConnection ? library : library.default;
const channels = new Map();
let pc;

function out(ev, members = {}) {
    process.stdout.write(JSON.stringify({ev, ...members}) + '\n');
}

function got(channel, data) {
    const isText = typeof data === 'string';
    if (isText && data.startsWith('ping')) {
        channel.send('pong' + data.slice(4));
        return;
    }
    const raw = Buffer.from(data);
    const sha256 = createHash('sha256').update(raw).digest('hex');
    out('msg', {label: channel.label, size: raw.length, isText, sha256});
    channel.send(isText ? data : raw);
}

// @roamhq/wrtc says 65535 where the W3C says null.
const limit = value => value === 65535 ? null : value;

function tellOpen(channel, incoming) {
    const {label, id, ordered, protocol, negotiated} = channel;
    const maxRetransmits = limit(channel.maxRetransmits);
    const maxPacketLifeTime = limit(channel.maxPacketLifeTime);
    out('open', {label, id, ordered, protocol, negotiated, maxRetransmits, maxPacketLifeTime, incoming});
}

function adopt(channel, incoming) {
    channels.set(channel.label, channel);
    channel.binaryType = 'arraybuffer';
    channel.onmessage = event => got(channel, event.data);
    channel.onclose = () => out('closed', {label: channel.label});
    let told = false;
    const opened = () => {
        if (!told) {
            told = true;
            tellOpen(channel, incoming);
        }
    };
    channel.onopen = opened;
    if (channel.readyState === 'open') {
        opened();
    }
}

async function describe(description) {
    await pc.setLocalDescription(description);
    while (pc.iceGatheringState !== 'complete') {
        await sleep(5);
    }
    const {type, sdp} = pc.localDescription;
    out('local', {type, sdp});
}

function openChannel(message) {
    const given = OPTIONS.filter(name => name in message).map(name => [name, message[name]]);
    adopt(pc.createDataChannel(message.label, Object.fromEntries(given)), false);
}

const commands = {
    async init(message) {
        pc = new RTCPeerConnection({iceServers: []});
        pc.ondatachannel = event => adopt(event.channel, true);
        pc.onconnectionstatechange = () => out('state', {pc: pc.connectionState});
        if (message.role !== 'offer') {
            out('ready');
            return;
        }
        openChannel({label: 'lab'});
        await describe(await pc.createOffer());
    },
    async remote(message) {
        await pc.setRemoteDescription({type: message.type, sdp: message.sdp});
        if (message.type === 'offer') {
            await describe(await pc.createAnswer());
        }
    },
    async candidate(message) {
        if (message.candidate) {
            await pc.addIceCandidate({candidate: message.candidate, sdpMid: message.mid, sdpMLineIndex: 0});
        }
    },
    channel: openChannel,
    send(message) {
        const data = 'base64' in message ? Buffer.from(message.base64, 'base64') : message.text;
        channels.get(message.label).send(data);
    },
    close: message => channels.get(message.label).close(),
    restart: async () => describe(await pc.createOffer({iceRestart: true})),
};

for await (const line of createInterface({input: process.stdin})) {
    const message = JSON.parse(line);
    if (message.cmd === 'quit') {
        break;
    }
    try {
        await commands[message.cmd](message);
    } catch (error) {
        out('error', {text: `${message.cmd}: ${error}`});
    }
}
pc?.close();
await sleep(300); // what says goodbye may do so later
process.exit(0);

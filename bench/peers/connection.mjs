// A connection of the W3C's interface, in the shape that end.mjs wants.

class Channel {
  constructor(channel) {
    this.channel = channel;
    this.label = channel.label;
    channel.binaryType = 'arraybuffer';
    channel.onmessage = ({ data }) => this.onmessage?.(data);
    this.opened = new Promise((done) => {
      if (channel.readyState === 'open') done();
      channel.onopen = done;
    });
  }

  send(data) { this.channel.send(data); }

  buffered() { return this.channel.bufferedAmount; }

  // Not every library tells it: look, too.
  low(threshold) {
    return new Promise((done) => {
      const { channel } = this;
      const look = () => {
        if (channel.bufferedAmount <= threshold) {
          channel.onbufferedamountlow = null;
          clearInterval(timer);
          done();
        }
      };
      const timer = setInterval(look, 5);
      channel.bufferedAmountLowThreshold = threshold;
      channel.onbufferedamountlow = look;
    });
  }
}

export class Connection {
  constructor(RTCPeerConnection) {
    this.pc = new RTCPeerConnection({ iceServers: [] });
    this.pc.ondatachannel = ({ channel }) => this.onchannel?.(new Channel(channel));
    this.pc.onicecandidate = ({ candidate }) => candidate && this.oncandidate?.(candidate);
  }

  channel(label, isLoose) {
    return new Channel(this.pc.createDataChannel(label, isLoose ? { ordered: false, maxRetransmits: 0 } : {}));
  }

  async describe(type, isWhole) {
    const { pc } = this;
    await pc.setLocalDescription(type === 'offer' ? await pc.createOffer() : await pc.createAnswer());
    while (isWhole && pc.iceGatheringState !== 'complete') await new Promise((done) => { setTimeout(done, 5); });
    return { type, sdp: pc.localDescription.sdp };
  }

  remote(description) { return this.pc.setRemoteDescription(description); }

  // Late ones are of a connection that is over.
  add(candidate) { return this.pc.addIceCandidate(candidate).catch(() => {}); }

  close() { this.pc.close(); }
}

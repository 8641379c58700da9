// A connection of libdatachannel by its own interface, in the shape that end.mjs wants: without the
// layer that makes the W3C's of it.

import nodeDataChannel from 'node-datachannel';

class Channel {
  constructor(channel) {
    this.channel = channel;
    this.label = channel.getLabel();
    channel.onMessage((data) => this.onmessage?.(data));
    this.opened = new Promise((done) => {
      if (channel.isOpen()) done();
      channel.onOpen(done);
    });
  }

  send(data) { this.channel.sendMessageBinary(data); }

  buffered() { return this.channel.bufferedAmount(); }

  low(threshold) {
    return new Promise((done) => {
      const { channel } = this;
      const look = () => {
        if (channel.bufferedAmount() <= threshold) {
          clearInterval(timer);
          done();
        }
      };
      const timer = setInterval(look, 5);
      channel.setBufferedAmountLowThreshold(threshold);
      channel.onBufferedAmountLow(look);
    });
  }
}

export class Connection {
  constructor() {
    this.pc = new nodeDataChannel.PeerConnection('end', { iceServers: [] });
    this.gathered = new Promise((done) => {
      this.pc.onGatheringStateChange((state) => state === 'complete' && done());
    });
    // It makes its descriptions unasked.
    this.described = new Promise((done) => {
      this.pc.onLocalDescription((sdp, type) => done({ type, sdp }));
    });
    this.pc.onLocalCandidate((candidate, mid) => this.oncandidate?.({ candidate, mid }));
    this.pc.onDataChannel((channel) => this.onchannel?.(new Channel(channel)));
  }

  channel(label, isLoose) {
    return new Channel(this.pc.createDataChannel(label, isLoose ? { unordered: true, maxRetransmits: 0 } : {}));
  }

  async describe(type, isWhole) {
    const description = await this.described;
    if (!isWhole) return description;
    await this.gathered;
    return this.pc.localDescription();
  }

  remote({ type, sdp }) { this.pc.setRemoteDescription(sdp, type); }

  add({ candidate, mid }) { this.pc.addRemoteCandidate(candidate, mid); }

  close() { this.pc.close(); }
}

// peer_pion - pion/webrtc as a peer with the words of README.md beside this file.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/pion/webrtc"
)

type options struct {
	Ordered           *bool   `json:"ordered"`
	MaxRetransmits    *uint16 `json:"maxRetransmits"`
	MaxPacketLifeTime *uint16 `json:"maxPacketLifeTime"`
	Protocol          *string `json:"protocol"`
	Negotiated        *bool   `json:"negotiated"`
	ID                *uint16 `json:"id"`
}

type message struct {
	options
	Cmd, Role, Type, Sdp, Label, Text, Candidate, Mid string
	Base64                                            *string
}

type peer struct {
	pc       *webrtc.PeerConnection
	mu       sync.Mutex
	channels map[string]*webrtc.DataChannel
}

type event map[string]interface{}

var printing sync.Mutex

func out(name string, members event) {
	members["ev"] = name
	line, _ := json.Marshal(members)
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

func complain(err error) bool {
	if err != nil {
		out("error", event{"text": err.Error()})
	}
	return err != nil
}

func (p *peer) adopt(c *webrtc.DataChannel, incoming bool) {
	p.mu.Lock()
	p.channels[c.Label()] = c
	p.mu.Unlock()
	c.OnOpen(func() {
		out("open", event{"label": c.Label(), "id": c.ID(), "ordered": c.Ordered(),
			"protocol": c.Protocol(), "negotiated": c.Negotiated(), "incoming": incoming,
			"maxRetransmits": c.MaxRetransmits(), "maxPacketLifeTime": c.MaxPacketLifeTime()})
	})
	c.OnClose(func() { out("closed", event{"label": c.Label()}) })
	c.OnError(func(err error) { complain(err) })
	c.OnMessage(func(m webrtc.DataChannelMessage) { got(c, m) })
}

func send(c *webrtc.DataChannel, data []byte, isText bool) {
	if isText {
		complain(c.SendText(string(data)))
		return
	}
	complain(c.Send(data))
}

func got(c *webrtc.DataChannel, m webrtc.DataChannelMessage) {
	if m.IsString && strings.HasPrefix(string(m.Data), "ping") {
		send(c, append([]byte("pong"), m.Data[4:]...), true)
		return
	}
	sum := sha256.Sum256(m.Data)
	out("msg", event{"label": c.Label(), "size": len(m.Data), "isText": m.IsString,
		"sha256": hex.EncodeToString(sum[:])})
	send(c, m.Data, m.IsString)
}

func (p *peer) describe(d webrtc.SessionDescription, err error) {
	if complain(err) {
		return
	}
	done := webrtc.GatheringCompletePromise(p.pc)
	if complain(p.pc.SetLocalDescription(d)) {
		return
	}
	<-done
	local := p.pc.LocalDescription()
	out("local", event{"type": local.Type.String(), "sdp": local.SDP})
}

func (p *peer) setRemote(m message) {
	d := webrtc.SessionDescription{Type: webrtc.NewSDPType(m.Type), SDP: m.Sdp}
	if !complain(p.pc.SetRemoteDescription(d)) && m.Type == "offer" {
		p.describe(p.pc.CreateAnswer(nil))
	}
}

func (p *peer) openChannel(label string, o options) {
	c, err := p.pc.CreateDataChannel(label, &webrtc.DataChannelInit{Ordered: o.Ordered,
		MaxRetransmits: o.MaxRetransmits, MaxPacketLifeTime: o.MaxPacketLifeTime,
		Protocol: o.Protocol, Negotiated: o.Negotiated, ID: o.ID})
	if !complain(err) {
		p.adopt(c, false)
	}
}

func (p *peer) start(role string) {
	var err error
	if p.pc, err = webrtc.NewPeerConnection(webrtc.Configuration{}); complain(err) {
		return
	}
	p.pc.OnDataChannel(func(c *webrtc.DataChannel) { p.adopt(c, true) })
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		out("state", event{"pc": s.String()})
	})
	if role != "offer" {
		out("ready", event{})
		return
	}
	p.openChannel("lab", options{})
	p.describe(p.pc.CreateOffer(nil))
}

func (p *peer) channel(label string) *webrtc.DataChannel {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.channels[label]
}

func (p *peer) do(m message) {
	switch m.Cmd {
	case "init":
		p.start(m.Role)
	case "remote":
		p.setRemote(m)
	case "candidate":
		complain(p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: m.Candidate, SDPMid: &m.Mid}))
	case "channel":
		p.openChannel(m.Label, m.options)
	case "send":
		data, isText := []byte(m.Text), true
		if m.Base64 != nil {
			data, _ = base64.StdEncoding.DecodeString(*m.Base64)
			isText = false
		}
		send(p.channel(m.Label), data, isText)
	case "close":
		complain(p.channel(m.Label).Close())
	case "restart":
		p.describe(p.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true}))
	default:
		out("error", event{"text": "unknown command " + m.Cmd})
	}
}

func main() {
	p := &peer{channels: map[string]*webrtc.DataChannel{}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var m message
		if !complain(json.Unmarshal(lines.Bytes(), &m)) {
			if m.Cmd == "quit" {
				break
			}
			p.do(m)
		}
	}
	if p.pc != nil {
		_ = p.pc.Close()
	}
}

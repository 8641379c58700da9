// pion as a peer with the words of `floe peer` (app/README.md), as far as the suite needs them: over
// TCP alone, where it listens (Debian's version does not connect by itself). It echoes what it gets.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"net"
	"os"
	"sync"

	"github.com/pion/webrtc"
)

type message struct {
	Cmd  string `json:"cmd"`
	Role string `json:"role"`
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

var (
	mutex sync.Mutex
	out   = json.NewEncoder(os.Stdout)
)

func tell(event map[string]interface{}) {
	mutex.Lock()
	defer mutex.Unlock()
	must(out.Encode(event))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func adopt(channel *webrtc.DataChannel) {
	channel.OnOpen(func() { tell(map[string]interface{}{"ev": "open", "label": channel.Label()}) })
	channel.OnMessage(func(m webrtc.DataChannelMessage) {
		if m.IsString {
			must(channel.SendText(string(m.Data)))
		} else {
			must(channel.Send(m.Data))
		}
	})
}

func newPeer() *webrtc.PeerConnection {
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.ParseIP(os.Args[1])})
	must(err)
	settings := webrtc.SettingEngine{}
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	settings.SetICETCPMux(webrtc.NewICETCPMux(nil, listener, 64))
	peer, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).
		NewPeerConnection(webrtc.Configuration{})
	must(err)
	peer.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		tell(map[string]interface{}{"ev": "state", "pc": s.String()})
	})
	peer.OnDataChannel(adopt)
	return peer
}

func describe(peer *webrtc.PeerConnection, sdp webrtc.SessionDescription) {
	done := webrtc.GatheringCompletePromise(peer)
	must(peer.SetLocalDescription(sdp))
	<-done
	local := peer.LocalDescription()
	tell(map[string]interface{}{"ev": "local", "type": local.Type.String(), "sdp": local.SDP})
}

func do(peer *webrtc.PeerConnection, m message) {
	switch {
	case m.Cmd == "init" && m.Role == "offer":
		channel, err := peer.CreateDataChannel("lab", nil)
		must(err)
		adopt(channel)
		offer, err := peer.CreateOffer(nil)
		must(err)
		describe(peer, offer)
	case m.Cmd == "init":
		tell(map[string]interface{}{"ev": "ready"})
	case m.Cmd == "remote":
		must(peer.SetRemoteDescription(webrtc.SessionDescription{
			Type: webrtc.NewSDPType(m.Type), SDP: m.SDP}))
		if m.Type == "offer" {
			answer, err := peer.CreateAnswer(nil)
			must(err)
			describe(peer, answer)
		}
	}
}

func main() {
	peer := newPeer()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var m message
		must(json.Unmarshal(lines.Bytes(), &m))
		if m.Cmd == "quit" {
			break
		}
		do(peer, m)
	}
	must(peer.Close())
}

// pion/webrtc as one end of a measurement, with the words of README.md in the folder above.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc"
)

const high = 1 << 20 // bytes that are handed over before it waits; then it waits for half of them

type words struct {
	Cmd, Type, Sdp        string
	Size, Count, Messages int
	Seconds, Quiet        float64
	Loose                 bool
}

type result map[string]interface{}

type end struct {
	pc       *webrtc.PeerConnection
	lab      chan struct{}
	messages int64
	last     int64 // nanoseconds
	kept     []*webrtc.PeerConnection
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func newConnection() *webrtc.PeerConnection {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	must(err)
	return pc
}

func newChannel(pc *webrtc.PeerConnection, label string, isLoose bool) (*webrtc.DataChannel, chan struct{}) {
	init := &webrtc.DataChannelInit{}
	if isLoose {
		ordered, retransmits := false, uint16(0)
		init.Ordered, init.MaxRetransmits = &ordered, &retransmits
	}
	channel, err := pc.CreateDataChannel(label, init)
	must(err)
	opened := make(chan struct{})
	channel.OnOpen(func() { close(opened) })
	return channel, opened
}

func describe(pc *webrtc.PeerConnection, isOffer, isWhole bool) webrtc.SessionDescription {
	var description webrtc.SessionDescription
	var err error
	if isOffer {
		description, err = pc.CreateOffer(nil)
	} else {
		description, err = pc.CreateAnswer(nil)
	}
	must(err)
	gathered := webrtc.GatheringCompletePromise(pc)
	must(pc.SetLocalDescription(description))
	if isWhole {
		<-gathered
		description = *pc.LocalDescription()
	}
	return description
}

func told(description webrtc.SessionDescription) result {
	return result{"type": description.Type.String(), "sdp": description.SDP}
}

func (e *end) serve(channel *webrtc.DataChannel) {
	switch channel.Label() {
	case "lab":
		channel.OnOpen(func() { close(e.lab) })
	case "echo":
		channel.OnMessage(func(m webrtc.DataChannelMessage) { must(channel.Send(m.Data)) })
	default:
		atomic.StoreInt64(&e.messages, 0)
		atomic.StoreInt64(&e.last, time.Now().UnixNano())
		channel.OnMessage(func(webrtc.DataChannelMessage) {
			atomic.AddInt64(&e.messages, 1)
			atomic.StoreInt64(&e.last, time.Now().UnixNano())
		})
	}
}

func (e *end) offer(words) result {
	e.pc = newConnection()
	_, e.lab = newChannel(e.pc, "lab", false)
	return told(describe(e.pc, true, true))
}

func (e *end) answer(w words) result {
	e.pc, e.lab = newConnection(), make(chan struct{})
	e.pc.OnDataChannel(e.serve)
	must(e.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: w.Sdp}))
	return told(describe(e.pc, false, true))
}

func (e *end) remote(w words) result {
	must(e.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.NewSDPType(w.Type), SDP: w.Sdp}))
	return result{}
}

func (e *end) opened(words) result {
	<-e.lab
	return result{}
}

func (e *end) send(w words) result {
	channel, opened := newChannel(e.pc, "flow", w.Loose)
	low := make(chan struct{}, 1)
	channel.SetBufferedAmountLowThreshold(high / 2)
	channel.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	<-opened
	data, sent := make([]byte, w.Size), 0
	until := time.Now().Add(time.Duration(w.Seconds * float64(time.Second)))
	for time.Now().Before(until) {
		for channel.BufferedAmount() < high && time.Now().Before(until) {
			must(channel.Send(data))
			sent++
		}
		select {
		case <-low:
		case <-time.After(5 * time.Millisecond):
		}
	}
	for channel.BufferedAmount() > 0 {
		time.Sleep(2 * time.Millisecond)
	}
	return result{"sent": sent}
}

func (e *end) expect(w words) result {
	ago := func() float64 { return float64(time.Now().UnixNano()-atomic.LoadInt64(&e.last)) / 1e9 }
	for atomic.LoadInt64(&e.messages) < int64(w.Messages) && ago() < w.Quiet/1000 {
		time.Sleep(5 * time.Millisecond)
	}
	return result{"messages": atomic.LoadInt64(&e.messages), "ago": ago()}
}

func (e *end) echo(w words) result {
	channel, opened := newChannel(e.pc, "echo", false)
	back := make(chan struct{}, 1)
	channel.OnMessage(func(webrtc.DataChannelMessage) { back <- struct{}{} })
	<-opened
	data, us := make([]byte, w.Size), []float64{}
	for i := 0; i < w.Count; i++ {
		start := time.Now()
		must(channel.Send(data))
		<-back
		us = append(us, float64(time.Since(start).Nanoseconds())/1e3)
	}
	return result{"us": us}
}

// Candidates go over as they come; those that come before the other side can take them wait.
func trickle(from, to *webrtc.PeerConnection, ready chan struct{}) {
	from.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			candidate := c.ToJSON()
			go func() {
				<-ready
				_ = to.AddICECandidate(candidate) // it may be closed by now
			}()
		}
	})
}

func join() (*webrtc.PeerConnection, *webrtc.PeerConnection) {
	a, b := newConnection(), newConnection()
	_, opened := newChannel(a, "lab", false)
	bReady, aReady := make(chan struct{}), make(chan struct{})
	trickle(a, b, bReady)
	trickle(b, a, aReady)
	must(b.SetRemoteDescription(describe(a, true, false)))
	close(bReady)
	must(a.SetRemoteDescription(describe(b, false, false)))
	close(aReady)
	<-opened
	return a, b
}

func (e *end) connect(w words) result {
	us := []float64{}
	for i := 0; i < w.Count; i++ {
		start := time.Now()
		a, b := join()
		us = append(us, float64(time.Since(start).Nanoseconds())/1e3)
		must(a.Close())
		must(b.Close())
	}
	return result{"us": us}
}

func (e *end) idle(w words) result {
	for i := 0; i < w.Count; i += 2 {
		a, b := join()
		e.kept = append(e.kept, a, b)
	}
	time.Sleep(2 * time.Second)
	debug.FreeOSMemory()
	return result{}
}

func main() {
	e := &end{}
	commands := map[string]func(words) result{"offer": e.offer, "answer": e.answer, "remote": e.remote,
		"opened": e.opened, "send": e.send, "expect": e.expect, "echo": e.echo, "connect": e.connect,
		"idle": e.idle}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var w words
		must(json.Unmarshal(lines.Bytes(), &w))
		if w.Cmd == "quit" {
			return
		}
		line, err := json.Marshal(commands[w.Cmd](w))
		must(err)
		fmt.Println(string(line))
	}
}

// pion_probe - the agent of pion/ice with the words of README.md beside this file.
//
//	pion_probe controlling|controlled ADDRESS[,ADDRESS]... [OPTION]...
//
// Options: lite.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/pion/ice/v2"
)

type probe struct {
	agent         *ice.Agent
	isControlling bool
	begin         sync.Once
	mu            sync.Mutex
	conn          *ice.Conn
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func complain(err error) {
	if err != nil {
		fmt.Println("error", err)
	}
}

func (p *probe) tellCredentials() {
	ufrag, pwd, err := p.agent.GetLocalUserCredentials()
	must(err)
	fmt.Println("local", ufrag, pwd)
}

func name(c ice.Candidate) string {
	return net.JoinHostPort(c.Address(), fmt.Sprint(c.Port()))
}

func (p *probe) connect(ufrag, pwd string) {
	connect := p.agent.Accept
	if p.isControlling {
		connect = p.agent.Dial
	}
	conn, err := connect(context.Background(), ufrag, pwd)
	if err != nil {
		complain(err)
		return
	}
	p.mu.Lock()
	p.conn = conn
	p.mu.Unlock()
	packet := make([]byte, 2048)
	for {
		n, err := conn.Read(packet)
		if err != nil {
			return
		}
		fmt.Println("received", string(packet[:n]))
	}
}

// Again after a restart, where the agent has begun already.
func (p *probe) setRemote(ufrag, pwd string) {
	isFirst := false
	p.begin.Do(func() { isFirst = true })
	if isFirst {
		go p.connect(ufrag, pwd)
		return
	}
	complain(p.agent.SetRemoteCredentials(ufrag, pwd))
}

func (p *probe) addRemote(text string) {
	candidate, err := ice.UnmarshalCandidate(strings.TrimPrefix(text, "candidate:"))
	if err == nil {
		err = p.agent.AddRemoteCandidate(candidate)
	}
	complain(err)
}

func (p *probe) send(text string) {
	p.mu.Lock()
	conn := p.conn
	p.mu.Unlock()
	if conn == nil {
		fmt.Println("error not connected")
		return
	}
	_, err := conn.Write([]byte(text))
	complain(err)
}

func (p *probe) restart() {
	if err := p.agent.Restart("", ""); err != nil {
		complain(err)
		return
	}
	p.tellCredentials()
	complain(p.agent.GatherCandidates())
}

func (p *probe) obey(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "remote":
		parts := strings.Split(rest, " ")
		p.setRemote(parts[0], parts[1])
	case "candidate":
		p.addRemote(rest)
	case "end": // pion waits as long as it waits
	case "send":
		p.send(rest)
	case "restart":
		p.restart()
	default:
		fmt.Println("error unknown:", line)
	}
}

func (p *probe) watch() {
	must(p.agent.OnCandidate(func(c ice.Candidate) {
		if c == nil {
			fmt.Println("end")
			return
		}
		fmt.Println("candidate", "candidate:"+c.Marshal())
	}))
	must(p.agent.OnConnectionStateChange(func(s ice.ConnectionState) {
		fmt.Println("state", strings.ToLower(s.String()))
	}))
	must(p.agent.OnSelectedCandidatePairChange(func(local, remote ice.Candidate) {
		fmt.Println("selected", name(local), name(remote))
	}))
}

func main() {
	wanted := strings.Split(os.Args[2], ",")
	config := &ice.AgentConfig{
		NetworkTypes:     []ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6},
		MulticastDNSMode: ice.MulticastDNSModeDisabled,
		IncludeLoopback:  true,
		CandidateTypes:   []ice.CandidateType{ice.CandidateTypeHost},
		IPFilter: func(ip net.IP) bool {
			for _, text := range wanted {
				if net.ParseIP(text).Equal(ip) {
					return true
				}
			}
			return false
		},
	}
	for _, option := range os.Args[3:] {
		config.Lite = config.Lite || option == "lite"
	}
	agent, err := ice.NewAgent(config)
	must(err)
	p := &probe{agent: agent, isControlling: os.Args[1] == "controlling"}
	p.watch()
	p.tellCredentials()
	must(agent.GatherCandidates())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		p.obey(lines.Text())
	}
	must(agent.Close())
}

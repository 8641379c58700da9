// pion/stun's side of the STUN benchmark; see bench/README.md for the modes.
package main

import (
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"

	"github.com/pion/stun"
)

type input struct {
	packet             []byte
	username, password string
	answer             []byte
}

// cpuNs is the CPU time of this process, with that of the garbage collector's threads.
func cpuNs() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

func parse(in *input, m *stun.Message) bool {
	m.Raw = append(m.Raw[:0], in.packet...)
	return m.Decode() == nil
}

// runParse takes the message without its last attribute, the fingerprint, as the others do.
func runParse(in *input, rounds int) (good int) {
	m := stun.New()
	in.packet = in.packet[:len(in.packet)-8]
	in.packet[3] -= 8
	for i := 0; i < rounds; i++ {
		if parse(in, m) {
			good++
		}
	}
	return good
}

func runFingerprint(in *input, rounds int) (good int) {
	m := stun.New()
	for i := 0; i < rounds; i++ {
		if parse(in, m) && stun.Fingerprint.Check(m) == nil {
			good++
		}
	}
	return good
}

func verify(in *input, m *stun.Message, key stun.MessageIntegrity) bool {
	if !parse(in, m) {
		return false
	}
	name, err := m.Get(stun.AttrUsername)
	return err == nil && string(name) == in.username && key.Check(m) == nil &&
		stun.Fingerprint.Check(m) == nil
}

func runVerify(in *input, rounds int) (good int) {
	m, key := stun.New(), stun.NewShortTermIntegrity(in.password)
	for i := 0; i < rounds; i++ {
		if verify(in, m, key) {
			good++
		}
	}
	return good
}

func runAnswer(in *input, rounds int) (good int) {
	m, answer, key := stun.New(), stun.New(), stun.NewShortTermIntegrity(in.password)
	mapped := &stun.XORMappedAddress{IP: net.IPv4(192, 0, 2, 1), Port: 32853}
	for i := 0; i < rounds; i++ {
		if verify(in, m, key) && answer.Build(m, stun.BindingSuccess, mapped, key, stun.Fingerprint) == nil {
			good++
		}
	}
	in.answer = answer.Raw
	return good
}

func main() {
	modes := map[string]func(*input, int) int{
		"parse": runParse, "fingerprint": runFingerprint, "verify": runVerify, "answer": runAnswer,
	}
	if len(os.Args) < 6 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: stun_pion parse|fingerprint|verify|answer ROUNDS PACKET USERNAME PASSWORD [--json]")
		os.Exit(2)
	}
	rounds, err := strconv.Atoi(os.Args[2])
	packet, hexErr := hex.DecodeString(os.Args[3])
	if err != nil || hexErr != nil || rounds <= 0 {
		fmt.Fprintln(os.Stderr, "stun_pion: ROUNDS is a number, PACKET hexadecimal")
		os.Exit(2)
	}
	in := &input{packet: packet, username: os.Args[4], password: os.Args[5]}
	start := cpuNs()
	good := modes[os.Args[1]](in, rounds)
	ns := (cpuNs() - start) / float64(rounds)
	if good != rounds {
		fmt.Fprintf(os.Stderr, "pion %s: %d of %d rounds failed\n", os.Args[1], rounds-good, rounds)
		os.Exit(1)
	}
	if len(os.Args) > 6 && os.Args[6] == "--json" {
		fmt.Printf("{\"library\": \"pion\", \"mode\": \"%s\", \"rounds\": %d, \"cpu_ns\": %.2f, \"answer\": \"%x\"}\n",
			os.Args[1], rounds, ns, in.answer)
	} else {
		fmt.Printf("pion %s: %.1f ns\n", os.Args[1], ns)
	}
}

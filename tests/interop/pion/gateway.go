// A gateway that speaks the long-term credentials of RFC 8489 (section 9.2: SHA-256, USERHASH, the
// nonce cookie, PASSWORD-ALGORITHMS) to its clients over UDP and TCP, and SHA-1 to the TURN server
// behind it. Messages are read and written by pion/stun, hashes are Go's: nothing of floe is in it.
package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/pion/stun"
)

const (
	headerSize    = 20
	algorithmMD5  = 1
	algorithmSHA2 = 2
	hasAlgorithms = 1 << 7 // the first two of the 24 security features, in the first byte
	hasAnonymity  = 1 << 6
)

type mode struct {
	algorithms []byte // of PASSWORD-ALGORITHMS, the preferred one first
	features   byte
	nonceLife  time.Duration
	tagLen     int  // bytes of MESSAGE-INTEGRITY-SHA256 in answers
	isStripped bool // somebody on the way takes the list out of the challenges
	isDamaged  bool // or changes the answers
}

var modes = map[string]mode{
	"sha256": {algorithms: []byte{algorithmMD5, algorithmSHA2},
		features: hasAlgorithms | hasAnonymity, tagLen: 32},
	"username": {algorithms: []byte{algorithmSHA2}, features: hasAlgorithms, tagLen: 32},
	"md5":      {algorithms: []byte{algorithmMD5}, features: hasAlgorithms, tagLen: 32},
	"truncated": {algorithms: []byte{algorithmSHA2}, features: hasAlgorithms | hasAnonymity,
		tagLen: 16},
	"stale": {algorithms: []byte{algorithmSHA2}, features: hasAlgorithms | hasAnonymity,
		tagLen: 32, nonceLife: 2 * time.Second},
	"stripped": {algorithms: []byte{algorithmMD5, algorithmSHA2}, features: hasAlgorithms,
		tagLen: 32, isStripped: true},
	"damaged": {algorithms: []byte{algorithmSHA2}, features: hasAlgorithms, tagLen: 32,
		isDamaged: true},
}

// One client: its way to the server behind, and what both sides have been challenged with.
type session struct {
	mode
	client  net.Addr
	behind  net.Conn // to the server behind
	answer  func([]byte)
	mutex   sync.Mutex
	nonce   string
	nonceAt time.Time
	// Of the server behind.
	behindNonce stun.Nonce
	// By transaction: the algorithm of the request that is under way.
	algorithm map[[stun.TransactionIDSize]byte]byte
}

func newSession(m mode, behind string, client net.Addr, answer func([]byte)) *session {
	conn, err := net.Dial("udp4", behind)
	must(err)
	s := &session{mode: m, client: client, behind: conn, answer: answer,
		algorithm: map[[stun.TransactionIDSize]byte]byte{}}
	s.renewNonce()
	s.ask()
	go s.readBehind()
	return s
}

// The nonce of the server behind.
func (s *session) ask() {
	m := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest))
	_, err := s.behind.Write(m.Raw)
	must(err)
	buf := make([]byte, 1500)
	n, err := s.behind.Read(buf)
	must(err)
	challenge := &stun.Message{Raw: buf[:n]}
	must(challenge.Decode())
	must(s.behindNonce.GetFrom(challenge))
}

func (s *session) renewNonce() {
	random := make([]byte, 12)
	_, err := rand.Read(random)
	must(err)
	features := base64.StdEncoding.EncodeToString([]byte{s.features, 0, 0})
	s.nonce = "obMatJos2" + features + base64.StdEncoding.EncodeToString(random)
	s.nonceAt = time.Now()
}

func listOf(algorithms []byte) []byte {
	var list []byte
	for _, algorithm := range algorithms {
		list = append(list, 0, algorithm, 0, 0) // no parameters
	}
	return list
}

func keyOf(algorithm byte) []byte {
	text := []byte(user + ":" + realm + ":" + password)
	if algorithm == algorithmMD5 {
		sum := md5.Sum(text)
		return sum[:]
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// The HMAC of a message up to an attribute at this place, whose value has this length.
func tag(raw []byte, at, length int, key []byte) []byte {
	text := append([]byte(nil), raw[:at]...)
	binary.BigEndian.PutUint16(text[2:], uint16(at-headerSize+4+length))
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

func (s *session) challenge(to *stun.Message, code stun.ErrorCode) {
	m := stun.New()
	m.TransactionID = to.TransactionID
	m.SetType(stun.NewType(to.Type.Method, stun.ClassErrorResponse))
	m.WriteHeader()
	must(code.AddTo(m))
	if code != stun.CodeBadRequest {
		must(stun.NewRealm(realm).AddTo(m))
		must(stun.NewNonce(s.nonce).AddTo(m))
		if !s.isStripped {
			m.Add(stun.AttrPasswordAlgorithms, listOf(s.algorithms))
		}
	}
	s.answer(m.Raw)
}

// Where the attribute of this type stands; every other one in front of it, or -1.
func lastAt(m *stun.Message, t stun.AttrType) int {
	at := headerSize
	for i, attribute := range m.Attributes {
		if attribute.Type == t {
			if i != len(m.Attributes)-1 {
				return -1
			}
			return at
		}
		at += 4 + (int(attribute.Length)+3)&^3
	}
	return -1
}

// What is wrong with the form of a request that has credentials; "" if nothing.
func (s *session) fault(m *stun.Message) string {
	list, _ := m.Get(stun.AttrPasswordAlgorithms)
	chosen, _ := m.Get(stun.AttrPasswordAlgorithm)
	anonymous := s.features&hasAnonymity != 0
	switch {
	case m.Contains(stun.AttrMessageIntegrity):
		return "SHA-1 where SHA-256 was asked for"
	case lastAt(m, stun.AttrMessageIntegritySHA256) < 0:
		return "something behind the integrity"
	case !bytes.Equal(list, listOf(s.algorithms)):
		return fmt.Sprintf("PASSWORD-ALGORITHMS is %x", list)
	case len(chosen) != 4 || chosen[0] != 0 || chosen[2] != 0 || chosen[3] != 0 ||
		!bytes.Contains(s.algorithms, chosen[1:2]):
		return fmt.Sprintf("PASSWORD-ALGORITHM is %x", chosen)
	case bytes.Contains(s.algorithms, []byte{algorithmSHA2}) && chosen[1] != algorithmSHA2:
		return "not the strongest algorithm"
	case m.Contains(stun.AttrUserhash) != anonymous || m.Contains(stun.AttrUsername) == anonymous:
		return "USERHASH and USERNAME"
	}
	return ""
}

func (s *session) isUser(m *stun.Message) bool {
	if hash, err := m.Get(stun.AttrUserhash); err == nil {
		sum := sha256.Sum256([]byte(user + ":" + realm))
		return bytes.Equal(hash, sum[:])
	}
	name, err := m.Get(stun.AttrUsername)
	return err == nil && string(name) == user
}

// RFC 8489 section 9.2.4: the code to answer with, or 0 where the request is authentic.
func (s *session) judge(m *stun.Message) stun.ErrorCode {
	given, err := m.Get(stun.AttrMessageIntegritySHA256)
	if err != nil && !m.Contains(stun.AttrMessageIntegrity) {
		return stun.CodeUnauthorized
	}
	if fault := s.fault(m); fault != "" {
		log.Print(m.Type, ": ", fault)
		return stun.CodeBadRequest
	}
	chosen, _ := m.Get(stun.AttrPasswordAlgorithm)
	at := lastAt(m, stun.AttrMessageIntegritySHA256)
	if !s.isUser(m) || len(given) != 32 ||
		!hmac.Equal(given, tag(m.Raw, at, 32, keyOf(chosen[1]))) {
		return stun.CodeUnauthorized
	}
	nonce, err := m.Get(stun.AttrNonce)
	if s.nonceLife != 0 && time.Since(s.nonceAt) > s.nonceLife {
		s.renewNonce()
	}
	if err != nil || string(nonce) != s.nonce {
		return stun.CodeStaleNonce
	}
	s.algorithm[m.TransactionID] = chosen[1]
	return 0
}

// A copy without what concerns credentials and without one attribute more.
func strip(m *stun.Message, other stun.AttrType) *stun.Message {
	out := stun.New()
	out.TransactionID = m.TransactionID
	out.SetType(m.Type)
	out.WriteHeader()
	for _, a := range m.Attributes {
		switch a.Type {
		case stun.AttrUsername, stun.AttrUserhash, stun.AttrRealm, stun.AttrNonce,
			stun.AttrPasswordAlgorithm, stun.AttrPasswordAlgorithms, stun.AttrMessageIntegrity,
			stun.AttrMessageIntegritySHA256, stun.AttrFingerprint, other:
		default:
			out.Add(a.Type, a.Value)
		}
	}
	return out
}

func (s *session) fromClient(packet []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	m := &stun.Message{Raw: packet}
	if stun.IsMessage(packet) && m.Decode() == nil && m.Type.Class == stun.ClassRequest {
		if code := s.judge(m); code != 0 {
			s.challenge(m, code)
			return
		}
		out := strip(m, stun.AttrUsername)
		for _, setter := range []stun.Setter{stun.NewUsername(user), stun.NewRealm(realm),
			s.behindNonce, stun.NewLongTermIntegrity(user, realm, password)} {
			must(setter.AddTo(out))
		}
		packet = out.Raw
	}
	_, _ = s.behind.Write(packet)
}

func (s *session) fromBehind(packet []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	m := &stun.Message{Raw: packet}
	if !stun.IsMessage(packet) || m.Decode() != nil || m.Type.Class == stun.ClassIndication {
		s.answer(packet)
		return
	}
	out := strip(m, stun.AttrXORMappedAddress)
	if m.Contains(stun.AttrXORMappedAddress) {
		host, port, _ := net.SplitHostPort(s.client.String())
		address := stun.XORMappedAddress{IP: net.ParseIP(host)}
		_, _ = fmt.Sscan(port, &address.Port)
		must(address.AddTo(out))
	}
	value := tag(out.Raw, len(out.Raw), s.tagLen, keyOf(s.algorithm[m.TransactionID]))[:s.tagLen]
	if s.isDamaged {
		value[0] ^= 1
	}
	out.Add(stun.AttrMessageIntegritySHA256, value)
	s.answer(out.Raw)
}

func (s *session) readBehind() {
	for {
		buf := make([]byte, 65536)
		n, err := s.behind.Read(buf)
		if err != nil {
			return
		}
		s.fromBehind(buf[:n])
	}
}

func isChannelData(packet []byte) bool {
	return len(packet) >= 4 && packet[0]>>6 == 1
}

func serveUDP(m mode, socket net.PacketConn, behind string) {
	sessions := map[string]*session{}
	for {
		buf := make([]byte, 65536)
		n, from, err := socket.ReadFrom(buf)
		if err != nil {
			return
		}
		s := sessions[from.String()]
		if s == nil {
			s = newSession(m, behind, from, func(packet []byte) { _, _ = socket.WriteTo(packet, from) })
			sessions[from.String()] = s
		}
		s.fromClient(buf[:n])
	}
}

// RFC 8656 section 12.5: over TCP, ChannelData is padded to four bytes.
func serveTCP(m mode, conn net.Conn, behind string) {
	defer conn.Close()
	s := newSession(m, behind, conn.RemoteAddr(), func(packet []byte) {
		if isChannelData(packet) {
			packet = append(packet, strings.Repeat("\x00", -len(packet)&3)...)
		}
		_, _ = conn.Write(packet)
	})
	defer s.behind.Close()
	in := bufio.NewReader(conn)
	for {
		head, err := in.Peek(4)
		if err != nil {
			return
		}
		length := int(binary.BigEndian.Uint16(head[2:]))
		whole := headerSize + length
		if isChannelData(head) {
			whole = 4 + (length+3)&^3
		}
		packet := make([]byte, whole)
		if _, err = io.ReadFull(in, packet); err != nil {
			return
		}
		if isChannelData(packet) {
			packet = packet[:4+length]
		}
		s.fromClient(packet)
	}
}

func startGateway(ip, name, behind string) {
	m, isKnown := modes[name]
	if !isKnown {
		log.Fatal("no mode ", name)
	}
	address := fmt.Sprintf("%s:%d", ip, plainPort)
	socket, err := net.ListenPacket("udp4", address)
	must(err)
	listener, err := net.Listen("tcp4", address)
	must(err)
	go serveUDP(m, socket, behind)
	go func() {
		for {
			conn, err := listener.Accept()
			must(err)
			go serveTCP(m, conn, behind)
		}
	}()
}

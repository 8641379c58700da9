// turn_server - a TURN server of pion's library over UDP, TCP, TLS and DTLS; or, where a mode is
// given, the gateway of gateway.go in front of one. User alice, password secret.
//
//	turn_server IP [MODE]
//
// Says "ready" and runs until it is killed.
package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"os"

	"github.com/pion/dtls/v2"
	"github.com/pion/dtls/v2/pkg/crypto/selfsign"
	"github.com/pion/turn/v2"
)

const (
	user      = "alice"
	password  = "secret"
	realm     = "floe.test"
	plainPort = 3478
	tlsPort   = 5349
	denied    = "203.0.113.66"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func authenticate(name, realm string, _ net.Addr) ([]byte, bool) {
	return turn.GenerateAuthKey(name, realm, password), name == user
}

func permits(_ net.Addr, peer net.IP) bool {
	return peer.String() != denied
}

func listenAll(ip string) (net.PacketConn, []net.Listener) {
	plain, secure := fmt.Sprintf("%s:%d", ip, plainPort), fmt.Sprintf("%s:%d", ip, tlsPort)
	certificate, err := selfsign.GenerateSelfSigned()
	must(err)
	udp, err := net.ListenPacket("udp4", plain)
	must(err)
	overTCP, err := net.Listen("tcp4", plain)
	must(err)
	overTLS, err := tls.Listen("tcp4", secure,
		&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	must(err)
	overDTLS, err := dtls.Listen("udp4", &net.UDPAddr{IP: net.ParseIP(ip), Port: tlsPort},
		&dtls.Config{Certificates: []tls.Certificate{certificate}})
	must(err)
	return udp, []net.Listener{overTCP, overTLS, overDTLS}
}

// A server on these sockets, whose relays are at the IP.
func serve(ip string, udp net.PacketConn, listeners []net.Listener) {
	relays := &turn.RelayAddressGeneratorStatic{RelayAddress: net.ParseIP(ip), Address: ip}
	config := turn.ServerConfig{Realm: realm, AuthHandler: authenticate}
	config.PacketConnConfigs = []turn.PacketConnConfig{
		{PacketConn: udp, RelayAddressGenerator: relays, PermissionHandler: permits}}
	for _, listener := range listeners {
		config.ListenerConfigs = append(config.ListenerConfigs, turn.ListenerConfig{
			Listener: listener, RelayAddressGenerator: relays, PermissionHandler: permits})
	}
	_, err := turn.NewServer(config)
	must(err)
}

func main() {
	ip := os.Args[1]
	if len(os.Args) > 2 {
		behind, err := net.ListenPacket("udp4", "127.0.0.1:0")
		must(err)
		serve(ip, behind, nil)
		startGateway(ip, os.Args[2], behind.LocalAddr().String())
	} else {
		udp, listeners := listenAll(ip)
		serve(ip, udp, listeners)
	}
	fmt.Println("ready")
	select {}
}

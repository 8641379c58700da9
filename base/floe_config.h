/*
 * base/floe_config.h - every compile-time limit of floe, in one place.
 *
 * Each can be set with -DNAME=VALUE, or all of them from a header named by FLOE_CONFIG_FILE. Each
 * says what it bounds, what a unit costs, and what happens beyond it. Nothing from the wire exceeds
 * a bound.
 */
#ifndef FLOE_BASE_FLOE_CONFIG_H
#define FLOE_BASE_FLOE_CONFIG_H

#ifdef FLOE_CONFIG_FILE
#include FLOE_CONFIG_FILE
#endif

/* Largest UDP payload that floe sends before the path is known to carry more: 1280 (the smallest
 * IPv6 MTU) less 40 (IPv6), 8 (UDP) and room for TURN's ChannelData header; as browsers do. */
#ifndef FLOE_DATAGRAM_MAX
#define FLOE_DATAGRAM_MAX 1200
#endif

/* Local candidates of an agent. 52 bytes each. Beyond: FULL; the interface is not used. */
#ifndef FLOE_ICE_LOCAL_MAX
#define FLOE_ICE_LOCAL_MAX 16
#endif

/* Remote candidates, signalled and peer-reflexive. 52 bytes each. Beyond: FULL for signalled ones;
 * a check from a further unknown address is not answered, for no pair can be made of it. */
#ifndef FLOE_ICE_REMOTE_MAX
#define FLOE_ICE_REMOTE_MAX 24
#endif

/* Candidate pairs, each with the check under way on it. 80 bytes each, and one more for a restart.
 * Beyond: the pair of lowest priority is left out (RFC 8445 6.1.2.5). */
#ifndef FLOE_ICE_PAIR_MAX
#define FLOE_ICE_PAIR_MAX 48
#endif

/* Valid pairs that are kept warm beside the one in use, as unlike it and each other as there are: a
 * check of consent each in 5 s. Beyond: they lapse. 0: none, and a path that is lost is looked for.
 */
#ifndef FLOE_ICE_BACKUP_MAX
#define FLOE_ICE_BACKUP_MAX 2
#endif

/* 1: an agent can be lite (RFC 8445 section 2.5). 0: that is left out; ARG. */
#ifndef FLOE_ICE_LITE
#define FLOE_ICE_LITE 1
#endif

/* 1: filters say which candidates are gathered, told and used. 0: that is left out; ARG. */
#ifndef FLOE_ICE_FILTER
#define FLOE_ICE_FILTER 1
#endif

/* 1: who nominates fast moves to better pairs that turn valid later. 0: it stays with the first. */
#ifndef FLOE_ICE_UPGRADE
#define FLOE_ICE_UPGRADE 1
#endif

/* 1: candidates of TCP (RFC 6544), for networks that let no UDP through. 0: those of a peer are
 * ignored, and the code is left out. */
#ifndef FLOE_ICE_TCP
#define FLOE_ICE_TCP 1
#endif

/* STUN and TURN servers of an agent. Beyond: FULL. */
#ifndef FLOE_ICE_SERVER_MAX
#define FLOE_ICE_SERVER_MAX 8
#endif

/* Requests to STUN servers in flight, over all sockets. 40 bytes each. Beyond: they wait their
 * turn. */
#ifndef FLOE_ICE_TXN_MAX
#define FLOE_ICE_TXN_MAX 16
#endif

/* Replies owed to checks. 48 bytes each. Beyond: dropped; the peer sends its check again. */
#ifndef FLOE_ICE_REPLY_MAX
#define FLOE_ICE_REPLY_MAX 8
#endif

/* Checks answered before the peer's credentials are known, to be followed up when they are. 32
 * bytes each. Beyond: the oldest is forgotten; the peer checks again. */
#ifndef FLOE_ICE_EARLY_MAX
#define FLOE_ICE_EARLY_MAX 8
#endif

/* 1: when a NAT forgets a connection in mid-session, both sides find the new way within two
 * seconds. 0: within seven, and 0.3 KB of code less. */
#ifndef FLOE_ICE_REBIND
#define FLOE_ICE_REBIND 1
#endif

/* Longest ICE username fragment and password, the two together. RFC 8839 allows 256 each; in use
 * are 4 to 32 and 22 to 64. 1 byte each, four times: ours and the peer's, of this generation and
 * the one before. Longer ones from a peer: refused. */
#ifndef FLOE_ICE_CREDENTIAL_MAX
#define FLOE_ICE_CREDENTIAL_MAX 256
#endif

/* User name, password, realm, nonce and password algorithms of STUN credentials, the five together.
 * 1 byte each. The standard allows 763 each; in use are 200 to 300 in all. Beyond: TOO_BIG for
 * ours; a server's challenge is dropped, and the request times out. */
#ifndef FLOE_STUN_AUTH_TEXT_MAX
#define FLOE_STUN_AUTH_TEXT_MAX 640
#endif

/* IP addresses of peers that a TURN allocation has permissions for. 48 bytes each. Beyond: FULL. */
#ifndef FLOE_TURN_PERMISSION_MAX
#define FLOE_TURN_PERMISSION_MAX 8
#endif

/* Channels of a TURN allocation, up to 4096. 48 bytes each. Beyond: FULL; Send indications do. */
#ifndef FLOE_TURN_CHANNEL_MAX
#define FLOE_TURN_CHANNEL_MAX 8
#endif

/* Requests to a TURN server in flight, at least 2. 48 bytes each. Beyond: they wait their turn. */
#ifndef FLOE_TURN_TXN_MAX
#define FLOE_TURN_TXN_MAX 4
#endif

/* TCP connections of a TURN allocation that are being set up (RFC 6062). 80 bytes each. Beyond:
 * FULL for ours; a peer's attempt is ignored, and the server ends it after 30 s. */
#ifndef FLOE_TURN_CONNECTION_MAX
#define FLOE_TURN_CONNECTION_MAX 4
#endif

/* Bytes of a TURN mobility ticket. 1 byte each. Beyond: the allocation can't move. */
#ifndef FLOE_TURN_TICKET_MAX
#define FLOE_TURN_TICKET_MAX 128
#endif

/* DTLS datagrams waiting to be sent during the handshake; a flight of ours has 700 bytes. 1 byte
 * each; at least FLOE_DATAGRAM_MAX + 2. Beyond: dropped, as the network might; DTLS repeats the
 * flight. */
#ifndef FLOE_DTLS_FLIGHT_MAX
#define FLOE_DTLS_FLIGHT_MAX 2560
#endif

/* Plain bytes of one DTLS record that is sent, 512 to 16384. 1 byte each, of OpenSSL's heap.
 * Beyond: TOO_BIG. Records received may be larger, up to the 16384 of the standard. */
#ifndef FLOE_DTLS_RECORD_MAX
#define FLOE_DTLS_RECORD_MAX 2048
#endif

/* 1: once the handshake is over, DTLS records are sealed and opened here, and OpenSSL's memory is
 * given back. 0: OpenSSL does it, in twice the time and some 40 to 60 KB more; the reference. */
#ifndef FLOE_DTLS_OWN_RECORDS
#define FLOE_DTLS_OWN_RECORDS 1
#endif

/* SCTP streams with state at one time, each direction. About 16 bytes each. Beyond: FULL for ours;
 * data on a further stream of the peer is refused as RFC 9260 section 6.5 says. */
#ifndef FLOE_SCTP_STREAM_MAX
#define FLOE_SCTP_STREAM_MAX 128
#endif

/* How far beyond the cumulative TSN a DATA chunk is accepted, in TSNs; a power of two from 64 to
 * 32768. 1 bit each. Beyond: dropped; the peer sends it again. */
#ifndef FLOE_SCTP_WINDOW_MAX
#define FLOE_SCTP_WINDOW_MAX 4096
#endif

/* 1: messages of any size are sent, and on request received, by parts (sctp/sctp_parts.h). 0: that
 * is left out: 70 bytes and some 5.5 KB of code less. */
#ifndef FLOE_SCTP_PARTS
#define FLOE_SCTP_PARTS 1
#endif

/* 1: an association can be told to send at the rate that the path has (FLOE_SCTP_CC_RATE). 0: that
 * is left out; ARG. */
#ifndef FLOE_SCTP_RATE
#define FLOE_SCTP_RATE 1
#endif

/* 1: an association can interleave messages (RFC 8260), where it is lent what that takes. 0: that
 * is left out. */
#ifndef FLOE_SCTP_IDATA
#define FLOE_SCTP_IDATA 1
#endif

/* 1: an association can be told which stream's message is sent next (sctp/sctp_scheduler.h). 0: it
 * is by weighted fair queueing; others are ARG. */
#ifndef FLOE_SCTP_SCHEDULERS
#define FLOE_SCTP_SCHEDULERS 1
#endif

/* Bytes of answers that wait to be sent: HEARTBEAT ACK, ERROR. 1 byte each. Beyond: the answer is
 * dropped; the peer asks again. */
#ifndef FLOE_SCTP_REPLY_MAX
#define FLOE_SCTP_REPLY_MAX 320
#endif

/* 1: an association can be agreed on in session descriptions (sctp/sctp_snap.h). 0: that is left
 * out; each begins with a handshake. */
#ifndef FLOE_SCTP_SNAP
#define FLOE_SCTP_SNAP 1
#endif

/* 1: packets grow to what the path carries (RFC 8899), where the user allows it. 0: that is left
 * out; they keep to FLOE_DATAGRAM_MAX. */
#ifndef FLOE_SCTP_PMTUD
#define FLOE_SCTP_PMTUD 1
#endif

/* Data channels of a peer. About 80 bytes each. Beyond: FULL for ours; a further OPEN of the peer
 * is answered with a stream reset. */
#ifndef FLOE_DC_CHANNEL_MAX
#define FLOE_DC_CHANNEL_MAX 128
#endif

/* Bytes for the labels and protocols of all channels together. Beyond: as above. */
#ifndef FLOE_DC_NAMES_MAX
#define FLOE_DC_NAMES_MAX 8192
#endif

/* Media sections of one session description. 8 bytes each. Beyond: TOO_BIG. */
#ifndef FLOE_SDP_MEDIA_MAX
#define FLOE_SDP_MEDIA_MAX 32
#endif

/* Bytes of one session description. Nothing is stored. Beyond: TOO_BIG. */
#ifndef FLOE_SDP_SIZE_MAX
#define FLOE_SDP_SIZE_MAX 65536
#endif

/* Bytes of one line's value. Nothing is stored; the longest in use, an identity assertion, has a
 * few thousand. Beyond: TOO_BIG. */
#ifndef FLOE_SDP_LINE_MAX
#define FLOE_SDP_LINE_MAX 16384
#endif

/* Candidates of the peer that are names, until they are resolved. 92 bytes each. Beyond: ignored;
 * the peer's own checks reach us all the same. */
#ifndef FLOE_PEER_NAME_MAX
#define FLOE_PEER_NAME_MAX 8
#endif

/* Names of others that multicast DNS is asked for at one time. 64 bytes each. Beyond: FULL; that
 * candidate of the peer is not used. */
#ifndef FLOE_MDNS_QUERY_MAX
#define FLOE_MDNS_QUERY_MAX 8
#endif

/* Addresses of ours that are hidden behind a name in multicast DNS, up to 32. 56 bytes each, and 8
 * for each interface. Beyond: FULL. */
#ifndef FLOE_MDNS_NAME_MAX
#define FLOE_MDNS_NAME_MAX 8
#endif

/* Interfaces that multicast DNS is spoken on, one for each family, up to 32. 28 bytes each. Beyond:
 * FULL; the interface is not used. */
#ifndef FLOE_MDNS_INTERFACE_MAX
#define FLOE_MDNS_INTERFACE_MAX 8
#endif

/* Unicast answers of multicast DNS that are owed. 28 bytes each. Beyond: dropped; who asked asks
 * again. */
#ifndef FLOE_MDNS_REPLY_MAX
#define FLOE_MDNS_REPLY_MAX 8
#endif

/* Sockets of a peer that io/ runs, one an address of this machine; about 100 bytes each, and each
 * is one of FLOE_ICE_LOCAL_MAX. Beyond: the addresses that come last are not used. */
#ifndef FLOE_IO_SOCKET_MAX
#define FLOE_IO_SOCKET_MAX 8
#endif

/* Events that wait to be read, per object. 8 to 32 bytes each. States are level-triggered, so none
 * is lost for good; a full queue delays input (AGAIN) rather than dropping. */
#ifndef FLOE_EVENT_MAX
#define FLOE_EVENT_MAX 32
#endif

#endif

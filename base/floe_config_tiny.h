/*
 * base/floe_config_tiny.h - small limits, for a device with little memory: one data connection to
 * a browser through one TURN server. An example to copy, and what the tests run with once more:
 * cmake --preset tiny.
 */
#ifndef FLOE_BASE_FLOE_CONFIG_TINY_H
#define FLOE_BASE_FLOE_CONFIG_TINY_H

#define FLOE_ICE_LOCAL_MAX       4
#define FLOE_ICE_REMOTE_MAX      8
#define FLOE_ICE_PAIR_MAX        16
#define FLOE_ICE_TCP             0
#define FLOE_ICE_SERVER_MAX      1
#define FLOE_ICE_TXN_MAX         8
#define FLOE_ICE_REPLY_MAX       2
#define FLOE_ICE_EARLY_MAX       2
#define FLOE_ICE_CREDENTIAL_MAX  96
#define FLOE_ICE_REBIND          0
#define FLOE_STUN_AUTH_TEXT_MAX  384
#define FLOE_TURN_PERMISSION_MAX 4
#define FLOE_TURN_CHANNEL_MAX    2
#define FLOE_TURN_TXN_MAX        2
#define FLOE_TURN_CONNECTION_MAX 1
#define FLOE_TURN_TICKET_MAX     64
#define FLOE_DTLS_FLIGHT_MAX     1500
#define FLOE_DTLS_RECORD_MAX     1200
#define FLOE_SCTP_STREAM_MAX     8
#define FLOE_SCTP_WINDOW_MAX     64
#define FLOE_SCTP_PARTS          0
#define FLOE_SCTP_SNAP           0
#define FLOE_SCTP_IDATA          0
#define FLOE_SCTP_SCHEDULERS     0
#define FLOE_SCTP_RATE           0
#define FLOE_SCTP_PMTUD          0
#define FLOE_DC_CHANNEL_MAX      4
#define FLOE_DC_NAMES_MAX        256
#define FLOE_SDP_MEDIA_MAX       4
#define FLOE_SDP_SIZE_MAX        16384
#define FLOE_SDP_LINE_MAX        4096
#define FLOE_PEER_NAME_MAX       2
#define FLOE_MDNS_QUERY_MAX      4
#define FLOE_MDNS_NAME_MAX       4
#define FLOE_MDNS_INTERFACE_MAX  4
#define FLOE_MDNS_REPLY_MAX      2
#define FLOE_IO_SOCKET_MAX       4
#define FLOE_EVENT_MAX           8

#endif

/*
 * app/ice_option.h - STUN and TURN servers on the command line and in JSON, as RTCIceServer
 * entries.
 *
 * On the command line: URL, or URL,USERNAME,CREDENTIAL.
 */
#ifndef FLOE_APP_ICE_OPTION_H
#define FLOE_APP_ICE_OPTION_H

#include <jansson.h>
#include <stdbool.h>

#include "io/io_peer.h"

#define ICE_OPTION_SERVERS 8
#define ICE_OPTION_URLS    4 /* of one entry */

/* Append the entry that `text` says to the JSON array. False: *why says what is wrong. */
bool ice_option_add(json_t *entries, const char *text, const char **why);

/* The same entries for floe_io_peer_open(): views into `entries`, which must live as long. */
typedef struct ice_option_list {
    floe_io_server servers[ICE_OPTION_SERVERS];
    const char *urls[ICE_OPTION_SERVERS][ICE_OPTION_URLS];
    size_t count;
} ice_option_list;

/* False: not an array of entries of the right shape, or too many; *why says which. */
bool ice_option_read(ice_option_list *list, const json_t *entries, const char **why);

/* "all", "private", "public" or "relay". False: none of these. */
bool ice_option_ip_handling(const char *text, floe_ip_handling *mode);

#endif

/*
 * peer/peer_blob_read.c - a blob into a description: see peer/peer_blob.h, which has the form.
 *
 * The bytes go to the end of the caller's memory, the description is written before them.
 */
#include <string.h>

#include "base/addr.h"
#include "base/crc.h"
#include "mdns/mdns_name.h"
#include "peer/peer_blob_internal.h"

#define UFRAG_MIN 4u /* RFC 8839 section 5.4 */
#define PWD_MIN   22u
#define MID_MAX   255u

typedef struct decoder {
    floe_reader r;
    floe_writer w;
    floe_sdp_local local;
    bool is_answer, is_end;
    size_t foundation_count;
    uint8_t mid[MID_MAX];
    uint8_t credentials[FLOE_ICE_CREDENTIAL_MAX];
    size_t credentials_len;
} decoder;

static const char cut_short[] = "it is not complete, or not a blob";
static const char nonsense[] = "it says what no description can say";

static bool is_plain_ice_char(uint8_t c)
{
    return floe_peer_blob_ice_value(c) >= 0 || c == '-' || c == '=' || c == '_' || c == '#';
}

static bool get_credential(decoder *d, size_t min, floe_bytes *text)
{
    uint64_t number = floe_peer_blob_get_number(&d->r);
    uint64_t count = number >> 1;
    if (count < min || count > sizeof d->credentials - d->credentials_len) {
        return false;
    }
    uint8_t *at = d->credentials + d->credentials_len;
    bool is_plain = (number & 1) != 0;
    size_t len = (size_t)count;
    floe_bytes bytes = floe_reader_get_bytes(&d->r, is_plain ? len : (len * 6 + 7) / 8);
    if (!floe_reader_is_ok(&d->r)) {
        return false;
    }
    bool is_right = true;
    if (is_plain) {
        memcpy(at, bytes.ptr, len);
        for (size_t i = 0; i < len; i++) {
            is_right = is_right && is_plain_ice_char(at[i]);
        }
    } else {
        is_right = floe_peer_blob_unpack(bytes, len, at);
    }
    *text = (floe_bytes){at, len};
    d->credentials_len += len;
    return is_right;
}

/* RFC 8866 §9: what a token is made of. */
static bool is_token_char(uint8_t c)
{
    return c > ' ' && c < 0x7f && strchr("\"(),/:;<=>?@[\\]", c) == NULL;
}

static bool get_mid(decoder *d)
{
    uint64_t len = floe_peer_blob_get_number(&d->r);
    if (len == 0 || len > MID_MAX) {
        return false;
    }
    floe_bytes mid = floe_reader_get_bytes(&d->r, (size_t)len);
    for (size_t i = 0; i < mid.len; i++) {
        if (!is_token_char(mid.ptr[i])) {
            return false;
        }
        d->mid[i] = mid.ptr[i];
    }
    d->local.mid = (floe_bytes){d->mid, mid.len};
    return mid.len > 0;
}

static bool get_fingerprint(decoder *d, unsigned hash)
{
    static const uint8_t sizes[] = {[FLOE_SDP_HASH_SHA224] = 28,
                                    [FLOE_SDP_HASH_SHA256] = 32,
                                    [FLOE_SDP_HASH_SHA384] = 48,
                                    [FLOE_SDP_HASH_SHA512] = 64};
    if (hash >= sizeof sizes || sizes[hash] == 0) {
        return false;
    }
    floe_bytes value = floe_reader_get_bytes(&d->r, sizes[hash]);
    d->local.fingerprint.hash = (uint8_t)hash;
    d->local.fingerprint.size = sizes[hash];
    if (value.len > 0) {
        memcpy(d->local.fingerprint.value, value.ptr, value.len);
    }
    return value.len > 0;
}

/* What is said only where it is not the usual. */
static bool get_rest_of_head(decoder *d, unsigned flags)
{
    if ((flags & BLOB_MID) != 0 && !get_mid(d)) {
        return false;
    }
    if ((flags & BLOB_HAS_PORT) != 0) {
        uint64_t port = floe_peer_blob_get_number(&d->r);
        if (port == 0 || port > UINT16_MAX) {
            return false;
        }
        d->local.sctp_port = (uint16_t)port;
    }
    if ((flags & BLOB_HAS_SIZE) != 0) {
        uint64_t size = floe_peer_blob_get_number(&d->r);
        d->local.max_message_size = size == 0 ? UINT64_MAX : size;
    }
    return floe_reader_is_ok(&d->r);
}

static bool get_head(decoder *d)
{
    unsigned first = floe_reader_get_u8(&d->r);
    unsigned flags = floe_reader_get_u8(&d->r);
    unsigned setup = (first >> 1 & 3u) + FLOE_SDP_SETUP_ACTPASS;
    d->is_answer = (first & BLOB_ANSWER) != 0;
    d->is_end = (first & BLOB_END) != 0;
    d->local = (floe_sdp_local){.setup = (uint8_t)setup,
                                .sctp_port = BLOB_PORT,
                                .max_message_size = BLOB_SIZE,
                                .mid = FLOE_LIT("0")};
    if (setup > FLOE_SDP_SETUP_PASSIVE || (flags & BLOB_SPARE) != 0 ||
        !get_fingerprint(d, flags >> 5) || !get_credential(d, UFRAG_MIN, &d->local.ufrag) ||
        !get_credential(d, PWD_MIN, &d->local.pwd) || !get_rest_of_head(d, flags)) {
        return false;
    }
    /* RFC 8829 §5.2.1 wants a number that stays and differs: the fingerprint has it. */
    for (size_t i = 0; i < 7; i++) {
        d->local.session_id = d->local.session_id << 8 | d->local.fingerprint.value[i];
    }
    return true;
}

/* The number of the candidate's foundation, from 1. */
static bool get_foundation(decoder *d, bool is_known, uint64_t *number)
{
    if (!is_known) {
        *number = ++d->foundation_count;
        return true;
    }
    *number = floe_peer_blob_get_number(&d->r) + 1;
    return *number != 0 && *number <= d->foundation_count && *number <= BLOB_FOUNDATION_MAX;
}

static bool copy_candidate(decoder *d)
{
    uint8_t digits[20];
    char text[FLOE_MDNS_NAME_TEXT_MAX];
    floe_mdns_name name;
    floe_writer foundation = floe_writer_begin(digits, sizeof digits);
    uint64_t number;
    unsigned head = floe_reader_get_u8(&d->r);
    unsigned kind = head >> 4 & 3u;
    floe_bytes addr = floe_reader_get_bytes(&d->r, kind == BLOB_IPV4 ? 4 : sizeof name.uuid);
    floe_sdp_candidate cand = {.component = 1, .type = (uint8_t)(head >> 6)};
    cand.port = floe_reader_get_u16(&d->r);
    cand.priority = (head & BLOB_ODD_PRIORITY) != 0
                        ? floe_reader_get_u32(&d->r)
                        : floe_ice_priority((floe_ice_type)cand.type, floe_reader_get_u16(&d->r));
    bool is_right = get_foundation(d, (head & BLOB_KNOWN) != 0, &number);
    if (!floe_reader_is_ok(&d->r) || !is_right || cand.port == 0 || (head & BLOB_CAND_SPARE) != 0 ||
        kind >= BLOB_KIND_COUNT) {
        return false;
    }
    floe_writer_put_decimal(&foundation, number);
    cand.foundation = floe_writer_view(&foundation);
    if (kind == BLOB_NAME) {
        memcpy(name.uuid, addr.ptr, sizeof name.uuid);
        cand.host = floe_bytes_of(floe_mdns_name_text(&name, text));
    } else {
        cand.addr = floe_addr_from_bytes(addr, cand.port);
    }
    floe_writer_put_text(&d->w, "a=");
    floe_sdp_candidate_put(&d->w, &cand);
    floe_writer_put_text(&d->w, "\r\n");
    return true;
}

static const char *copy_description(decoder *d)
{
    if (!get_head(d)) {
        return floe_reader_is_ok(&d->r) ? nonsense : cut_short;
    }
    floe_sdp_webrtc_put_head(&d->w, &d->local);
    while (d->r.left > 0) {
        if (!copy_candidate(d)) {
            return floe_reader_is_ok(&d->r) ? nonsense : cut_short;
        }
    }
    if (d->is_end) {
        floe_sdp_put_attr(&d->w, "end-of-candidates", (floe_bytes){NULL, 0});
    }
    floe_sdp_webrtc_put_tail(&d->w, &d->local);
    return NULL;
}

/* What is wrong with the bytes as a whole; NULL: nothing. *err is the error for it. */
static const char *check_frame(floe_bytes bytes, floe_err *err)
{
    *err = FLOE_E_MALFORMED;
    if (bytes.len <= BLOB_CHECK_SIZE) {
        return bytes.len == 0 ? "it is empty" : cut_short;
    }
    size_t len = bytes.len - BLOB_CHECK_SIZE;
    if ((uint16_t)floe_crc32c(0, (floe_bytes){bytes.ptr, len}) != floe_load_u16(bytes.ptr + len)) {
        return "a character of it was lost or changed, or it is not a blob";
    }
    if (bytes.ptr[0] >> 4 != BLOB_VERSION) {
        *err = FLOE_E_UNSUPPORTED;
        return "it is of another version";
    }
    return NULL;
}

floe_err floe_peer_blob_to_sdp(floe_bytes blob, floe_peer_sdp_type *type, uint8_t *buf, size_t cap,
                               size_t *len, const char **why)
{
    const char *unused;
    const char **fault = why != NULL ? why : &unused;
    size_t room = blob.len / 4 * 3 + 3;
    size_t size;
    floe_err err = FLOE_E_MALFORMED;
    *fault = "it is too long";
    if (room > cap) {
        return FLOE_E_TOO_BIG;
    }
    uint8_t *bytes = buf + cap - room;
    *fault = floe_peer_blob_decode(blob, bytes, &size);
    if (*fault == NULL) {
        *fault = check_frame((floe_bytes){bytes, size}, &err);
    }
    if (*fault != NULL) {
        return err;
    }
    decoder d = {.r = floe_reader_begin((floe_bytes){bytes, size - BLOB_CHECK_SIZE}),
                 .w = floe_writer_begin(buf, cap - room)};
    *fault = copy_description(&d);
    if (*fault == NULL && !floe_writer_is_ok(&d.w)) {
        *fault = "it does not fit";
        err = FLOE_E_TOO_BIG;
    }
    *type = d.is_answer ? FLOE_PEER_ANSWER : FLOE_PEER_OFFER;
    *len = d.w.len;
    if (*fault != NULL) {
        return err;
    }
    *fault = "";
    return FLOE_OK;
}

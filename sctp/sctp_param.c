/* sctp/sctp_param.c - see sctp/sctp_param.h. */
#include "sctp/sctp_param.h"

#include "base/floe_config.h"
#include "base/reader.h"
#include "sctp/sctp_chunk.h"

#include <string.h>

bool floe_sctp_param_next(floe_bytes *rest, floe_sctp_param *param)
{
    if (rest->len < FLOE_SCTP_PARAM_SIZE) {
        rest->len = 0;
        return false;
    }
    size_t len = floe_load_u16(rest->ptr + 2);
    if (len < FLOE_SCTP_PARAM_SIZE || len > rest->len) {
        rest->len = 0;
        return false;
    }
    param->type = floe_load_u16(rest->ptr);
    param->whole = (floe_bytes){rest->ptr, len};
    param->value = (floe_bytes){rest->ptr + FLOE_SCTP_PARAM_SIZE, len - FLOE_SCTP_PARAM_SIZE};
    size_t step = floe_sctp_padded(len);
    step = step < rest->len ? step : rest->len;
    rest->ptr += step;
    rest->len -= step;
    return true;
}

void floe_sctp_param_put(floe_writer *w, uint16_t type, floe_bytes value)
{
    size_t len = FLOE_SCTP_PARAM_SIZE + value.len;
    floe_writer_put_u16(w, type);
    floe_writer_put_u16(w, (uint16_t)len);
    floe_writer_put_bytes(w, value);
    floe_writer_put_zeros(w, floe_sctp_padded(len) - len);
}

/* RFC 5061 §4.2.7: a list of the chunk types that the sender supports beyond RFC 9260. */
static void read_extensions(floe_sctp_init_params *params, floe_bytes types)
{
    for (size_t i = 0; i < types.len; i++) {
        params->has_reconfig |= types.ptr[i] == FLOE_SCTP_CHUNK_RE_CONFIG;
        params->has_forward_tsn |= types.ptr[i] == FLOE_SCTP_CHUNK_FORWARD_TSN;
#if FLOE_SCTP_IDATA
        params->interleaving |= types.ptr[i] == FLOE_SCTP_CHUNK_I_DATA ? FLOE_SCTP_HAS_I_DATA : 0;
        params->interleaving |=
            types.ptr[i] == FLOE_SCTP_CHUNK_I_FORWARD_TSN ? FLOE_SCTP_HAS_I_FORWARD : 0;
#endif
    }
}

/* RFC 9653 §4: packets are protected by this instead of a checksum. */
static const uint8_t dtls_method[] = {0, 0, 0, 1};

static bool is_dtls_method(floe_bytes value)
{
    return value.len == sizeof dtls_method && memcmp(value.ptr, dtls_method, value.len) == 0;
}

/* Returns whether the parameter is one that is known here. */
static bool read_param(floe_sctp_init_params *params, const floe_sctp_param *param)
{
    switch (param->type) {
    case FLOE_SCTP_PARAM_STATE_COOKIE:
        params->cookie = param->value;
        return true;
    case FLOE_SCTP_PARAM_FORWARD_TSN:
        params->has_forward_tsn = true;
        return true;
    case FLOE_SCTP_PARAM_EXTENSIONS:
        read_extensions(params, param->value);
        return true;
    case FLOE_SCTP_PARAM_ZERO_CHECKSUM:
        params->has_zero_checksum = is_dtls_method(param->value);
        return true;
    case FLOE_SCTP_PARAM_HOST_NAME:
        params->has_host_name = true;
        return true;
    case FLOE_SCTP_PARAM_IPV4: /* RFC 8261 §6.5: DTLS has one path; addresses say nothing */
    case FLOE_SCTP_PARAM_IPV6:
    case FLOE_SCTP_PARAM_UNRECOGNIZED:
    case FLOE_SCTP_PARAM_COOKIE_PRESERVATIVE:
    case FLOE_SCTP_PARAM_ADDRESS_TYPES:
    case FLOE_SCTP_PARAM_ECN:
        return true;
    default:
        return false;
    }
}

void floe_sctp_init_params_parse(floe_sctp_init_params *params, floe_bytes list,
                                 floe_writer *report)
{
    *params = (floe_sctp_init_params){0};
    floe_sctp_param param;
    while (floe_sctp_param_next(&list, &param)) {
        if (read_param(params, &param)) {
            continue;
        }
        /* RFC 9260 §3.2.1: the upper bits of an unknown type say whether to report it and whether
         * to read on. The report is bounded: it has to fit into the answer. */
        if (floe_sctp_param_is_reported(param.type) &&
            floe_sctp_padded(param.whole.len) <= report->cap - report->len) {
            floe_sctp_param_put(report, param.type, param.value);
        }
        if (!floe_sctp_param_is_skipped(param.type)) {
            return;
        }
    }
}

void floe_sctp_init_params_put(floe_writer *w, bool has_i_data)
{
    static const uint8_t extensions[] = {FLOE_SCTP_CHUNK_RE_CONFIG, FLOE_SCTP_CHUNK_FORWARD_TSN,
                                         FLOE_SCTP_CHUNK_I_DATA, FLOE_SCTP_CHUNK_I_FORWARD_TSN};
    floe_sctp_param_put(w, FLOE_SCTP_PARAM_FORWARD_TSN, (floe_bytes){NULL, 0});
    floe_sctp_param_put(w, FLOE_SCTP_PARAM_EXTENSIONS,
                        (floe_bytes){extensions, has_i_data ? 4 : 2});
}

void floe_sctp_zero_checksum_put(floe_writer *w)
{
    floe_sctp_param_put(w, FLOE_SCTP_PARAM_ZERO_CHECKSUM,
                        (floe_bytes){dtls_method, sizeof dtls_method});
}

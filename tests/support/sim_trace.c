/* support/sim_trace.c - see support/sim_trace.h. */
#include "support/sim_trace.h"

#include "dtls/dtls_conn.h"
#include "ice/ice_agent.h"
#include "peer/peer.h"
#include "sctp/sctp_assoc.h"
#include "support/unit.h"

static void put(void *ctx, const floe_trace_record *record)
{
    const sim_trace_tap *tap = ctx;
    uint64_t slot = tap->trace->put++ % SIM_TRACE_RECORDS;
    tap->trace->ring[slot] = *record;
    tap->trace->who[slot] = tap->who;
}

floe_trace sim_trace_add(sim_trace *trace)
{
    assert_true(trace->tap_count < SIM_TRACE_TAPS);
    sim_trace_tap *tap = &trace->taps[trace->tap_count];
    *tap = (sim_trace_tap){trace, (char)('A' + (int)trace->tap_count)};
    trace->tap_count++;
    return (floe_trace){put, tap};
}

static const char *module_name(uint8_t module)
{
    static const char *const names[] = {
        [FLOE_MODULE_STUN] = "stun", [FLOE_MODULE_TURN] = "turn",       [FLOE_MODULE_SDP] = "sdp",
        [FLOE_MODULE_ICE] = "ice",   [FLOE_MODULE_DTLS] = "dtls",       [FLOE_MODULE_SCTP] = "sctp",
        [FLOE_MODULE_PEER] = "peer", [FLOE_MODULE_CHANNEL] = "channel",
    };
    return module < sizeof names / sizeof *names ? names[module] : "?";
}

static const char *state_name(uint8_t module, int32_t state)
{
    switch (module) {
    case FLOE_MODULE_ICE:
        return floe_ice_state_name((floe_ice_state)state);
    case FLOE_MODULE_DTLS:
        return floe_dtls_state_name((floe_dtls_state)state);
    case FLOE_MODULE_SCTP:
        return floe_sctp_state_name((floe_sctp_state)state);
    case FLOE_MODULE_PEER:
        return floe_peer_state_name((floe_peer_state)state);
    default:
        return NULL;
    }
}

static const char *cause_text(uint8_t module, int32_t cause)
{
    switch (module) {
    case FLOE_MODULE_ICE:
        return floe_ice_cause_text((floe_ice_cause)cause);
    case FLOE_MODULE_DTLS:
        return floe_dtls_cause_text((floe_dtls_cause)cause);
    case FLOE_MODULE_SCTP:
        return floe_sctp_cause_text((floe_sctp_cause)cause);
    default:
        return "";
    }
}

static void print_state(const floe_trace_record *r, FILE *file)
{
    const char *from = state_name(r->module, r->a);
    if (from == NULL) {
        fprintf(file, "state %d -> %d", (int)r->a, (int)r->b);
    } else {
        fprintf(file, "%s -> %s", from, state_name(r->module, r->b));
    }
    if (r->cause != 0) {
        fprintf(file, " (cause %d) %s", (int)r->cause, cause_text(r->module, r->cause));
    }
}

static void print_record(const floe_trace_record *r, FILE *file)
{
    static const char *const words[] = {
        [FLOE_TRACE_SENT] = "sent", [FLOE_TRACE_GOT] = "got", [FLOE_TRACE_DROP] = "dropped"};
    if (r->kind == FLOE_TRACE_STATE) {
        print_state(r, file);
    } else if (r->kind < sizeof words / sizeof *words) {
        fprintf(file, "%s %d bytes, type %#x", words[r->kind], (int)r->a, (unsigned)r->b);
    } else {
        fprintf(file, "record %u of object %u: %d, %d, cause %d", r->kind, r->id, (int)r->a,
                (int)r->b, (int)r->cause);
    }
    if (r->kind == FLOE_TRACE_DROP) {
        fprintf(file, ": %s", floe_err_name((floe_err)r->cause));
    }
}

void sim_trace_print(const sim_trace *trace, FILE *file, uint64_t count, floe_time start)
{
    uint64_t kept = trace->put < SIM_TRACE_RECORDS ? trace->put : SIM_TRACE_RECORDS;
    uint64_t first = trace->put - (count < kept ? count : kept);
    for (uint64_t i = first; i < trace->put; i++) {
        const floe_trace_record *r = &trace->ring[i % SIM_TRACE_RECORDS];
        fprintf(file, "%12.6f %c %-7s ", ((double)r->at - (double)start) / (double)FLOE_SECOND,
                trace->who[i % SIM_TRACE_RECORDS], module_name(r->module));
        print_record(r, file);
        fputc('\n', file);
    }
}

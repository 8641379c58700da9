/* sdp/sdp_fragment.c - see sdp/sdp_fragment.h. */
#include "sdp/sdp_fragment.h"

#include <string.h>

#include "base/assert.h"
#include "sdp/sdp_internal.h"

#define UFRAG_MIN 4u /* RFC 8839 section 5.4 */
#define PWD_MIN   22u

floe_err floe_sdp_fragment_parse(floe_sdp *fragment, floe_bytes text, floe_sdp_fault *fault)
{
    return floe_sdp_scan(fragment, text, true, fault);
}

/* RFC 8840 §9.2: of the section, or for all of them before the first m=. */
static bool find(const floe_sdp *fragment, uint32_t section, const char *name, floe_bytes *value)
{
    return floe_sdp_find_attr(fragment, section, name, value) ||
           floe_sdp_find_attr(fragment, FLOE_SDP_SESSION, name, value);
}

static bool is_credential(floe_bytes text, size_t min)
{
    return text.len >= min && text.len <= FLOE_ICE_CREDENTIAL_MAX && floe_sdp_is_word(text, 'C');
}

/* The first rule that is broken, and by what; NULL: none. */
static const char *read_section(floe_sdp_fragment *out, const floe_sdp *fragment, uint32_t section,
                                floe_bytes *broken)
{
    floe_bytes value;
    if (floe_sdp_find_attr(fragment, section, "mid", &out->mid)) {
        *broken = out->mid;
        if (!floe_sdp_is_word(out->mid, 'T')) {
            return "a=mid must be a token";
        }
    }
    if (find(fragment, section, "ice-ufrag", &out->ufrag)) {
        *broken = out->ufrag;
        if (!is_credential(out->ufrag, UFRAG_MIN)) {
            return "a=ice-ufrag must be 4 to 256 letters and digits";
        }
    }
    if (find(fragment, section, "ice-pwd", &out->pwd)) {
        *broken = out->pwd;
        if (!is_credential(out->pwd, PWD_MIN)) {
            return "a=ice-pwd must be 22 to 256 letters and digits";
        }
    }
    out->is_end_of_candidates = find(fragment, section, "end-of-candidates", &value);
    return NULL;
}

floe_err floe_sdp_fragment_read(floe_sdp_fragment *out, const floe_sdp *fragment, uint32_t section,
                                floe_sdp_fault *fault)
{
    floe_bytes broken = {NULL, 0};
    memset(out, 0, sizeof *out);
    floe_sdp_clear_fault(fault);
    if (section != FLOE_SDP_SESSION && section >= fragment->media_count) {
        return FLOE_E_ARG;
    }
    const char *rule = read_section(out, fragment, section, &broken);
    if (rule == NULL) {
        return FLOE_OK;
    }
    /* Without a colon there is no value to point at: the fragment's start stands for it. */
    size_t at = broken.ptr != NULL ? (size_t)(broken.ptr - fragment->text.ptr) : 0;
    floe_sdp_set_fault(fault, fragment->text, at, rule);
    memset(out, 0, sizeof *out);
    return FLOE_E_MALFORMED;
}

void floe_sdp_fragment_put_head(floe_writer *w, const floe_sdp_fragment *local)
{
    FLOE_ASSERT(local->ufrag.len > 0 && local->pwd.len > 0 && local->mid.len > 0);
    const floe_bytes words[] = {local->ufrag, local->pwd, local->mid};
    floe_sdp_put_template(w,
                          "a=ice-ufrag:$\r\na=ice-pwd:$\r\n"
                          "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:$\r\n",
                          words, NULL);
}

/* sdp/sdp_internal.h - what the files of sdp/ share with each other and with nobody else. */
#ifndef FLOE_SDP_SDP_INTERNAL_H
#define FLOE_SDP_SDP_INTERNAL_H

#include "base/text.h"
#include "sdp/sdp.h"
#include "sdp/sdp_webrtc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Match text against a pattern. A capital letter is one or more characters of a class, any other
 * character is itself:
 *     D digits    T token characters    V visible characters    X any characters
 *     H visible characters but a slash    Y digits, and perhaps a unit of time
 *     C what ICE credentials are made of
 * "T+/" is a list of one or more T with slashes between them; likewise for any class and separator.
 * `fields`, unless NULL, gets what each class or list took, in order. false: *t stands where the
 * text departs from the pattern. No single word is longer than FLOE_SDP_WORD_MAX, save X. */
bool floe_sdp_match(floe_text *t, const char *pattern, floe_bytes *fields);
/* Is all of `bytes` one word of a class? */
bool floe_sdp_is_word(floe_bytes bytes, char class_letter);
/* Could this be a domain name? */
bool floe_sdp_is_name(floe_bytes host);
/* Is `word` one of the words of `text`, which spaces or commas set apart? */
bool floe_sdp_has_word(floe_bytes text, floe_bytes word);

#define FLOE_SDP_WORD_MAX 1024u

/* Write a template: $ is the next of `words`, # the next of `numbers`, any other character itself.
 * A line with an empty word is left out, if its end is in the template. */
void floe_sdp_put_template(floe_writer *w, const char *template_text, const floe_bytes *words,
                           const uint64_t *numbers);

/* Where a kind of line may stand, and the rule for its value in words. */
typedef struct floe_sdp_rule {
    char type;
    uint8_t where;    /* floe_sdp_where */
    char pattern[14]; /* empty: it takes more than a pattern */
    const char *text;
} floe_sdp_rule;

typedef enum floe_sdp_where { /* every line may stand in the session part */
                              FLOE_SDP_IN_MEDIA = 1,
                              FLOE_SDP_ONCE_IN_SESSION = 2,
                              FLOE_SDP_ONCE_IN_MEDIA = 4
} floe_sdp_where;

/* The rule of a line letter; NULL: a letter that RFC 8866 does not know. */
const floe_sdp_rule *floe_sdp_find_rule(char type);
/* Does a value obey it? false: *t stands where it does not. */
bool floe_sdp_check(const floe_sdp_rule *rule, floe_text *t);
/* The value of an m= line; false: *t stands where it breaks the rule. */
bool floe_sdp_get_media(floe_text *t, floe_sdp_media *media);

/* floe_sdp_parse(), also of a fragment, which has no order (sdp_fragment.c). */
FLOE_MUST_USE floe_err floe_sdp_scan(floe_sdp *sdp, floe_bytes text, bool is_fragment,
                                     floe_sdp_fault *fault);

/* Say where in `text` a rule is broken; say that none is. fault may be NULL. */
void floe_sdp_set_fault(floe_sdp_fault *fault, floe_bytes text, size_t at, const char *rule);
void floe_sdp_clear_fault(floe_sdp_fault *fault);

/* The data channel's section, its m= line and whether it has the legacy form. */
bool floe_sdp_webrtc_find(const floe_sdp *sdp, uint32_t *section, floe_sdp_media *media,
                          bool *is_legacy);
/* Does it have a port, or lack one only because it is bundled? */
bool floe_sdp_webrtc_is_accepted(const floe_sdp *sdp, uint32_t section,
                                 const floe_sdp_media *media);
/* Is this mid in a BUNDLE group? *first is the mid that leads the group. */
bool floe_sdp_webrtc_is_bundled(const floe_sdp *sdp, floe_bytes mid, floe_bytes *first);
/* The section that carries the transport of a data channel's section, and its mid. */
uint32_t floe_sdp_webrtc_find_transport(const floe_sdp *sdp, uint32_t section, floe_bytes *mid);

/* The value of a=fingerprint. UNSUPPORTED: of a hash that is not known. */
FLOE_MUST_USE floe_err floe_sdp_fingerprint_parse(floe_sdp_fingerprint *print, floe_bytes value);
void floe_sdp_fingerprint_put(floe_writer *w, const floe_sdp_fingerprint *print);

#ifdef __cplusplus
}
#endif
#endif

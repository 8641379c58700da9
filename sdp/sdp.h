/*
 * sdp/sdp.h - session descriptions as lines: a general RFC 8866 parser that keeps every byte.
 *
 * floe_sdp_parse() checks the grammar of the whole text once and notes where its media sections
 * start; reading is then a walk over lines, in place. Nothing is copied or rewritten: unknown lines
 * and attributes stay where they are, and writing every line back gives the same bytes (line ends
 * included). Lines may end in CRLF or LF, the last one in nothing. Does not know: WebRTC
 * (sdp/sdp_webrtc.h), candidates (sdp/sdp_candidate.h), offer and answer (peer/).
 */
#ifndef FLOE_SDP_SDP_H
#define FLOE_SDP_SDP_H

#include "base/floe.h"
#include "base/floe_config.h"
#include "base/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is wrong with a description, for a person and for a test. */
typedef struct floe_sdp_fault {
    uint32_t line;    /* from 1; 0: nothing is wrong */
    uint32_t column;  /* from 1 */
    const char *rule; /* static text: "expected o= after v=" */
} floe_sdp_fault;

/* A parsed description. Borrows `text`. Fields are private save `media_count`. */
typedef struct floe_sdp {
    floe_bytes text;
    uint32_t media_count;                  /* m= sections */
    uint32_t media_at[FLOE_SDP_MEDIA_MAX]; /* private: offset of each m= line */
} floe_sdp;

/* One line. `raw` is the whole of it with its line end, and blank lines after it: writing every raw
 * back reproduces the input. */
typedef struct floe_sdp_line {
    char type;        /* 'v', 'o', 'a', ... */
    floe_bytes value; /* after "x=", without the line end */
    floe_bytes raw;
} floe_sdp_line;

/* An a= line taken apart: "a=name" or "a=name:value". */
typedef struct floe_sdp_attr {
    floe_bytes name;
    floe_bytes value; /* ptr NULL: no colon */
} floe_sdp_attr;

/* An m= line taken apart. */
typedef struct floe_sdp_media {
    floe_bytes media;    /* "audio", "application" */
    uint16_t port;       /* 0: rejected or bundle-only */
    uint32_t port_count; /* "/2"; 1 where absent */
    floe_bytes proto;    /* "UDP/DTLS/SCTP" */
    floe_bytes formats;  /* "webrtc-datachannel", "98 99": one or more tokens */
} floe_sdp_media;

/* MALFORMED: *fault says where and why. TOO_BIG likewise: over FLOE_SDP_SIZE_MAX bytes, a line over
 * FLOE_SDP_LINE_MAX, more than FLOE_SDP_MEDIA_MAX sections. fault may be NULL. *sdp is zeroed on
 * error. Accepted although RFC 8866 has it otherwise, because senders do it: i=, c= and a= lines of
 * a section in any order, unknown line letters (kept), a session-level line order broken after s=,
 * an empty s=, no c= anywhere, spaces after the last field of a line, blank lines between lines. */
FLOE_MUST_USE floe_err floe_sdp_parse(floe_sdp *sdp, floe_bytes text, floe_sdp_fault *fault);

/* Walk the lines of one section: section 0 to media_count - 1, or FLOE_SDP_SESSION for those before
 * the first m=. A media section starts with its m= line. *cursor starts at 0; false after the last.
 */
#define FLOE_SDP_SESSION UINT32_MAX
bool floe_sdp_next(const floe_sdp *sdp, uint32_t section, size_t *cursor, floe_sdp_line *line);

/* First line of a type in a section; first attribute of a name (a NUL-terminated word) in a
 * section. */
bool floe_sdp_find_line(const floe_sdp *sdp, uint32_t section, char type, floe_sdp_line *line);
bool floe_sdp_find_attr(const floe_sdp *sdp, uint32_t section, const char *name, floe_bytes *value);
/* Step through the attributes of a name; *cursor starts at 0. */
bool floe_sdp_next_attr(const floe_sdp *sdp, uint32_t section, const char *name, size_t *cursor,
                        floe_bytes *value);

/* Take a line apart. The grammar was checked by parse, so these succeed on a line of the right
 * type. */
bool floe_sdp_line_attr(const floe_sdp_line *line, floe_sdp_attr *attr);
bool floe_sdp_media_of(const floe_sdp *sdp, uint32_t section, floe_sdp_media *media);

/* Append "x=value\r\n". value is written as it is. */
void floe_sdp_put_line(floe_writer *w, char type, const char *value);
/* Append "a=name:value\r\n", or "a=name\r\n" for the empty value with ptr NULL. */
void floe_sdp_put_attr(floe_writer *w, const char *name, floe_bytes value);
/* Append every byte of a parsed description, line by line: gives back exactly what was parsed. */
void floe_sdp_put(floe_writer *w, const floe_sdp *sdp);

#ifdef __cplusplus
}
#endif
#endif

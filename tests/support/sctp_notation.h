/*
 * support/sctp_notation.h - chunks as words: "DATA tsn=2 sid=1 len=10", to be written, or to be
 * compared with what came. tests/conformance/README.md explains the words.
 */
#ifndef FLOE_SUPPORT_SCTP_NOTATION_H
#define FLOE_SUPPORT_SCTP_NOTATION_H

#include "base/writer.h"
#include "sctp/sctp_chunk.h"

#define NOTATION_WORDS 48u

typedef struct notation_words {
    char text[512];
    const char *word[NOTATION_WORDS];
    size_t count;
} notation_words;

/* What numbers are relative to, and what chunks refer to without saying it. */
typedef struct notation_frame {
    uint32_t sender, receiver; /* of this packet: each one's first TSN less one */
    uint32_t tag;              /* what an INIT, INIT ACK says where no tag= does */
    floe_bytes cookie;         /* "cookie=ours" */
} notation_frame;

/* Cut at spaces. False: too long. */
bool notation_split(notation_words *words, const char *line);
/* A number, in hexadecimal with 0x; false where it is none. */
bool notation_number(const char *text, uint32_t *number);
/* The value behind "name=" in words [from, to); NULL where there is none. */
const char *notation_find(const notation_words *words, size_t from, size_t to, const char *name);

/* Words [from, to) are a chunk: put it. NULL, or what is wrong with the words. */
const char *notation_put(floe_writer *w, const notation_frame *frame, const notation_words *words,
                         size_t from, size_t to);
/* NULL where the chunk is as the words say, or the word that it is not. */
const char *notation_match(const floe_sctp_chunk *chunk, const notation_frame *frame,
                           const notation_words *words, size_t from, size_t to);
/* The chunk as words. */
void notation_show(const floe_sctp_chunk *chunk, const notation_frame *frame, char *out,
                   size_t cap);

#endif

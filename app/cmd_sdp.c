/* app/cmd_sdp.c - `floe sdp FILE`: what a session description says, and what is wrong with it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/sdp_words.h"
#include "peer/peer_blob.h"

static const char usage[] =
    "usage: floe sdp [--text | --blob] FILE\n"
    "\n"
    "Prints a session description (an offer or an answer, as SDP, or as a text of floe pair) as a\n"
    "person wants to read it: its sections, what each offers, ICE and DTLS, the candidates in a\n"
    "table. What is wrong with it comes last, with line, column and the rule that is broken.\n"
    "- is standard input.\n"
    "\n"
    "  --text  print the SDP itself: of a text of floe pair, for a browser\n"
    "  --blob  print it as a text of floe pair\n"
    "\n"
    "Exit status: 0 nothing is wrong with it, 1 something is, 2 it could not be read.\n";

typedef enum form { FORM_WORDS, FORM_TEXT, FORM_BLOB } form;

/* All of it, up to one byte more than a description may have; NULL: it could not be read. */
static uint8_t *read_all(FILE *in, size_t *len)
{
    uint8_t *text = malloc(FLOE_SDP_SIZE_MAX + 1);
    *len = text != NULL ? fread(text, 1, FLOE_SDP_SIZE_MAX + 1, in) : 0;
    if (text != NULL && ferror(in)) {
        free(text);
        return NULL;
    }
    return text;
}

/* What is read may be a blob: then it becomes the SDP in it. */
static void expand(uint8_t *text, size_t *len)
{
    static uint8_t sdp[FLOE_SDP_SIZE_MAX];
    floe_peer_sdp_type type;
    size_t sdp_len;
    floe_bytes blob = {text, *len};
    if (floe_peer_blob_to_sdp(blob, &type, sdp, sizeof sdp, &sdp_len, NULL) == FLOE_OK) {
        memcpy(text, sdp, sdp_len);
        *len = sdp_len;
    }
}

/* RFC 8829 §5.2.1: an offer leaves the DTLS role open, an answer has chosen one. */
static floe_peer_sdp_type guess_type(floe_bytes text)
{
    floe_sdp sdp;
    floe_sdp_webrtc desc;
    bool is_answer = floe_sdp_parse(&sdp, text, NULL) == FLOE_OK &&
                     floe_sdp_webrtc_read(&desc, &sdp, NULL) == FLOE_OK &&
                     desc.setup != FLOE_SDP_SETUP_ACTPASS;
    return is_answer ? FLOE_PEER_ANSWER : FLOE_PEER_OFFER;
}

static int print_blob(floe_bytes text)
{
    static char blob[4 * FLOE_PEER_BLOB_MAX];
    const char *why = "";
    if (floe_peer_blob_from_sdp(guess_type(text), text, blob, sizeof blob, &why) != FLOE_OK) {
        (void)fprintf(stderr, "floe sdp: no blob can say this: %s\n", why);
        return 1;
    }
    (void)puts(blob);
    return 0;
}

static int print_text(floe_bytes text)
{
    floe_sdp sdp;
    floe_sdp_fault fault;
    if (floe_sdp_parse(&sdp, text, &fault) != FLOE_OK) {
        (void)fprintf(stderr, "floe sdp: line %u, column %u: %s\n", (unsigned)fault.line,
                      (unsigned)fault.column, fault.rule);
        return 1;
    }
    return fwrite(text.ptr, 1, text.len, stdout) == text.len ? 0 : 2;
}

static int print(form wanted, floe_bytes text)
{
    switch (wanted) {
    case FORM_BLOB:
        return print_blob(text);
    case FORM_TEXT:
        return print_text(text);
    default:
        return sdp_words_print(stdout, text) > 0;
    }
}

static int run(form wanted, const char *name)
{
    bool is_stdin = strcmp(name, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(name, "rb");
    size_t len = 0;
    uint8_t *text = in != NULL ? read_all(in, &len) : NULL;
    if (text == NULL) {
        perror(name);
    }
    if (in != NULL && !is_stdin) {
        (void)fclose(in);
    }
    if (text == NULL) {
        return 2;
    }
    expand(text, &len);
    int status = print(wanted, (floe_bytes){text, len});
    free(text);
    return status;
}

int cmd_sdp(int argc, char **argv)
{
    static const struct option names[] = {
        {"text", no_argument, NULL, 't'},
        {"blob", no_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    form wanted = FORM_WORDS;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "tbh", names, NULL)) != -1) {
        if (option == 'h' || option == '?') {
            (void)fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 2;
        }
        wanted = option == 't' ? FORM_TEXT : FORM_BLOB;
    }
    if (optind != argc - 1) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return run(wanted, argv[optind]);
}

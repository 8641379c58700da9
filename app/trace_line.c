/*
 * app/trace_line.c - see app/trace_line.h. One table says how each kind is written; reading and
 * writing go by it.
 */
#include "app/trace_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/text.h"
#include "ice/ice_trace.h"
#include "peer/peer.h"

/* The words of a number; those that have none are written as numbers. */
typedef struct word_list {
    const char *const *words;
    int count;
    int first; /* the number of the first */
    bool is_bits;
} word_list;

#define WORDS(list, from)                                                                          \
    {                                                                                              \
        list, (int)(sizeof(list) / sizeof((list)[0])), from, false                                 \
    }
#define BITS(list)                                                                                 \
    {                                                                                              \
        list, (int)(sizeof(list) / sizeof((list)[0])), 0, true                                     \
    }

static const char *const type_words[] = {"gone", "host", "srflx", "prflx", "relay", "hidden"};
static const char *const transport_words[] = {"udp", "tcp", "tls", "dtls"};
static const char *const pair_words[] = {"free",        "frozen",    "waiting",
                                         "in-progress", "succeeded", "failed"};
static const char *const mark_words[] = {"nominated", "nominating", "wanted", "heard", "dead"};
static const char *const role_words[] = {"controlled", "controlling"};
static const char *const fact_words[] = {"remote",  "end-of-remote", "gathered",
                                         "restart", "policy",        "grace"};
static const char *const ice_words[] = {"new",          "checking", "connected", "completed",
                                        "disconnected", "failed",   "closed"};
static const char *const ice_cause_words[] = {
    "none",           "no-remote-candidates", "no-pair",        "checks-timed-out",
    "checks-refused", "consent-expired",      "consent-revoked"};
static const char *const turn_words[] = {"waiting", "allocating", "allocated",
                                         "failed",  "closing",    "closed"};
static const char *const dtls_words[] = {"new", "connecting", "connected", "closed", "failed"};
static const char *const dtls_cause_words[] = {"none",  "fingerprint", "timeout",
                                               "alert", "protocol",    "crypto"};
static const char *const sctp_words[] = {
    "closed",           "cookie-wait",   "cookie-echoed",     "established",
    "shutdown-pending", "shutdown-sent", "shutdown-received", "shutdown-ack-sent"};
static const char *const sctp_cause_words[] = {"none",  "shutdown", "aborted",
                                               "local", "timeout",  "protocol"};
static const char *const peer_words[] = {"new",          "connecting", "connected",
                                         "disconnected", "failed",     "closed"};
static const char *const fault_words[] = {"none", "ice", "dtls", "sctp", "closed-by-peer"};
static const char *const err_words[] = {"crypto", "closed",    "unknown", "unsupported",
                                        "auth",   "malformed", "too-big", "again",
                                        "full",   "state",     "arg"};
static const char *const why_words[] = {
    "none",      "foundation", "first",      "thawed",      "released",   "paced",
    "triggered", "success",    "timeout",    "refused",     "asymmetric", "nonsense",
    "conflict",  "consent",    "revoked",    "concluded",   "over",       "lite",
    "family",    "scope",      "pruned",     "policy",      "full",       "late",
    "unusable",  "name",       "mapped",     "relayed",     "permitted",  "forbidden",
    "login",     "lost",       "connection", "certificate", "busy",       "set"};
static const char *const module_words[] = {"stun", "turn", "sdp",     "ice",
                                           "dtls", "sctp", "channel", "peer"};

_Static_assert(sizeof why_words / sizeof why_words[0] == FLOE_ICE_WHY_SET + 1, "one each");
_Static_assert(sizeof err_words / sizeof err_words[0] == -FLOE_E_CRYPTO, "one each");

static const word_list modules = WORDS(module_words, 0), types = WORDS(type_words, -1),
                       transports = WORDS(transport_words, 0), pairs = WORDS(pair_words, 0),
                       marks = BITS(mark_words), roles = WORDS(role_words, 0),
                       facts = WORDS(fact_words, 0), whys = WORDS(why_words, 0),
                       errs = WORDS(err_words, FLOE_E_CRYPTO), numbers = {NULL, 0, 0, false};

/* A member of the object and what its numbers are called; name NULL: not written. */
typedef struct member {
    const char *name;
    const word_list *words;
} member;

typedef struct kind_form {
    uint8_t kind;
    const char *name;
    member id, a, b, cause;
} kind_form;

#define NOTHING                                                                                    \
    {                                                                                              \
        NULL, &numbers                                                                             \
    }

static const kind_form forms[] = {
    {FLOE_TRACE_SENT, "sent", {"id", &numbers}, {"len", &numbers}, {"type", &numbers}, NOTHING},
    {FLOE_TRACE_GOT,
     "got",
     {"id", &numbers},
     {"len", &numbers},
     {"type", &numbers},
     {"code", &numbers}},
    {FLOE_TRACE_DROP,
     "drop",
     {"id", &numbers},
     {"len", &numbers},
     {"type", &numbers},
     {"why", &errs}},
    {FLOE_ICE_TRACE_LOCAL,
     "local",
     {"id", &numbers},
     {"type", &types},
     {"base", &numbers},
     NOTHING},
    {FLOE_ICE_TRACE_REMOTE,
     "remote",
     {"id", &numbers},
     {"type", &types},
     {"named", &numbers},
     {"why", &whys}},
    {FLOE_ICE_TRACE_SERVER,
     "server",
     {"id", &numbers},
     {"transport", &transports},
     {"turn", &numbers},
     NOTHING},
    {FLOE_ICE_TRACE_PAIR,
     "pair",
     {"id", &numbers},
     {"local", &numbers},
     {"remote", &numbers},
     NOTHING},
    {FLOE_ICE_TRACE_SEEN, "seen", {"id", &numbers}, {"local", &numbers}, NOTHING, NOTHING},
    {FLOE_ICE_TRACE_CHECK,
     "check",
     {"id", &numbers},
     {"from", &pairs},
     {"to", &pairs},
     {"why", &whys}},
    {FLOE_ICE_TRACE_MARKS, "marks", {"id", &numbers}, {"from", &marks}, {"to", &marks}, NOTHING},
    {FLOE_ICE_TRACE_IGNORED,
     "ignored",
     {"why", &whys},
     {"local", &numbers},
     {"remote", &numbers},
     NOTHING},
    {FLOE_ICE_TRACE_ANSWER,
     "answer",
     {"id", &numbers},
     {"code", &numbers},
     {"local", &numbers},
     {"why", &whys}},
    {FLOE_ICE_TRACE_PERMIT,
     "permit",
     {"id", &numbers},
     {"code", &numbers},
     {"server", &numbers},
     {"why", &whys}},
    {FLOE_ICE_TRACE_ROLE, "role", NOTHING, {"from", &roles}, {"to", &roles}, {"why", &whys}},
    {FLOE_ICE_TRACE_PATH, "path", NOTHING, {"pair", &numbers}, NOTHING, NOTHING},
    {FLOE_ICE_TRACE_FACT, "fact", {"fact", &facts}, {"a", &numbers}, {"b", &numbers}, NOTHING},
};

#define FORM_COUNT (sizeof forms / sizeof forms[0])

/* States are called as each module calls them. */
static const word_list states[] = {
    [FLOE_MODULE_TURN] = WORDS(turn_words, 0), [FLOE_MODULE_ICE] = WORDS(ice_words, 0),
    [FLOE_MODULE_DTLS] = WORDS(dtls_words, 0), [FLOE_MODULE_SCTP] = WORDS(sctp_words, 0),
    [FLOE_MODULE_PEER] = WORDS(peer_words, 0),
};
static const word_list causes[] = {
    [FLOE_MODULE_ICE] = WORDS(ice_cause_words, 0),
    [FLOE_MODULE_DTLS] = WORDS(dtls_cause_words, 0),
    [FLOE_MODULE_SCTP] = WORDS(sctp_cause_words, 0),
    [FLOE_MODULE_PEER] = WORDS(fault_words, 0),
};

static kind_form get_state_form(uint8_t module)
{
    uint8_t of = module <= FLOE_MODULE_PEER ? module : FLOE_MODULE_STUN;
    return (kind_form){FLOE_TRACE_STATE,    "state",
                       {"id", &numbers},    {"from", &states[of]},
                       {"to", &states[of]}, {"why", &causes[of]}};
}

static bool find_form(kind_form *form, uint8_t kind, uint8_t module)
{
    if (kind == FLOE_TRACE_STATE) {
        *form = get_state_form(module);
        return true;
    }
    for (size_t i = 0; i < FORM_COUNT; i++) {
        if (forms[i].kind == kind) {
            *form = forms[i];
            return true;
        }
    }
    return false;
}

static void put_bits(json_t *line, const member *m, int32_t value)
{
    char text[96] = "";
    for (int i = 0; i < m->words->count; i++) {
        if ((value >> i & 1) != 0) {
            (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                           text[0] != '\0' ? " " : "", m->words->words[i]);
        }
    }
    json_object_set_new(line, m->name, json_string(text));
}

static void put_member(json_t *line, const member *m, int32_t value)
{
    const word_list *list = m->words;
    if (m->name == NULL) {
        return;
    }
    if (list->is_bits) {
        put_bits(line, m, value);
        return;
    }
    int64_t index = (int64_t)value - list->first;
    bool is_word = index >= 0 && index < list->count;
    json_object_set_new(line, m->name,
                        is_word ? json_string(list->words[index]) : json_integer(value));
}

json_t *trace_line_write(const floe_trace_record *record, floe_time began)
{
    kind_form form;
    char text[FLOE_ADDR_TEXT_MAX];
    if (record->module > FLOE_MODULE_PEER || !find_form(&form, record->kind, record->module)) {
        return NULL;
    }
    double t = (double)(record->at > began ? record->at - began : 0) / 1000.0;
    json_t *line =
        json_pack("{s:f, s:s, s:s}", "t", t, "m", module_words[record->module], "k", form.name);
    put_member(line, &form.id, record->id);
    put_member(line, &form.a, record->a);
    put_member(line, &form.b, record->b);
    put_member(line, &form.cause, record->cause);
    if (record->ref != 0) {
        (void)snprintf(text, sizeof text, "%08x", record->ref);
        json_object_set_new(line, "tid", json_string(text));
    }
    if (record->addr.family != 0) {
        json_object_set_new(line, "addr", json_string(floe_addr_text(&record->addr, text)));
    }
    return line;
}

/* ---- reading */

static bool find_word(const word_list *list, const char *text, size_t len, int *index)
{
    for (int i = 0; i < list->count; i++) {
        if (strlen(list->words[i]) == len && memcmp(list->words[i], text, len) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool read_bits(int32_t *value, const word_list *list, const char *text)
{
    *value = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        int index;
        if (!find_word(list, text, len, &index)) {
            return false;
        }
        *value |= 1 << index;
        text += len + (text[len] == ' ');
    }
    return true;
}

/* One that is not there is 0: lines may be written by others. */
static bool read_member(int32_t *value, const json_t *line, const member *m,
                        char why[TRACE_LINE_WHY_MAX])
{
    const json_t *got = m->name != NULL ? json_object_get(line, m->name) : NULL;
    int index;
    *value = 0;
    if (got == NULL) {
        return true;
    }
    if (json_is_integer(got) && json_integer_value(got) >= INT32_MIN &&
        json_integer_value(got) <= INT32_MAX) {
        *value = (int32_t)json_integer_value(got);
        return true;
    }
    const char *text = json_string_value(got);
    if (text != NULL && m->words->is_bits && read_bits(value, m->words, text)) {
        return true;
    }
    if (text != NULL && !m->words->is_bits && find_word(m->words, text, strlen(text), &index)) {
        *value = m->words->first + index;
        return true;
    }
    (void)snprintf(why, TRACE_LINE_WHY_MAX, "\"%s\" is not what it can be", m->name);
    return false;
}

/* "192.0.2.1:80", "[2001:db8::1]:80" */
static bool read_addr(floe_addr *addr, const char *text)
{
    const char *colon = strrchr(text, ':');
    floe_bytes ip = {(const uint8_t *)text, colon != NULL ? (size_t)(colon - text) : 0};
    uint64_t port;
    if (colon == NULL || !floe_text_is_decimal(floe_bytes_of(colon + 1), 65535, &port)) {
        return false;
    }
    if (ip.len >= 2 && text[0] == '[' && text[ip.len - 1] == ']') {
        ip = (floe_bytes){ip.ptr + 1, ip.len - 2};
    }
    return floe_addr_parse(addr, ip, (uint16_t)port) == FLOE_OK;
}

static bool read_kind(kind_form *form, const char *name, uint8_t module)
{
    if (strcmp(name, "state") == 0) {
        *form = get_state_form(module);
        return true;
    }
    for (size_t i = 0; i < FORM_COUNT; i++) {
        if (strcmp(forms[i].name, name) == 0) {
            *form = forms[i];
            return true;
        }
    }
    return false;
}

static bool read_head(floe_trace_record *record, kind_form *form, const json_t *line,
                      char why[TRACE_LINE_WHY_MAX])
{
    const char *module = json_string_value(json_object_get(line, "m"));
    const char *kind = json_string_value(json_object_get(line, "k"));
    double t = json_number_value(json_object_get(line, "t"));
    int index;
    if (kind == NULL || module == NULL || !json_is_number(json_object_get(line, "t"))) {
        (void)snprintf(why, TRACE_LINE_WHY_MAX, "no record: \"t\", \"m\" or \"k\" is missing");
        return false;
    }
    if (!find_word(&modules, module, strlen(module), &index)) {
        (void)snprintf(why, TRACE_LINE_WHY_MAX, "there is no module \"%.24s\"", module);
        return false;
    }
    if (!(t >= 0 && t < 1e12)) {
        (void)snprintf(why, TRACE_LINE_WHY_MAX, "\"t\" is no time");
        return false;
    }
    if (!read_kind(form, kind, (uint8_t)index)) {
        (void)snprintf(why, TRACE_LINE_WHY_MAX, "there is no kind of record \"%.24s\"", kind);
        return false;
    }
    record->at = (floe_time)(t * 1000.0 + 0.5);
    record->module = (uint8_t)index;
    record->kind = form->kind;
    return true;
}

static bool read_rest(floe_trace_record *record, const json_t *line, char why[TRACE_LINE_WHY_MAX])
{
    const json_t *addr = json_object_get(line, "addr");
    const char *tid = json_string_value(json_object_get(line, "tid"));
    if (addr != NULL &&
        (!json_is_string(addr) || !read_addr(&record->addr, json_string_value(addr)))) {
        (void)snprintf(why, TRACE_LINE_WHY_MAX, "\"addr\" is no address with a port");
        return false;
    }
    if (tid != NULL && (strlen(tid) != 8 || strspn(tid, "0123456789abcdef") != 8)) {
        (void)snprintf(why, TRACE_LINE_WHY_MAX, "\"tid\" is not eight hexadecimal digits");
        return false;
    }
    record->ref = tid != NULL ? (uint32_t)strtoul(tid, NULL, 16) : 0;
    return true;
}

bool trace_line_read(floe_trace_record *record, const json_t *line, char why[TRACE_LINE_WHY_MAX])
{
    kind_form form;
    int32_t id;
    memset(record, 0, sizeof *record);
    if (!read_head(record, &form, line, why) || !read_member(&id, line, &form.id, why) ||
        !read_member(&record->a, line, &form.a, why) ||
        !read_member(&record->b, line, &form.b, why) ||
        !read_member(&record->cause, line, &form.cause, why)) {
        return false;
    }
    if (id < 0 || id > UINT16_MAX) {
        (void)snprintf(why, TRACE_LINE_WHY_MAX, "\"id\" is out of range");
        return false;
    }
    record->id = (uint16_t)id;
    if (record->kind == FLOE_ICE_TRACE_IGNORED) {
        record->cause = id;
    }
    return read_rest(record, line, why);
}

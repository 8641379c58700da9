/* bench/stun_libnice.c - libnice's side of the STUN benchmark; see bench/README.md for the modes.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <stun/stunagent.h>

#include "bench.h"

static const uint16_t known[] = {STUN_ATTRIBUTE_USERNAME,        STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
                                 STUN_ATTRIBUTE_PRIORITY,        STUN_ATTRIBUTE_USE_CANDIDATE,
                                 STUN_ATTRIBUTE_ICE_CONTROLLING, STUN_ATTRIBUTE_ICE_CONTROLLED,
                                 STUN_ATTRIBUTE_FINGERPRINT,     0};

static void init(StunAgent *agent, int credentials)
{
    stun_agent_init(agent, known, STUN_COMPATIBILITY_RFC5389,
                    (StunAgentUsageFlags)(credentials | STUN_AGENT_USAGE_USE_FINGERPRINT));
}

/* libnice has no parsing apart from this check of the lengths; it looks attributes up as needed. */
static size_t run_parse(bench_input *in, size_t rounds)
{
    bench_drop_fingerprint(in);
    size_t good = 0;
    for (size_t i = 0; i < rounds; i++) {
        good += stun_message_validate_buffer_length(in->packet, in->packet_len, true) ==
                (int)in->packet_len;
    }
    return good;
}

static bool find_password(StunAgent *agent, StunMessage *msg, uint8_t *username,
                          uint16_t username_len, uint8_t **password, size_t *password_len,
                          void *data)
{
    (void)agent;
    (void)msg;
    bench_input *in = data;
    *password = (uint8_t *)(uintptr_t)in->password;
    *password_len = strlen(in->password);
    return username_len == strlen(in->username) &&
           memcmp(username, in->username, username_len) == 0;
}

static bool verify(StunAgent *agent, StunMessage *msg, bench_input *in)
{
    return stun_agent_validate(agent, msg, in->packet, in->packet_len, find_password, in) ==
           STUN_VALIDATION_SUCCESS;
}

static size_t run_validate(bench_input *in, size_t rounds, int credentials)
{
    StunAgent agent;
    init(&agent, credentials);
    size_t good = 0;
    for (size_t i = 0; i < rounds; i++) {
        StunMessage msg;
        good += verify(&agent, &msg, in);
    }
    return good;
}

static size_t run_fingerprint(bench_input *in, size_t rounds)
{
    return run_validate(in, rounds, STUN_AGENT_USAGE_IGNORE_CREDENTIALS);
}

static size_t run_verify(bench_input *in, size_t rounds)
{
    return run_validate(in, rounds, STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS);
}

static bool answer(StunAgent *agent, const StunMessage *request, bench_input *in)
{
    struct sockaddr_storage mapped = {0};
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)&mapped;
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(32853);
    ipv4->sin_addr.s_addr = htonl(0xC0000201); /* 192.0.2.1 */
    StunMessage msg;
    if (!stun_agent_init_response(agent, &msg, in->answer, sizeof in->answer, request) ||
        stun_message_append_xor_addr(&msg, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &mapped,
                                     sizeof *ipv4) != STUN_MESSAGE_RETURN_SUCCESS) {
        return false;
    }
    in->answer_len = stun_agent_finish_message(agent, &msg, NULL, 0);
    return in->answer_len > 0;
}

static size_t run_answer(bench_input *in, size_t rounds)
{
    StunAgent agent;
    init(&agent, STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS);
    size_t good = 0;
    for (size_t i = 0; i < rounds; i++) {
        StunMessage msg;
        good += verify(&agent, &msg, in) && answer(&agent, &msg, in);
    }
    return good;
}

int main(int argc, char **argv)
{
    static const bench_mode modes[] = {
        {"parse", run_parse},   {"fingerprint", run_fingerprint},
        {"verify", run_verify}, {"answer", run_answer},
        {NULL, NULL},
    };
    return bench_main("libnice", modes, argc, argv);
}

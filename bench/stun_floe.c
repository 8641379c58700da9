/* bench/stun_floe.c - floe's side of the STUN benchmark; see bench/README.md for the modes. */
#include <string.h>

#include "base/crypto.h"
#include "bench.h"
#include "stun/stun_msg.h"

static floe_bytes packet_of(const bench_input *in)
{
    return (floe_bytes){in->packet, in->packet_len};
}

/* Parsing verifies the fingerprint, if there is one. */
static size_t run_fingerprint(bench_input *in, size_t rounds)
{
    size_t good = 0;
    for (size_t i = 0; i < rounds; i++) {
        floe_stun_msg msg;
        good += floe_stun_msg_parse(&msg, packet_of(in)) == FLOE_OK;
    }
    return good;
}

static size_t run_parse(bench_input *in, size_t rounds)
{
    bench_drop_fingerprint(in);
    return run_fingerprint(in, rounds);
}

/* As an ICE agent does: the fingerprint must be there, and the name be the one we know. */
static bool is_ours(floe_stun_msg *msg, const bench_input *in, floe_bytes username)
{
    floe_stun_attr name;
    return floe_stun_msg_parse(msg, packet_of(in)) == FLOE_OK && msg->has_fingerprint &&
           floe_stun_msg_find(msg, FLOE_STUN_USERNAME, &name) &&
           floe_bytes_equal(name.value, username);
}

static size_t run_verify(bench_input *in, size_t rounds)
{
    floe_bytes username = floe_bytes_of(in->username);
    floe_hmac_sha1_key key;
    floe_hmac_sha1_key_prepare(&key, floe_bytes_of(in->password));
    size_t good = 0;
    for (size_t i = 0; i < rounds; i++) {
        floe_stun_msg msg;
        good +=
            is_ours(&msg, in, username) && floe_stun_msg_check_integrity_by(&msg, &key) == FLOE_OK;
    }
    return good;
}

static size_t run_verify_password(bench_input *in, size_t rounds)
{
    floe_bytes username = floe_bytes_of(in->username), password = floe_bytes_of(in->password);
    size_t good = 0;
    for (size_t i = 0; i < rounds; i++) {
        floe_stun_msg msg;
        good +=
            is_ours(&msg, in, username) && floe_stun_msg_check_integrity(&msg, password) == FLOE_OK;
    }
    return good;
}

static bool answer(bench_input *in, const floe_stun_msg *request, const floe_hmac_sha1_key *key)
{
    static const floe_addr mapped = {.ip = {192, 0, 2, 1}, .port = 32853, .family = 4};
    floe_stun_writer w;
    floe_bytes written;
    floe_stun_writer_begin(&w, in->answer, sizeof in->answer, FLOE_STUN_SUCCESS, FLOE_STUN_BINDING,
                           request->tid);
    floe_stun_writer_put_addr(&w, FLOE_STUN_XOR_MAPPED_ADDRESS, &mapped);
    floe_stun_writer_put_integrity_by(&w, key);
    floe_stun_writer_put_fingerprint(&w);
    floe_err err = floe_stun_writer_end(&w, &written);
    in->answer_len = written.len;
    return err == FLOE_OK;
}

static size_t run_answer(bench_input *in, size_t rounds)
{
    floe_bytes username = floe_bytes_of(in->username);
    floe_hmac_sha1_key key;
    floe_hmac_sha1_key_prepare(&key, floe_bytes_of(in->password));
    size_t good = 0;
    for (size_t i = 0; i < rounds; i++) {
        floe_stun_msg msg;
        good += is_ours(&msg, in, username) &&
                floe_stun_msg_check_integrity_by(&msg, &key) == FLOE_OK && answer(in, &msg, &key);
    }
    return good;
}

int main(int argc, char **argv)
{
    static const bench_mode modes[] = {
        {"parse", run_parse},   {"fingerprint", run_fingerprint},
        {"verify", run_verify}, {"verify-password", run_verify_password},
        {"answer", run_answer}, {NULL, NULL},
    };
    return bench_main("floe", modes, argc, argv);
}

/* app/nat_words.c - see app/nat_words.h. */
#include "app/nat_words.h"

#include "base/addr.h"

const char *nat_rule_name(floe_stun_rule rule)
{
    switch (rule) {
    case FLOE_STUN_RULE_ENDPOINT_INDEPENDENT:
        return "endpoint-independent";
    case FLOE_STUN_RULE_ADDRESS_DEPENDENT:
        return "address-dependent";
    case FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT:
        return "address-and-port-dependent";
    case FLOE_STUN_RULE_UNKNOWN:
        break;
    }
    return "unknown";
}

const char *nat_doubt_text(floe_stun_doubt doubt)
{
    switch (doubt) {
    case FLOE_STUN_DOUBT_NONE:
        return "it is known";
    case FLOE_STUN_DOUBT_PENDING:
        return "it has not been tried yet";
    case FLOE_STUN_DOUBT_NOT_ASKED:
        return "it was not asked for";
    case FLOE_STUN_DOUBT_SILENT:
        return "the server does not answer; check its name and port, and whether this network lets "
               "UDP out";
    case FLOE_STUN_DOUBT_REFUSED:
        return "the server refuses to answer";
    case FLOE_STUN_DOUBT_NO_OTHER:
        return "this server has only one address, and telling it takes two (RFC 5780: the server "
               "names the second in OTHER-ADDRESS); ask another server, such as a coturn on two "
               "addresses or \"floe stun --listen\" with --alternate";
    case FLOE_STUN_DOUBT_BAD_OTHER:
        return "the second address that this server names is of no use, since it has to be another "
               "address and another port; ask another server";
    case FLOE_STUN_DOUBT_OTHER_SILENT:
        return "nothing comes back from the server's second address; it is set up wrong, or a "
               "firewall is in the way; ask another server";
    case FLOE_STUN_DOUBT_NOT_HONOURED:
        return "the server does not answer from, or to, the address and port that it is asked to; "
               "ask another server";
    case FLOE_STUN_DOUBT_NO_NAT:
        return "nothing translates addresses here";
    }
    return "";
}

static const char *mapping_text(floe_stun_rule rule)
{
    switch (rule) {
    case FLOE_STUN_RULE_ENDPOINT_INDEPENDENT:
        return "a program is seen at the same address and port by everybody";
    case FLOE_STUN_RULE_ADDRESS_DEPENDENT:
        return "a program is seen at another port by every address that it talks to";
    case FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT:
        return "a program is seen at another port by everyone that it talks to (a \"symmetric\" "
               "NAT)";
    case FLOE_STUN_RULE_UNKNOWN:
        break;
    }
    return "";
}

static const char *filtering_text(floe_stun_rule rule)
{
    switch (rule) {
    case FLOE_STUN_RULE_ENDPOINT_INDEPENDENT:
        return "what anybody sends to a program here gets in";
    case FLOE_STUN_RULE_ADDRESS_DEPENDENT:
        return "a packet gets in only from an address that the program has sent to";
    case FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT:
        return "a packet gets in only from the very address and port that the program has sent to";
    case FLOE_STUN_RULE_UNKNOWN:
        break;
    }
    return "";
}

/* Where the outside port changes, the other side has to let in what comes from a port that it has
 * never heard of. */
static const char *meaning_of_changing_ports(floe_stun_rule filtering)
{
    if (filtering == FLOE_STUN_RULE_ENDPOINT_INDEPENDENT) {
        return "A direct connection works with most partners, but not with one whose router lets "
               "in known ports only; that one takes a relay (TURN).";
    }
    return "A direct connection works only with a partner that has a public address, or a router "
           "that keeps its port and lets in any port of a known address. Others, such as most home "
           "routers, take a relay (TURN).";
}

/* Addresses that mean nothing outside of a machine or a network. */
static bool is_inside(const floe_addr *addr)
{
    return floe_addr_is_private(addr) || floe_addr_is_loopback(addr) ||
           floe_addr_is_link_local(addr);
}

const char *nat_meaning(const floe_stun_discovery_report *r)
{
    if (r->binding_doubt != FLOE_STUN_DOUBT_NONE) {
        return "No address for a direct connection beyond the own network is known.";
    }
    if (is_inside(&r->mapped)) {
        return "What this means for partners on the internet, only a server there can tell.";
    }
    if (r->mapping == FLOE_STUN_RULE_UNKNOWN) {
        return "Whether a direct connection works can not be said from this.";
    }
    if (r->mapping != FLOE_STUN_RULE_ENDPOINT_INDEPENDENT) {
        return meaning_of_changing_ports(r->filtering);
    }
    switch (r->filtering) {
    case FLOE_STUN_RULE_ENDPOINT_INDEPENDENT:
    case FLOE_STUN_RULE_ADDRESS_DEPENDENT:
        return "A direct connection works with every partner that has UDP, behind whatever router.";
    case FLOE_STUN_RULE_ADDRESS_AND_PORT_DEPENDENT:
        return "A direct connection works with most partners, but not with one behind a router "
               "that changes ports (a \"symmetric\" NAT, as on some mobile and company networks); "
               "that one takes a relay (TURN).";
    case FLOE_STUN_RULE_UNKNOWN:
        break;
    }
    return "A direct connection works with most partners; with one behind a router that changes "
           "ports it may take a relay (TURN), which the filtering here would tell.";
}

static void print_rule(FILE *out, const char *part, floe_stun_rule rule, floe_stun_doubt doubt,
                       const char *text)
{
    if (doubt == FLOE_STUN_DOUBT_NONE) {
        fprintf(out, "  %s: %s: %s.\n", part, nat_rule_name(rule), text);
    } else {
        fprintf(out, "  %s: can not be told: %s.\n", part, nat_doubt_text(doubt));
    }
}

static void print_address(FILE *out, const floe_stun_discovery_config *config,
                          const floe_stun_discovery_report *r)
{
    char mapped[FLOE_ADDR_TEXT_MAX];
    if (!r->is_translated) {
        fprintf(out, "  Address: %s, as it is here: nothing translates it.\n",
                floe_addr_ip_text(&r->mapped, mapped));
    } else {
        fprintf(out, "  Address: %s, by translation (NAT); port %u here is port %u there.\n",
                floe_addr_ip_text(&r->mapped, mapped), config->local.port, r->mapped.port);
    }
    if (is_inside(&r->mapped)) {
        fputs(
            "  That is no address of the internet: the server is on this machine, or in a private "
            "network\n  with it. For the way to the internet ask a server outside.\n",
            out);
    }
    if (r->is_rewritten) {
        fputs("  Something on the way replaces addresses inside of packets (an \"ALG\"): expect "
              "trouble\n  with old programs; floe is not misled by it.\n",
              out);
    }
}

static void print_lifetime(FILE *out, const floe_stun_discovery_report *r)
{
    unsigned long long min = r->lifetime_min / FLOE_SECOND;
    if (r->lifetime_doubt == FLOE_STUN_DOUBT_NOT_ASKED ||
        r->lifetime_doubt == FLOE_STUN_DOUBT_NO_NAT) {
        return;
    }
    if (r->lifetime_doubt != FLOE_STUN_DOUBT_NONE) {
        fprintf(out, "  Lifetime: can not be told: %s.\n", nat_doubt_text(r->lifetime_doubt));
    } else if (r->lifetime_max == FLOE_TIME_NEVER) {
        fprintf(out, "  Lifetime: a silent mapping is still there after %llu s.\n", min);
    } else {
        fprintf(out, "  Lifetime: a silent mapping is forgotten after %llu to %llu s.\n", min,
                (unsigned long long)((r->lifetime_max + FLOE_SECOND - 1) / FLOE_SECOND));
    }
}

static void print_hairpin(FILE *out, const floe_stun_discovery_report *r)
{
    if (r->hairpin_doubt == FLOE_STUN_DOUBT_NONE) {
        fprintf(out,
                "  Hairpinning: %s: two programs behind this NAT %s each other at their "
                "addresses outside.\n",
                r->has_hairpin ? "yes" : "no", r->has_hairpin ? "reach" : "do not reach");
    } else if (r->hairpin_doubt != FLOE_STUN_DOUBT_NO_NAT &&
               r->hairpin_doubt != FLOE_STUN_DOUBT_NOT_ASKED) {
        fprintf(out, "  Hairpinning: can not be told: %s.\n", nat_doubt_text(r->hairpin_doubt));
    }
}

void nat_words_print(FILE *out, const floe_stun_discovery_config *config,
                     const floe_stun_discovery_report *r)
{
    char server[FLOE_ADDR_TEXT_MAX], local[FLOE_ADDR_TEXT_MAX];
    fprintf(out, "IPv%u, from %s, as %s sees it:\n", config->server.family,
            floe_addr_ip_text(&config->local, local), floe_addr_text(&config->server, server));
    if (r->binding_doubt == FLOE_STUN_DOUBT_REFUSED) {
        fprintf(out, "  The server answers with error %u and tells nothing; ask another one.\n",
                r->error);
        return;
    }
    if (r->binding_doubt != FLOE_STUN_DOUBT_NONE) {
        fprintf(out, "  Nothing can be told: %s.\n", nat_doubt_text(r->binding_doubt));
        return;
    }
    print_address(out, config, r);
    if (r->is_translated) {
        print_rule(out, "Mapping", r->mapping, r->mapping_doubt, mapping_text(r->mapping));
    }
    print_rule(out, "Filtering", r->filtering, r->filtering_doubt, filtering_text(r->filtering));
    print_hairpin(out, r);
    print_lifetime(out, r);
    fprintf(out, "  %s\n", nat_meaning(r));
}

static void set_new(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

static void set_addr(json_t *object, const char *key, const floe_addr *addr)
{
    char text[FLOE_ADDR_TEXT_MAX];
    set_new(object, key, addr->family != 0 ? json_string(floe_addr_text(addr, text)) : json_null());
}

/* Null, with a reason beside it, for what is not known. */
static void set_part(json_t *object, const char *key, json_t *value, floe_stun_doubt doubt)
{
    char reason[32];
    if (doubt == FLOE_STUN_DOUBT_NONE) {
        set_new(object, key, value);
        return;
    }
    json_decref(value);
    set_new(object, key, json_null());
    snprintf(reason, sizeof reason, "%s_reason", key);
    set_new(object, reason, json_string(nat_doubt_text(doubt)));
}

static json_t *seconds_json(floe_time time)
{
    return time != FLOE_TIME_NEVER ? json_real((double)time / (double)FLOE_SECOND) : json_null();
}

json_t *nat_words_json(const floe_stun_discovery_config *config,
                       const floe_stun_discovery_report *r)
{
    json_t *o = json_object();
    set_addr(o, "server", &config->server);
    set_addr(o, "local", &config->local);
    set_addr(o, "mapped", &r->mapped);
    set_addr(o, "other", &r->other);
    if (r->binding_doubt != FLOE_STUN_DOUBT_NONE) {
        set_new(o, "error", json_string(nat_doubt_text(r->binding_doubt)));
        if (r->error != 0) {
            set_new(o, "code", json_integer(r->error));
        }
    }
    set_new(o, "translated", json_boolean(r->is_translated));
    set_new(o, "rewritten", json_boolean(r->is_rewritten));
    set_part(o, "mapping", json_string(nat_rule_name(r->mapping)), r->mapping_doubt);
    set_part(o, "filtering", json_string(nat_rule_name(r->filtering)), r->filtering_doubt);
    set_part(o, "hairpin", json_boolean(r->has_hairpin), r->hairpin_doubt);
    set_part(o, "lifetime",
             json_pack("{s:o, s:o}", "min", seconds_json(r->lifetime_min), "max",
                       seconds_json(r->lifetime_max)),
             r->lifetime_doubt);
    set_new(o, "meaning", json_string(nat_meaning(r)));
    return o;
}

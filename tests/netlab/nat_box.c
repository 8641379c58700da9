/*
 * tests/netlab/nat_box.c - a NAT in user space, for the kinds that nftables has no words for.
 *
 *   nat_box DEVICE ADDRESS MAPPING FILTERING PORTS HAIRPIN
 * MAPPING, FILTERING: endpoint-independent, address-dependent, address-and-port-dependent; PORTS:
 * preserve, random, sequential; HAIRPIN: yes, no. The rules are support/sim_nat's, so that networks
 * in memory and networks of the kernel have the same NATs.
 *
 * DEVICE is a TUN device, which it makes. The router's kernel sends it the UDP packets that come
 * from inside and those for ADDRESS, and forwards what it writes. Other protocols are not its
 * business.
 * Lines on stdin: "reboot" (mappings are lost, ports are others), "address A" (the same with
 * another address outside). Each is answered with "ok". It ends with stdin.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "base/addr.h"
#include "support/nat_packet.h"
#include "support/sim_nat.h"

#define PACKET_MAX 65536u
#define LINE_SIZE  128u

typedef struct nat_box {
    int tun;
    sim_nat nat;
} nat_box;

static floe_time now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (floe_time)t.tv_sec * FLOE_SECOND + (floe_time)t.tv_nsec / 1000;
}

static bool choose(const char *word, const char *const names[], unsigned *chosen)
{
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strcmp(word, names[i]) == 0) {
            *chosen = i;
            return true;
        }
    }
    return false;
}

static bool read_config(char **words, sim_nat_config *config)
{
    static const char *const rules[] = {"endpoint-independent", "address-dependent",
                                        "address-and-port-dependent", NULL};
    static const char *const ports[] = {"preserve", "random", "sequential", NULL};
    static const char *const answers[] = {"no", "yes", NULL};
    unsigned mapping, filtering, port, hairpin;
    if (!choose(words[0], rules, &mapping) || !choose(words[1], rules, &filtering) ||
        !choose(words[2], ports, &port) || !choose(words[3], answers, &hairpin)) {
        return false;
    }
    *config = (sim_nat_config){.mapping = (sim_nat_rule)mapping,
                               .filtering = (sim_nat_rule)filtering,
                               .ports = (sim_nat_ports)port,
                               .hairpin = hairpin == 1};
    return true;
}

static int open_tun(const char *name)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        perror("nat_box: /dev/net/tun");
        return -1;
    }
    return fd;
}

static bool translate(sim_nat *nat, nat_packet *packet)
{
    floe_addr outside, inside;
    if (floe_addr_is_private(&packet->src)) {
        if (!sim_nat_out(nat, now(), &packet->src, &packet->dst, &outside)) {
            return false;
        }
        nat_packet_set_src(packet, &outside);
        if (!floe_addr_ip_equal(&packet->dst, &nat->public_addr)) {
            return true;
        }
        if (!nat->config.hairpin) {
            return false;
        }
    }
    if (!sim_nat_in(nat, now(), &packet->dst, &packet->src, &inside)) {
        return false;
    }
    nat_packet_set_dst(packet, &inside);
    return true;
}

static void forward(nat_box *box)
{
    static uint8_t bytes[PACKET_MAX];
    nat_packet packet;
    ssize_t len = read(box->tun, bytes, sizeof bytes);
    if (len > 0 && nat_packet_parse(&packet, bytes, (size_t)len) && translate(&box->nat, &packet)) {
        (void)!write(box->tun, bytes, (size_t)len);
    }
}

static bool obey(nat_box *box)
{
    static const char word[] = "address ";
    char line[LINE_SIZE];
    if (fgets(line, sizeof line, stdin) == NULL) {
        return false;
    }
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, word, sizeof word - 1) == 0) {
        floe_bytes text = floe_bytes_of(line + sizeof word - 1);
        if (floe_addr_parse(&box->nat.public_addr, text, 0) != FLOE_OK) {
            return false;
        }
    } else if (strcmp(line, "reboot") != 0) {
        return false;
    }
    sim_nat_rebind(&box->nat);
    (void)puts("ok");
    return true;
}

int main(int argc, char **argv)
{
    static nat_box box;
    sim_nat_config config;
    floe_addr address;
    if (argc != 7 || floe_addr_parse(&address, floe_bytes_of(argv[2]), 0) != FLOE_OK ||
        !read_config(argv + 3, &config)) {
        (void)fputs("nat_box DEVICE ADDRESS MAPPING FILTERING PORTS HAIRPIN\n", stderr);
        return 2;
    }
    box.tun = open_tun(argv[1]);
    if (box.tun < 0) {
        return 1;
    }
    sim_nat_init(&box.nat, &config, &address, now());
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)puts("ready");
    bool is_told_to_end = false;
    while (!is_told_to_end) {
        struct pollfd fds[] = {{.fd = box.tun, .events = POLLIN},
                               {.fd = STDIN_FILENO, .events = POLLIN}};
        (void)poll(fds, 2, -1);
        if (fds[0].revents != 0) {
            forward(&box);
        }
        is_told_to_end = fds[1].revents != 0 && !obey(&box);
    }
    return 0;
}

# tests/support/namespace.sh - a network namespace of the test's own, for peers that want a network. Source it.
#
# make_namespace NAME: one interface, 203.0.113.5/24, and a default route: browsers and aiortc gather nothing without.
# in_namespace COMMAND...: run there. It is removed when the script ends, and with it what still runs in it.

sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
namespace=

make_namespace() {
    namespace=$1-$$
    trap remove_namespace EXIT
    $sudo ip netns add "$namespace"
    # No looking for duplicates of IPv6 addresses: see settle.
    in_namespace sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 || true
    $sudo ip -n "$namespace" link set lo up
    $sudo ip -n "$namespace" link add br0 type bridge
    $sudo ip -n "$namespace" addr add 203.0.113.5/24 dev br0
    # A port, so that the bridge has a carrier: Chromium does not use an interface without.
    $sudo ip -n "$namespace" link add port0 type veth peer name port1
    $sudo ip -n "$namespace" link set port0 master br0 up
    $sudo ip -n "$namespace" link set port1 up
    $sudo ip -n "$namespace" link set br0 up
    $sudo ip -n "$namespace" route add default via 203.0.113.1
    settle
}

# Interfaces get their link-local addresses up to two seconds after they are up. At each new address Chromium gives up
# all names that it is resolving, and it asks for none twice: let them all be there first.
settle() {
    local interface tries=50
    for interface in port0 port1 br0; do
        while ! $sudo ip -n "$namespace" -6 -o addr show dev "$interface" scope link -tentative | grep -q . &&
            [ "$((tries -= 1))" -gt 0 ]; do
            sleep 0.1
        done
    done
}

in_namespace() {
    $sudo ip netns exec "$namespace" "$@"
}

remove_namespace() {
    $sudo ip netns pids "$namespace" 2>/dev/null | xargs -r $sudo kill 2>/dev/null || true
    $sudo ip netns del "$namespace" 2>/dev/null || true
}

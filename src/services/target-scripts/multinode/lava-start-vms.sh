# lava-start-vms [INTERFACE]: tells the virtual machines of the group that their host is up, and where.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
address=$("$LAVA_TEST_BIN/lava-echo-ipv4" "${1:-eth0}") || exit 1
request SEND lava_vm_start "host_ip=$address"

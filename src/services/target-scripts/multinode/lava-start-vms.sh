# lava-start-vms [INTERFACE]: tells the virtual machines of the group that their host is up, and where.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
address=${_LAVA_VM_GROUP_HOST_IP:-$("$LAVA_TEST_BIN/lava-echo-ipv4" "${1:-eth0}")}
request SEND lava_vm_start ${address:+"host_ip=$address"}

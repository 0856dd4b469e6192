# lava-wait-for-vms: waits until the virtual machines of the group have ended.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
request SEND lava_vm_stop
request WAIT_ALL lava_vm_stop
answer WAIT_ALL || exit 1
keep_reply

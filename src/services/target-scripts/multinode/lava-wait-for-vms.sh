# lava-wait-for-vms: waits until the virtual machines of the group have ended.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
request SEND lava_vm_stop
ask WAIT_ALL lava_vm_stop

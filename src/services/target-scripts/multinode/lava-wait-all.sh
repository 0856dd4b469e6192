# lava-wait-all ID [ROLE]: waits until all members (of the role) have sent the message.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
message_id "$1" "lava-wait-all ID [ROLE]"
ask WAIT_ALL "$1" ${2:+"$2"}

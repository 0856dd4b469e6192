# lava-wait ID: waits until a member has sent the message; its data are in $LAVA_MULTI_NODE_CACHE then.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
message_id "$1" "lava-wait ID"
ask WAIT "$1"

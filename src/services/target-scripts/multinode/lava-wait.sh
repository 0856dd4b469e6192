# lava-wait ID: waits until a member has sent the message; its data are in $LAVA_MULTI_NODE_CACHE then.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
[ $# -eq 1 ] || usage "lava-wait ID"
request WAIT "$1"
answer WAIT || exit 1
keep_reply

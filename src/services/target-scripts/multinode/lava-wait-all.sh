# lava-wait-all ID [ROLE]: waits until all members (of the role) have sent the message.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
[ $# -eq 1 ] || [ $# -eq 2 ] || usage "lava-wait-all ID [ROLE]"
request WAIT_ALL "$@"
answer WAIT_ALL || exit 1
keep_reply

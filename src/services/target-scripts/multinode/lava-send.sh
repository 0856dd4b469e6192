# lava-send ID [KEY=VALUE...]: gives a message to the group. It is kept: who waits for it later gets it, too.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
[ $# -ge 1 ] || usage "lava-send ID [KEY=VALUE...]"
request SEND "$@"

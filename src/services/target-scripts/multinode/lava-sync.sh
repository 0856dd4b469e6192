# lava-sync ID: waits until all members of the group have come to this place.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
[ $# -eq 1 ] || usage "lava-sync ID"
request SYNC "$1"
answer SYNC || exit 1

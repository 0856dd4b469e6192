# lava-sync ID: waits until all members of the group have come to this place.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
message_id "$1" "lava-sync ID"
ask SYNC "$1"

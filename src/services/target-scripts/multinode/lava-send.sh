# lava-send ID [KEY=VALUE...]: gives a message to the group. It is kept: who waits for it later gets it, too.
. "$LAVA_TEST_BIN/lava-multi-node.lib"
message_id "$1" "lava-send ID [KEY=VALUE...]"
id=$1
shift
# Words that are no KEY=VALUE are not sent.
for word in "$@"; do
	shift
	case $word in
	?*=?*) set -- "$@" "$word" ;;
	esac
done
request SEND "$id" "$@"

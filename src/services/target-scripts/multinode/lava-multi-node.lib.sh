# Sourced by the scripts beside it: how a member of a group talks to the others, through its dispatcher.
# Every request is one line; where an answer is due, the dispatcher types it back. POSIX sh.

# request NAME [WORD...]: tells the dispatcher.
request() {
	name=$1
	shift
	[ "$LAVA_MULTI_NODE_DEBUG" != yes ] || printf '<LAVA_%s_DEBUG asking the dispatcher %s>\n' "$name" "$(date)"
	[ -z "$CHARACTER_DELAY" ] || sleep "$CHARACTER_DELAY"
	printf '<LAVA_MULTI_NODE> <LAVA_%s %s>\n' "$name" "$*"
}

# answer NAME: waits for <LAVA_NAME_COMPLETE ...> and sets `reply` to what it brings; fails for a nack.
answer() {
	reply=""
	echoes=""
	if [ -t 0 ] && command -v stty > /dev/null; then
		echoes=$(stty -g 2> /dev/null) && stty -echo 2> /dev/null
	fi
	found=1
	while read -r line; do
		line=${line%"$(printf '\r')"}
		case $line in
		"<LAVA_$1_COMPLETE>") ;;
		"<LAVA_$1_COMPLETE "*">")
			reply=${line#"<LAVA_$1_COMPLETE "}
			reply=${reply%>}
			;;
		*) continue ;;
		esac
		found=0
		break
	done
	[ -z "$echoes" ] || stty "$echoes" 2> /dev/null
	[ $found -eq 0 ] && [ "$reply" != nack ]
}

# keep_reply: the data of an answer, one JOB:key=value each line, in the cache file; what came with an earlier one is gone.
keep_reply() {
	rm -f "$LAVA_MULTI_NODE_CACHE"
	printf '%s\n' "$reply" | sed 's/ \([0-9][0-9.]*:\)/\
\1/g' | while read -r line; do
		case $line in
		?*=?*) printf '%s\n' "$line" >> "$LAVA_MULTI_NODE_CACHE" ;;
		esac
	done
}

# ask NAME ID [WORD...]: a request and its answer. The coordinator's refusal is told, and no error: LAVA's is none.
ask() {
	request "$@"
	answer "$1" || echo "the coordinator did not answer $1 $2"
	keep_reply
}

# message_id ID LINE: ends the script where ID is none, and says how it is called.
message_id() {
	case $1 in
	"" | ?*=?*)
		printf 'usage: %s\n' "$2" >&2
		exit 1
		;;
	esac
}

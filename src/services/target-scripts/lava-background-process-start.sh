# lava-background-process-start NAME --cmd COMMAND: runs the shell text again and again, a second apart, until it is stopped.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

[ $# -ge 3 ] && [ -n "$1" ] && [ "$2" = --cmd ] || usage "lava-background-process-start NAME --cmd COMMAND"
state=$here/../results/$(word "$1")
shift 2
command=$*
mkdir -p "$state"
if [ -f "$state/pid" ] && kill -0 "$(cat "$state/pid")" 2>/dev/null; then
	complain "it runs already, as process $(cat "$state/pid")"
	exit 1
fi
(
	child=
	trap 'kill $child 2>/dev/null; exit 0' TERM
	while :; do
		(eval "$command") &
		child=$!
		wait "$child"
		sleep 1 &
		child=$!
		wait "$child"
	done
) &
echo $! > "$state/pid"

# lava-background-process-start NAME --cmd COMMAND: runs the shell text again and again, a second apart, until it is stopped.
here=${0%/*}
[ "$here" != "$0" ] || here=.

synopsis() {
	echo "usage: lava-background-process-start NAME --cmd COMMAND" >&2
}

name=$1
[ -n "$name" ] || synopsis
shift
[ -n "$name" ] || exit 1
command=
while [ $# -gt 0 ]; do
	if [ "$1" != --cmd ]; then
		synopsis
		exit 1
	fi
	shift
	command=$*
	shift
done
if [ -z "$command" ]; then
	echo "lava-background-process-start: no command was given, so nothing runs" >&2
	exit 0
fi
# In the test's own results, and all of a name where another definition finds them to stop them.
own=${LAVA_RESULT_DIR:-$here/..}/results/$name
all=$here/../results/$name
mkdir -p "$own" "$all"
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
echo $! > "$own/pid"
cat "$own/pid" >> "$all/pids"
exit 0

# lava-background-process-stop NAME: ends what lava-background-process-start began; nothing to end is no error.
here=${0%/*}
[ "$here" != "$0" ] || here=.

name=$1
[ -n "$name" ] || echo "usage: lava-background-process-stop NAME" >&2
shift
[ -n "$name" ] || exit 1
pids=$here/../results/$name/pids
if [ -f "$pids" ]; then
	kill $(cat "$pids") 2>/dev/null
	rm -f "$pids"
else
	echo "lava-background-process-stop: nothing was started with the name \"$name\"" >&2
fi
exit 0

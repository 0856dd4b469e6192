# lava-background-process-stop NAME: ends what lava-background-process-start began.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

[ $# -eq 1 ] && [ -n "$1" ] || usage "lava-background-process-stop NAME"
pid=$here/../results/$(word "$1")/pid
if [ ! -f "$pid" ]; then
	complain "nothing was started with the name \"$1\""
	exit 1
fi
kill "$(cat "$pid")" 2>/dev/null
rm -f "$pid"

# lava-test-raise MESSAGE...: the test cannot go on; the dispatcher ends it with a TestError.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

if [ -z "$1" ]; then
	echo "usage: lava-test-raise MESSAGE" >&2
else
	signal "<LAVA_SIGNAL_TESTRAISE $*>"
fi
exit 1

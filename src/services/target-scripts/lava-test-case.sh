# lava-test-case: one test case, by the exit code of a command or by a given result.
# What is not given is taken from the environment: RESULT, UNITS, MEASUREMENT. The command runs in this very shell: it sees
# TEST_CASE_ID, it may set UNITS and MEASUREMENT, and where `set -e` or `exit` ends it, it ends this script with its code.
# Names of our own begin with _lava_: the command must find its own variables and functions, not ours.
_lava_bin=${0%/*}
[ "$_lava_bin" != "$0" ] || _lava_bin=.
. "$_lava_bin/lava-common-functions"

_lava_usage() {
	echo "usage: lava-test-case ID --shell COMMAND..."
	echo "       lava-test-case ID --result RESULT [--measurement NUMBER] [--units UNITS] [--output FILE]"
} >&2

# _lava_keep NAME VALUE: one file of the case in the results directory.
_lava_keep() {
	if [ -d "$_lava_results" ]; then echo "$2" > "$_lava_results/$1"; fi
}

# _lava_tell: the result, in files and to the dispatcher.
_lava_tell() {
	_lava_results=${LAVA_RESULT_DIR:+$LAVA_RESULT_DIR/results/$TEST_CASE_ID}
	if [ -n "$_lava_results" ]; then mkdir -p "$_lava_results"; fi
	_lava_keep result "$RESULT"
	if [ -n "${UNITS+x}" ]; then _lava_keep units "$UNITS"; fi
	if [ -n "${MEASUREMENT+x}" ]; then _lava_keep measurement "$MEASUREMENT"; fi
	if [ -n "$OUTPUT_FILE" ]; then
		signal "<LAVA_SIGNAL_STARTTC $TEST_CASE_ID>"
		cat "$OUTPUT_FILE"
		signal "<LAVA_SIGNAL_ENDTC $TEST_CASE_ID>"
	fi
	signal "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=$TEST_CASE_ID RESULT=$RESULT${UNITS+ UNITS=$UNITS}${MEASUREMENT+ MEASUREMENT=$MEASUREMENT}>"
}

# _lava_ended: the command is over, with _lava_code.
_lava_ended() {
	_lava_over=yes
	signal "<LAVA_SIGNAL_ENDTC $TEST_CASE_ID>"
	if [ "$_lava_code" -eq 0 ]; then RESULT=pass; else RESULT=fail; fi
	_lava_tell
}

# _lava_cut: this shell ends. Where the command did that, its failure is told all the same; no success, which a kill could be.
_lava_cut() {
	_lava_code=$?
	set +e
	if [ -n "$_lava_over" ]; then return; fi
	echo "lava-test-case: the command of \"$TEST_CASE_ID\" ended the script, with code $_lava_code" >&2
	if [ "$_lava_code" -ne 0 ]; then _lava_ended; fi
}

export TEST_CASE_ID="$1"
[ -n "$TEST_CASE_ID" ] || _lava_usage
shift
[ -n "$TEST_CASE_ID" ] || exit 1
case $TEST_CASE_ID in
*[[:space:]\<\>]*) echo "lava-test-case: an id is one word without < and >: \"$TEST_CASE_ID\"" >&2 ;;
esac

OUTPUT_FILE=
if [ "$1" = --shell ]; then
	shift
	_lava_over=
	trap _lava_cut EXIT
	signal "<LAVA_SIGNAL_STARTTC $TEST_CASE_ID>"
	# Not in a condition: there `set -e` would not count.
	if [ $# -eq 1 ]; then
		eval "$1"
	else
		"$@"
	fi
	_lava_code=$?
	_lava_ended
	exit 0
fi

while [ $# -gt 0 ]; do
	case $1 in
	--result) shift; RESULT=$1 ;;
	--units) shift; UNITS=$1 ;;
	--measurement) shift; MEASUREMENT=$1 ;;
	--output) shift; OUTPUT_FILE=$1 ;;
	*) _lava_usage; exit 1 ;;
	esac
	shift
done
if [ -z "${RESULT+x}" ]; then
	_lava_usage
	exit 1
fi
_lava_tell
exit 0

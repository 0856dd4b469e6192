# lava-test-reference ID --result RESULT --reference URL: a result whose data lies elsewhere.
# What is not given is taken from the environment: RESULT, REFERENCE.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

synopsis() {
	echo "usage: lava-test-reference ID --result RESULT --reference URL" >&2
}

TEST_CASE_ID=$1
[ -n "$TEST_CASE_ID" ] || synopsis
shift
[ -n "$TEST_CASE_ID" ] || exit 1
while [ $# -gt 0 ]; do
	case $1 in
	--result) shift; RESULT=$1 ;;
	--reference) shift; REFERENCE=$1 ;;
	*) synopsis; exit 1 ;;
	esac
	shift
done
if [ -z "${RESULT+x}" ] || [ -z "${REFERENCE+x}" ]; then
	synopsis
	exit 1
fi
signal "<LAVA_SIGNAL_TESTREFERENCE $TEST_CASE_ID $RESULT $REFERENCE>"
exit 0

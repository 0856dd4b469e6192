# lava-test-reference ID --result RESULT --reference URL: a result whose data lies elsewhere.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

synopsis() {
	usage "lava-test-reference ID --result RESULT --reference URL"
}

[ $# -eq 5 ] && [ -n "$1" ] || synopsis
id=$(word "$1")
shift
result="" reference=""
while [ $# -gt 0 ]; do
	case $1 in
	--result) result=$2 ;;
	--reference) reference=$2 ;;
	*) synopsis ;;
	esac
	shift 2
done
[ -n "$result" ] && [ -n "$reference" ] || synopsis
signal "<LAVA_SIGNAL_TESTREFERENCE $id $(word "$result") $(word "$reference")>"

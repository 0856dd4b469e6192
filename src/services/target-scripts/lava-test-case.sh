# lava-test-case: one test case, by the exit code of a command or by a given result.
here=${0%/*}
[ "$here" != "$0" ] || here=.
. "$here/lava-common-functions"

synopsis() {
	usage "lava-test-case ID --shell COMMAND..." \
		"lava-test-case ID --result RESULT [--measurement NUMBER] [--units UNITS] [--output FILE]"
}

# run COMMAND...: one argument is shell text, several are a command and its arguments. A subshell: the command may exit.
run() {
	(
		if [ $# -eq 1 ]; then
			eval "$1"
		else
			"$@"
		fi
	)
}

[ $# -ge 2 ] && [ -n "$1" ] || synopsis
id=$(word "$1")
[ "$id" = "$1" ] || complain "\"$1\" is reported as \"$id\": an id is one word without < and >"
shift

result="" measurement="" units="" output=""
if [ "$1" = --shell ]; then
	shift
	[ $# -ge 1 ] || synopsis
	signal "<LAVA_SIGNAL_STARTTC $id>"
	if run "$@"; then result=pass; else result=fail; fi
	signal "<LAVA_SIGNAL_ENDTC $id>"
else
	while [ $# -gt 0 ]; do
		[ $# -ge 2 ] || synopsis
		case $1 in
		--result) result=$2 ;;
		--measurement) measurement=$2 ;;
		--units) units=$2 ;;
		--output) output=$2 ;;
		*) synopsis ;;
		esac
		shift 2
	done
	[ -n "$result" ] || synopsis
	if [ -n "$output" ]; then
		signal "<LAVA_SIGNAL_STARTTC $id>"
		cat "$output"
		signal "<LAVA_SIGNAL_ENDTC $id>"
	fi
fi

text="TEST_CASE_ID=$id RESULT=$(word "$result")"
[ -z "$units" ] || text="$text UNITS=$(word "$units")"
[ -z "$measurement" ] || text="$text MEASUREMENT=$(word "$measurement")"
signal "<LAVA_SIGNAL_TESTCASE $text>"
exit 0

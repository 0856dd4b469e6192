# Sourced by the scripts beside it. POSIX sh: runs in dash, busybox ash and bash.

# signal TEXT: one line for the dispatcher, on the console or, with KMSG, through the kernel's log.
signal() {
	[ -z "$CHARACTER_DELAY" ] || sleep "$CHARACTER_DELAY"
	if [ -n "$KMSG" ]; then
		printf '%s\n' "<0>$1" > /dev/kmsg
	else
		printf '%s\n' "$1"
	fi
}

# complain TEXT: what went wrong, in the name of the script.
complain() {
	printf '%s: %s\n' "${0##*/}" "$1" >&2
}

# usage LINE...: says how the script is called and ends it.
usage() {
	printf 'usage: %s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf '       %s\n' "$@" >&2
	exit 1
}

# word TEXT: TEXT as one word of a signal; white space and angle brackets would end it early.
word() {
	case $1 in
	*[[:space:]\<\>]*) printf '%s' "$1" | tr -s ' \t\n\r<>' '_' ;;
	*) printf '%s' "$1" ;;
	esac
}

# run_test DIRECTORY RESULTS: installs what the test needs, then runs it.
run_test() {
	if [ -f "$1/install.sh" ] && ! (cd "$1" && exec /bin/sh ./install.sh); then
		signal "<LAVA_TEST_RUNNER INSTALL_FAIL>"
		return 0
	fi
	if grep -q '^# USE_KMSG' "$1/run.sh"; then
		KMSG=true
		export KMSG
	fi
	lava-test-shell --output_dir "$2" "${SHELL:-/bin/sh}" -e "$1/run.sh"
	unset KMSG
}

# run_stage DIRECTORY: runs every test listed in the stage's lava-test-runner.conf, once: after a reboot the list is gone.
run_stage() {
	[ -f "$1/lava-test-runner.conf" ] || return 0
	started=$(date +%s)
	list=$1/lava-test-runner.conf-$started
	mv "$1/lava-test-runner.conf" "$list"
	while read -r directory <&3; do
		[ -n "$directory" ] || continue
		results=$1/results/${directory##*/}-$started
		mkdir -p "$results"
		run_test "$directory" "$results" 3<&-
	done 3< "$list"
}

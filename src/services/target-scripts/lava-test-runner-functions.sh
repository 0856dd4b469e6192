# Sourced by the test runners: they run the tests of one stage.

# run_test DIRECTORY RESULTS SHELL: installs what the test needs, then runs it.
run_test() {
	# The runner's own signals go the way of the last test's.
	if grep -q '# USE_KMSG' "$1/run.sh"; then
		KMSG=true
		export KMSG
	else
		unset KMSG
	fi
	if [ -f "$1/install.sh" ]; then
		"$3" "$1/install.sh"
		code=$?
		echo "$code" > "$2/install_return_code"
		if [ "$code" -ne 0 ]; then
			signal "<LAVA_TEST_RUNNER INSTALL_FAIL>"
			return 0
		fi
	fi
	lava-test-shell --output_dir "$2" "${SHELL:-$3}" -e "$1/run.sh"
}

# run_stage DIRECTORY SHELL: runs every test listed in the stage's lava-test-runner.conf, once: after a reboot the list is gone.
run_stage() {
	[ -f "$1/lava-test-runner.conf" ] || return 0
	list=$1/lava-test-runner.conf-$(date +%s)
	mv "$1/lava-test-runner.conf" "$list"
	while read -r directory <&3; do
		case $directory in
		"" | *LAVA_SIGNAL*) continue ;;
		esac
		results=$1/results/${directory##*/}-$(date +%s)
		mkdir -p "$results"
		run_test "$directory" "$results" "$2" 3<&-
	done 3< "$list"
}

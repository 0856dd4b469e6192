# lava-os-build: one line that says which build of which system runs.
if [ -r /etc/os-release ]; then
	. /etc/os-release
	printf '%s\n' "${BUILD_ID:+$BUILD_ID }${PRETTY_NAME:-${NAME:-unknown}}"
else
	echo "lava-os-build: unsupported distro, no /etc/os-release"
fi

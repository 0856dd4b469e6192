# lava-os-build: one line that says which build of which system runs.
if [ -x /usr/bin/lsb_release ]; then
	/usr/bin/lsb_release -d | sed 's/^Description:[[:space:]]*//'
elif [ -f /etc/lsb-release ]; then
	. /etc/lsb-release
	echo "$DISTRIB_DESCRIPTION"
elif [ -f /etc/debian_version ]; then
	cat /etc/debian_version
fi

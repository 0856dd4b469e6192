# lava-os-build: one line that says which build of which system runs.
if [ -x /usr/bin/lsb_release ]; then
	/usr/bin/lsb_release -d | sed 's/^Description:[[:space:]]*//'
	exit 0
fi
for file in redhat fedora centos system; do
	if [ -f "/etc/$file-release" ]; then
		read -r line < "/etc/$file-release"
		echo "$line"
		exit 0
	fi
done
if [ -f /etc/os-release ]; then
	. /etc/os-release
	echo "$PRETTY_NAME"
fi

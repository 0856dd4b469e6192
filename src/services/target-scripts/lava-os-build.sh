# lava-os-build: one line that says which build of which system runs.
if [ -f /etc/os-release ]; then
	sed -n 's/^PRETTY_NAME=//p' /etc/os-release | tr -d '"'
elif [ -f /etc/issue ]; then
	sed -e 's/\\n.\\l//' /etc/issue | tr -s '\n' | dd bs=100 count=1 2> /dev/null
elif [ -x /usr/bin/lsb_release ]; then
	/usr/bin/lsb_release -d
elif [ -f /etc/debian_version ]; then
	cat /etc/debian_version
else
	echo "lava-os-build: this system does not tell what it is"
fi
exit 0

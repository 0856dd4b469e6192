# lava-installed-packages: lines "package: PACKAGE : VERSION".
if command -v opkg > /dev/null; then
	opkg list-installed | sed 's/^/package: /; s/ - / : /'
elif command -v rpm > /dev/null; then
	rpm -qa --qf 'package: %{NAME} : %{VERSION}-%{RELEASE}\n' | sort
elif command -v dpkg-query > /dev/null; then
	dpkg-query -W -f 'package: ${package} : ${version}\n'
else
	echo "lava-installed-packages: this image has no package manager"
fi

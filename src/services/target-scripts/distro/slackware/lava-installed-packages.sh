# lava-installed-packages: lines "package: PACKAGE : VERSION".
for package in /var/log/packages/*; do
	package=${package##*/}
	rest=${package#*-}
	echo "package: ${package%%-*} : ${rest%%-*}"
done

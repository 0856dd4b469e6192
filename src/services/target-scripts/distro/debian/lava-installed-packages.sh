# lava-installed-packages: lines "package: PACKAGE : VERSION".
dpkg-query -W -f '${status} ${package} : ${version}\n' | sed -n 's/^install ok installed/package:/p'

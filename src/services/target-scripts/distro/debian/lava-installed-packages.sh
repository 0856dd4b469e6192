# lava-installed-packages: lines "PACKAGE: VERSION".
dpkg-query -W -f '${package}: ${version}\n'

# lava-installed-packages: lines "package: PACKAGE : VERSION".
pacman -Q | sed 's/^/package: /; s/\([^ ]*\)$/: \1/'

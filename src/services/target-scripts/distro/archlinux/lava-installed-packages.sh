# lava-installed-packages: lines "PACKAGE: VERSION".
pacman -Q | sed 's/ /: /'

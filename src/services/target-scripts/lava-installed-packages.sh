# lava-installed-packages: this system has no package list that is known.
echo "lava-installed-packages: unsupported distro, cannot list the packages"

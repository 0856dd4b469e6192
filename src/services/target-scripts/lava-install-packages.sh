# lava-install-packages: this system has no way that is known to install packages.
echo "lava-install-packages: unsupported distro, cannot install packages: $*"

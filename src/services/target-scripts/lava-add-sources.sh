# lava-add-sources: this system has no way that is known to add package sources.
echo "lava-add-sources: unsupported distro, cannot add package sources: $*"

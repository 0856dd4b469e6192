# lava-add-keys: this system has no way that is known to add keys of package sources.
echo "lava-add-keys: unsupported distro, cannot add keys of package sources: $*"

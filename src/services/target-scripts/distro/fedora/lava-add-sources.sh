# lava-add-sources SOURCE: URL of a .repo file or of a repository.
[ -n "$1" ] || { echo "usage: lava-add-sources SOURCE" >&2; exit 1; }
if command -v dnf > /dev/null; then
	exec dnf -y config-manager --add-repo "$1"
else
	exec yum-config-manager --add-repo "$1"
fi

# lava-add-sources SOURCE...: URLs of .repo files or of repositories. One that cannot be added is no error here.
for source in "$@"; do
	if command -v dnf > /dev/null; then
		dnf -y config-manager --add-repo "$source"
	else
		yum-config-manager --add-repo "$source"
	fi || echo "lava-add-sources: the source could not be added: $source" >&2
done
exit 0

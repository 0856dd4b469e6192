# lava-role [list]: the role of this member (without a line end), or the role of each member of the group.
if [ "$1" = list ]; then
	"${0%/*}/lava-group" | while read -r _ role; do printf '%s\n' "$role"; done
else
	printf '%s' "$TARGET_ROLE"
fi

# lava-role [list]: the role of this member, or all roles of the group.
if [ "$1" = list ]; then
	"${0%/*}/lava-group" | while read -r _ role; do printf '%s\n' "$role"; done | sort -u
else
	printf '%s\n' "$TARGET_ROLE"
fi

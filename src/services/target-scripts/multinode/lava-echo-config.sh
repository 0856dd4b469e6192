# lava-echo-config [NAME]: the settings that the members of the group share, or those of one name.
if [ -z "$LAVA_SHARED_CONFIG" ]; then
	echo "lava-echo-config: the group shares no settings"
	exit 1
fi
if [ -z "$1" ]; then
	printf '%s\n' "$LAVA_SHARED_CONFIG"
	exit 0
fi
found=$(printf '%s\n' "$LAVA_SHARED_CONFIG" | sed -n "s/^$1 //p")
if [ -z "$found" ]; then
	echo "lava-echo-config: the group shares no settings named $1"
	exit 1
fi
printf '%s' "$found"

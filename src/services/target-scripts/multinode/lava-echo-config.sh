# lava-echo-config: the settings that the members of the group share.
printf '%s\n' "$LAVA_SHARED_CONFIG"

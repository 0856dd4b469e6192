# lava-target-mac: the device's own MAC address.
[ -n "$TARGET_DEVICE_MAC" ] || { echo "lava-target-mac: the device configuration does not give it" >&2; exit 1; }
printf '%s\n' "$TARGET_DEVICE_MAC"

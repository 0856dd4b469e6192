# lava-target-mac: the device's own MAC address; an empty line where the device configuration does not give it.
echo "$TARGET_DEVICE_MAC"

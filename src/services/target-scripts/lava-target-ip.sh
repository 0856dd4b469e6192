# lava-target-ip: the device's own IP address; an empty line where the device configuration does not give it.
echo "$TARGET_DEVICE_IP"

#!/bin/sh
case $1 in
bound | renew)
  ip address replace "$ip/$mask" dev "$interface"
  [ -z "$router" ] || ip route replace default via "${router%% *}"
  : >/etc/resolv.conf
  for server in $dns; do echo "nameserver $server" >>/etc/resolv.conf; done
  ;;
esac

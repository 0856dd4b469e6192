export default {
  summary: "snmpd as a power switch, rpcbind and nfs-ganesha: Debian's packages",
};

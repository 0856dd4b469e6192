# lava-installed-packages: lines "package: PACKAGE : VERSION".
rpm -qa --qf 'package: %{NAME} : %{VERSION}-%{RELEASE} \n'

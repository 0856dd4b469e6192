# lava-installed-packages: lines "PACKAGE: VERSION".
rpm -qa --qf '%{NAME}: %{VERSION}-%{RELEASE}\n' | sort

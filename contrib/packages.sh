# The one list of Debian packages, and how a script gets those that are missing. Sourced, not run.
# shellcheck shell=sh disable=SC2034

# To build; autoreconf's tools are needed in a clone only, not in a released tarball.
packages_build="gcc make pkg-config libc6-dev libglib2.0-dev libpcap-dev libndpi-dev libsqlite3-dev libjansson-dev
	libarchive-dev libgraphviz-dev libseccomp-dev libcap-ng-dev"
packages_clone="autoconf automake"
# For make check and make distcheck.
packages_test="libcunit1-dev clang libclang-rt-dev cppcheck clang-format iproute2 nftables python3 valgrind xz-utils man-db jq zstd
	procps prometheus systemd wireshark-common"
# Servers and clients of tests/lab, which runs them itself and leaves out what is not there; no service is started.
packages_lab="nginx-light curl openssl dnsmasq-base bind9-dnsutils postgresql postgresql-client mariadb-server-core
	mariadb-client-core redis-server redis-tools memcached mosquitto mosquitto-clients slapd ldap-utils openssh-server
	openssh-client python3-aiosmtpd rsyslog bsdutils snmpd snmp chrony python3-pyftpdlib iputils-ping"
# Peers and tools of tests/bench and make check-shared; nothing else needs them.
packages_bench="time libndpi-bin softflowd nfdump argus-server argus-client tshark tcpreplay gnuplot-nox"

# need_packages NAME...: installs what is missing, as root or through sudo; says what to do where it cannot.
need_packages()
{
	missing=
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
			missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "Not a Debian system: install what these Debian packages hold, then run this again:$missing" >&2
		return 1
	fi
	as_root=
	if [ "$(id -u)" != 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "Missing packages. As root, run: apt-get install$missing" >&2
			return 1
		fi
		as_root=sudo
	fi
	echo "Installing:$missing" >&2
	# shellcheck disable=SC2086
	if { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 apt-get \
		-o DPkg::Lock::Timeout=300 install -y \
		--no-install-recommends $missing; } >&2; then
		return 0
	fi
	echo "Could not install. As root, run: apt-get install$missing" >&2
	return 1
}

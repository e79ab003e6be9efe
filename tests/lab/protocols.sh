# The protocols of lab.sh, one block each:
#
#   protocol NAME L7 PROTO/PORT PROGRAM...   how it is called, what allowmap should name it, where it is served, what it needs
#   at OTHER                                 it is served by OTHER's server, or host; without it there must be a
#   NAME_server                              which runs the server in the foreground, in a namespace of its own, all addresses
#   NAME_client ADDRESS                      one use by one client; fails when the server does not answer as it should
#
# Both run in a shell of their own with $dir (a folder of the protocol's own) and as_user (a prefix, for programs that refuse
# to be root); $in_url has the address as a URL wants it. They see no variable of lab.sh but these.
# shellcheck shell=bash disable=SC2154
as_user() { unshare --user --map-user=65534 --map-group=65534 "$@"; }

protocol http http tcp/80 nginx curl
http_server() {
	mkdir -p "$dir/tmp"
	cat >"$dir/conf" <<-CONF
		daemon off; master_process off; pid $dir/pid; error_log stderr;
		events { }
		http { access_log off; client_body_temp_path $dir/tmp; proxy_temp_path $dir/tmp; fastcgi_temp_path $dir/tmp;
		uwsgi_temp_path $dir/tmp; scgi_temp_path $dir/tmp;
		server { listen 80; listen [::]:80; location / { return 200 "lab\n"; } } }
	CONF
	as_user nginx -p "$dir" -e stderr -c "$dir/conf"
}
http_client() { curl -sS "http://$in_url/" | grep -q lab; }

protocol tls tls tcp/443 openssl
tls_server() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=lab.example -days 1 -keyout "$dir/key" -out "$dir/cert"
	exec openssl s_server -accept 443 -www -key "$dir/key" -cert "$dir/cert"
}
tls_client() { printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect "$in_url:443" -servername lab.example -ign_eof | grep -q 'CN = lab.example'; }

protocol dns dns udp/53 dnsmasq dig
dns_server() {
	as_user dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --pid-file="$dir/pid" \
		--log-facility=- --address=/lab.example/192.0.2.1
}
dns_client() { dig +tries=1 +time=5 +short lab.example "@$1" | grep -qx 192.0.2.1; }

protocol dnstcp dns tcp/53 dnsmasq dig
at dns
dnstcp_client() { dig +tcp +tries=1 +time=5 +short lab.example "@$1" | grep -qx 192.0.2.1; }

protocol postgresql postgresql tcp/5432 /usr/lib/postgresql/*/bin/postgres psql
postgresql_server() {
	local bin
	bin=$(echo /usr/lib/postgresql/*/bin | cut -d' ' -f1)
	as_user "$bin/initdb" -D "$dir/data" -U postgres -A trust --no-sync --no-instructions -E UTF8 --no-locale
	echo 'host all all all trust' >>"$dir/data/pg_hba.conf"
	as_user "$bin/postgres" -D "$dir/data" -h '*' -k "$dir" -c fsync=off
}
postgresql_client() { PGCONNECT_TIMEOUT=5 psql -h "$1" -U postgres -Atc 'SELECT 40 + 2' | grep -qx 42; }

protocol mariadb mysql tcp/3306 mariadbd mariadb-install-db mariadb
mariadb_server() {
	mariadb-install-db --no-defaults --datadir="$dir/data" --auth-root-authentication-method=normal --skip-test-db --user=root
	printf "CREATE USER lab@'%%';\nGRANT ALL ON *.* TO lab@'%%';\n" >"$dir/init"
	exec mariadbd --no-defaults --datadir="$dir/data" --socket="$dir/socket" --pid-file="$dir/pid" --user=root --bind-address='*' \
		--skip-name-resolve --init-file="$dir/init"
}
mariadb_client() { mariadb --no-defaults -h "$1" -u lab --protocol=tcp -BNe 'SELECT 40 + 2' | grep -qx 42; }

protocol redis redis tcp/6379 redis-server redis-cli
redis_server() { exec redis-server --bind '*' '::*' --port 6379 --protected-mode no --save '' --dir "$dir"; }
redis_client() { redis-cli -h "$1" set lab 42 | grep -qx OK; }

protocol memcached memcached tcp/11211 memcached
memcached_server() { exec memcached -u root -U 0 -l 0.0.0.0,::; }
memcached_client() {
	exec 3<>"/dev/tcp/$1/11211"
	printf 'set lab 0 60 2\r\n42\r\nget lab\r\nquit\r\n' >&3
	grep -q '^42' <&3
}

protocol mqtt mqtt tcp/1883 mosquitto mosquitto_pub
mqtt_server() {
	printf 'listener 1883\nallow_anonymous true\nuser root\npersistence false\n' >"$dir/conf"
	exec mosquitto -c "$dir/conf"
}
mqtt_client() { mosquitto_pub -h "$1" -q 1 -t lab -m 42; }

protocol ldap ldap tcp/389 slapd ldapsearch
ldap_server() {
	: >"$dir/conf"
	exec slapd -d 0 -h ldap:/// -f "$dir/conf"
}
ldap_client() { ldapsearch -x -LLL -o nettimeout=5 -H "ldap://$in_url" -s base -b '' supportedLDAPVersion | grep -q 'supportedLDAPVersion: 3'; }

protocol ssh ssh tcp/22 /usr/sbin/sshd ssh-keygen ssh-keyscan
ssh_server() {
	ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
	as_user /usr/sbin/sshd -D -e -f /dev/null -h "$dir/key" -o PidFile=none -o UseDNS=no
}
ssh_client() { ssh-keyscan -T 5 -t ed25519 "$1" | grep -q ssh-ed25519; }

protocol smtp smtp tcp/25 aiosmtpd curl
smtp_server() {
	aiosmtpd -n -l 0.0.0.0:25 -c aiosmtpd.handlers.Sink &
	aiosmtpd -n -l :::25 -c aiosmtpd.handlers.Sink
}
smtp_client() { printf 'Subject: lab\r\n\r\n42\r\n' | curl -sS "smtp://$in_url/lab.example" --mail-from a@lab.example --mail-rcpt b@lab.example -T -; }

protocol syslog syslog udp/514 rsyslogd logger
syslog_server() {
	printf 'module(load="imudp")\ninput(type="imudp" port="514")\n*.* %s/log\n' "$dir" >"$dir/conf"
	exec rsyslogd -n -f "$dir/conf" -i "$dir/pid"
}
syslog_client() { logger -n "$1" -P 514 -d -t lab "from $BASHPID" && sleep 0.2 && grep -q "from $BASHPID" "$dir/log"; }

protocol snmp snmp udp/161 snmpd snmpget
snmp_server() {
	echo 'rocommunity lab default
rocommunity6 lab default' >"$dir/conf"
	SNMP_PERSISTENT_DIR=$dir exec snmpd -f -Lo -C -c "$dir/conf" -p "$dir/pid" udp:161 udp6:161
}
snmp_client() { SNMP_PERSISTENT_DIR=$dir snmpget -v2c -c lab -r 0 -t 5 "udp$([ "$1" = "$in_url" ] || echo 6):$in_url" .1.3.6.1.2.1.1.3.0 | grep -q Timeticks; }

protocol ntp ntp udp/123 chronyd
ntp_server() {
	printf 'local stratum 5\nallow all\ncmdport 0\npidfile %s/pid\n' "$dir" >"$dir/conf"
	as_user chronyd -d -x -U -f "$dir/conf"
}
ntp_client() { as_user chronyd -Q -U -t 5 "server $1 iburst maxsamples 1" 'cmdport 0' "pidfile $dir/pid.$BASHPID" 2>&1 | grep -q 'System clock wrong'; }

protocol ftp ftp tcp/21 /usr/lib/python3/dist-packages/pyftpdlib curl
ftp_server() {
	mkdir "$dir/root" && echo 42 >"$dir/root/lab"
	exec /usr/bin/python3 -m pyftpdlib -i :: -p 21 -r 40000-40000 -d "$dir/root"
}
ftp_client() { flock "$dir/lock" curl -sS "ftp://$in_url/lab" | grep -qx 42; } # one after the other, for the one port

protocol ping icmp icmp/8.0 ping rsyslogd
at syslog
ping_client() { ping -q -n -c 1 -W 5 "$1"; }

# Completion of allowmap for bash. Options are those of src/cmd/*.c; contrib/check-docs compares both.
# shellcheck shell=bash

_allowmap()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
	local map="--db --decisions --inside --now --help"
	local taps="--subnet --assume-visible"
	local list="--format --asset --group --port --l7 --verdict --sort --limit"
	local packets="--sensor --network --dpi --threads --max-flows --max-memory --max-unanswered"
	local ingest="$packets --hash --strict"
	local capture="--interface --duration --ring --snaplen --no-promiscuous --rotate-db --keep-connections --max-db --min-free
		--metrics --user --check --format"
	local verdicts="essential undecided background suspicious local" options
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		options="analyze ingest capture import status assets listeners flows connections groups networks group expect exclude visibility middlebox explain verdict recommend export"
		mapfile -t COMPREPLY < <(compgen -W "$options --help --version" -- "$word")
		return
	fi
	case $before in
	--format) options="table json csv" ;;
	--dpi) options="full adaptive off" ;;
	--verdict) options=$verdicts ;;
	--granularity) options="group exact" ;;
	--default) options="deny deny-log monitor" ;;
	--to) options="nftables csv" ;;
	--form) options="text json" ;;
	--as) options="change scanner monitoring" ;;
	--rotate-db) options="hourly daily" ;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$word")
		return
		;;
	--type) options="csv ansible kubernetes netbox dnsmasq kea isc-dhcp" ;;
	--encap) options="vlan inner-vlan mpls pppoe vxlan geneve nvgre gre pptp erspan ipip 6in4 gtp pbb teredo ayiya" ;;
	--interface | -i)
		mapfile -t COMPREPLY < <(cd /sys/class/net 2>/dev/null && compgen -f -- "$word")
		return
		;;
	--as) options="ss osquery nmap" ;;
	--db | --decisions | --policy | --import | --output | -o | --metrics)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--inside | --subnet | --assume-visible | --now | --asset | --group | --port | --l7 | --sort | --limit | --sensor | --network | --threads | \
		--with | --from | --until | --ticket | --name | --max-flows | --source | --map | --remove | --why | --by | --id | --at | --duration | --ring | --snaplen | --keep-connections | --max-db | --min-free)
		return
		;;
	*)
		case $verb in
		analyze) options="$map $ingest $taps --granularity --output" ;;
		ingest) options="--db --decisions --now --help $ingest" ;;
		capture) options="--db --decisions --help $packets $capture" ;;
		status) options="$map $taps --format --coverage --visibility" ;;
		assets | flows | connections | groups) options="$map $list" ;;
		listeners) options="$map $list --import --as --host --network --at" ;;
		networks)
			options="--db --decisions --now --format --encap --id --network --sensor --why --by --help"
			options="$options list set remove"
			;;
		group) options="$map --format --why --by --network --name list merge split move name remove" ;;
		expect)
			options="$map --format --why --by --network --with --as --from --until --ticket"
			options="$options list add remove any"
			;;
		exclude) options="$map --format --why --by --network --with list add remove any" ;;
		visibility) options="$map $taps --format --why --by list set remove" ;;
		import) options="$map --list --remove --type --source --map --network --format --why --by" ;;
		explain) options="$map flow group" ;;
		middlebox) options="$map --format --why --by --network list add remove nat balancer proxy none" ;;
		verdict) options="$map --format --why --by --network list set remove any $verdicts" ;;
		recommend) options="$map $taps --granularity --default --output" ;;
		export)
			options="$map $taps --to --policy --granularity --network --enforce --unapproved --allow-widening --host --form"
			options="$options --output"
			;;
		*) options= ;;
		esac
		if [[ $word != -* && ($verb = analyze || $verb = ingest || $verb = import) ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}

complete -o filenames -F _allowmap allowmap

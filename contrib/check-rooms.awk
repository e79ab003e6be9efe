# The laws of the house that can be seen in one C file. Run by contrib/check-rooms, which says how.
# Input: C files by paths relative to the top. Output: FILE:LINE: LAW: what is wrong. Needs POSIX awk only.
#
# A small lexer goes over each file: comments vanish, string literals are taken out (adjacent ones joined), what is left is
# code. Code is looked at word by word and, for state, declaration by declaration.

BEGIN {
	split("base capture flow store map policy import export report job cmd", rooms, " ")
	for (n in rooms)
		is_room[rooms[n]] = 1

	# Which library in which rooms. GLib is allowed everywhere, a header that is in no row nowhere.
	library("pcap.h pcap/pcap.h archive.h archive_entry.h net/if.h", "capture")
	library("sys/ioctl.h", "capture report")
	library("ndpi/ndpi_api.h ndpi/ndpi_main.h ndpi/ndpi_typedefs.h ndpi_api.h ndpi_main.h ndpi_typedefs.h", "flow")
	library("seccomp.h cap-ng.h linux/landlock.h sys/prctl.h sys/syscall.h pwd.h", "job")
	library("sqlite3.h", "store")
	library("jansson.h", "import export report")
	library("graphviz/gvc.h graphviz/cgraph.h gvc.h cgraph.h", "report")
	library("sys/socket.h netinet/in.h netdb.h sys/un.h", "report")
	words("sys/random.h stdio_ext.h glib.h glib/gstdio.h glib/gprintf.h assert.h ctype.h errno.h fcntl.h float.h inttypes.h limits.h locale.h " \
	      "math.h poll.h pthread.h sched.h signal.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h " \
	      "string.h strings.h time.h unistd.h arpa/inet.h dirent.h endian.h sys/file.h sys/mman.h sys/resource.h " \
	      "sys/stat.h sys/statvfs.h sys/time.h sys/types.h", is_system)

	pure["map"] = pure["policy"] = 1
	words("dirent.h fcntl.h glib/gstdio.h poll.h pthread.h sched.h signal.h time.h unistd.h sys/file.h sys/mman.h " \
	      "sys/stat.h sys/time.h", impure_header)
	words("FILE fopen fdopen freopen printf vprintf fprintf vfprintf puts fputs putchar fputc fwrite perror open openat " \
	      "getenv secure_getenv time clock clock_gettime gettimeofday localtime localtime_r rand random srand srandom " \
	      "drand48 lrand48 getrandom getentropy arc4random GMutex GThread GRWLock GCond G_LOCK am_clock am_progress_new",
	      impure)
	impure_prefix = "^(g_get_|g_getenv|g_file_|g_mutex_|g_thread_|g_random_|g_rand_new$|g_date_time_new_now|g_print|" \
	                "g_message|g_warning|g_log|pthread_|sqlite3_|json_|pcap_|ndpi_|archive_)"

	words("pcap_inject pcap_sendpacket pcap_sendqueue_alloc pcap_sendqueue_queue pcap_sendqueue_transmit SOCK_RAW " \
	      "SOCK_PACKET AF_PACKET PF_PACKET sendto sendmsg sendmmsg", sends)
	words("strcpy stpcpy strcat sprintf vsprintf gets system popen mktemp tmpnam tempnam strtok atoi atol atoll atof " \
	      "fork vfork execl execlp execle execv execvp execve posix_spawn posix_spawnp g_spawn_sync g_spawn_async " \
	      "g_spawn_command_line_sync g_spawn_command_line_async", unsafe)

	sql_upper = "^[ \t]*((SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|REPLACE|WITH|ATTACH|DETACH|VALUES)[ \t]+[^ \t]|" \
	            "(VACUUM|REINDEX|ANALYZE)[ \t;]*$)"
	sql_any = "select .* from |insert (or [a-z]+ )?into |update [a-z_]+ set |delete from |replace into |alter table |" \
	          "(create|drop) (temp |temporary |unique |virtual )?(table|index|view|trigger) "
}

function words(list, set,    parts, n, i) {
	n = split(list, parts, " ")
	for (i = 1; i <= n; i++)
		set[parts[i]] = 1
}

function library(headers, in_rooms,    h, r, i, j, n, m) {
	n = split(headers, h, " ")
	m = split(in_rooms, r, " ")
	for (i = 1; i <= n; i++) {
		library_rooms[h[i]] = in_rooms
		for (j = 1; j <= m; j++)
			library_allowed[h[i], r[j]] = 1
	}
}

function report(line, law, what) {
	print FILENAME ":" line ": " law ": " what
}

FNR == 1 {
	in_comment = 0
	depth = in_function = 0
	statement = ""
	literal = ""
	literal_open = 0
	includes = 0
	split(FILENAME, path, "/")
	kind = path[1] == "src" ? "source" : path[3] == "model" ? "model" : "door"
	room = kind == "source" ? path[2] : substr(path[3], 1, length(path[3]) - 2)
	if (kind == "source" && !(room in is_room))
		report(1, "room", "src/" room " is no room of the house: see contrib/check-rooms.awk")
	if ($0 !~ /^\/\*/)
		report(1, "opening", "a file opens with a comment: why it exists, what feeds it, what it must not do")
}

/TODO|FIXME/ {
	report(FNR, "unfinished", "a TODO or FIXME: finish it or leave it out")
}

!in_comment && /^[ \t]*#[ \t]*include/ {
	check_include()
	next
}

{
	continued = in_macro
	in_macro = !in_comment && (continued || $0 ~ /^[ \t]*#/) && $0 ~ /\\$/
	is_macro = continued || (!in_comment && $0 ~ /^[ \t]*#/)
	code = lex($0)
	check_words(code)
	if (!is_macro)
		check_state(code)
}

# The line without comments and string literals. Literals go to check_literal(), adjacent ones as one.
function lex(line,    at, c, two, code, size) {
	code = ""
	size = length(line)
	for (at = 1; at <= size; at++) {
		c = substr(line, at, 1)
		two = substr(line, at, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				at++
				code = code " "
			}
		} else if (two == "/*") {
			in_comment = 1
			at++
		} else if (two == "//") {
			break
		} else if (c == "\"") {
			if (!literal_open)
				literal_line = FNR
			literal_open = 1
			for (at++; at <= size && (c = substr(line, at, 1)) != "\""; at++) {
				literal = literal c
				if (c == "\\")
					literal = literal substr(line, ++at, 1)
			}
			code = code "\"\""
		} else if (c == "'") {
			for (at++; at <= size && (c = substr(line, at, 1)) != "'"; at++)
				if (c == "\\")
					at++
			code = code "0"
		} else {
			if (literal_open && c !~ /[ \t\\]/)
				flush_literal()
			code = code c
		}
	}
	return code
}

function flush_literal() {
	if (literal_open && (literal ~ sql_upper || tolower(literal) ~ sql_any))
		report(literal_line, "sql", "SQL text belongs in a file under sql/")
	literal = ""
	literal_open = 0
}

function check_include(    name, angle) {
	includes++
	angle = $0 ~ /</
	name = $0
	sub(/^[^<"]*[<"]/, "", name)
	sub(/[>"].*$/, "", name)
	if (kind == "source" && FILENAME ~ /\.c$/ && includes == 1 && name != "config.h")
		report(FNR, "config", "the first #include of a .c is \"config.h\"")
	if (angle && name !~ /^allowmap\//)
		check_system_header(name)
	else
		check_own_header(name)
}

function check_system_header(name) {
	if (name in library_rooms) {
		if (kind != "source" || !((name, room) in library_allowed))
			report(FNR, "library", "<" name "> is for src/" library_rooms[name] " only")
	} else if (!(name in is_system)) {
		report(FNR, "library", "<" name "> is in no row of the table in contrib/check-rooms.awk")
	}
	if (kind == "source" && (room in pure) && (name in impure_header))
		report(FNR, "pure", "src/" room " is pure: values in, values out; no <" name ">")
}

function check_own_header(name,    ok) {
	if (name == "config.h")
		ok = kind == "source" && FILENAME ~ /\.c$/
	else if (kind == "model")
		ok = name !~ /\//
	else if (kind == "door")
		ok = name ~ /^model\/[a-z-]+\.h$/ || (room != "base" && name == "base.h") || (room == "job" && name !~ /\//)
	else if (name ~ /^allowmap\//)
		ok = name ~ /^allowmap\/model\/[a-z-]+\.h$/ || name == "allowmap/base.h" || name == "allowmap/" room ".h" ||
		     ((room == "job" || room == "cmd") && name ~ /^allowmap\/[a-z-]+\.h$/)
	else
		ok = name !~ /\//
	if (!ok)
		report(FNR, "door", "\"" name "\" is another room's: include model/, base.h, the own door, own private headers")
}

function check_words(code,    word) {
	while (match(code, /[A-Za-z_][A-Za-z0-9_]*/)) {
		word = substr(code, RSTART, RLENGTH)
		code = substr(code, RSTART + RLENGTH)
		if (word == "goto")
			report(FNR, "goto", "no goto: g_autoptr and early return")
		if ((word in unsafe) && code ~ /^[ \t]*\(/)
			report(FNR, "unsafe", word "() is not used here")
		if ((word in sends) || (word == "send" && code ~ /^[ \t]*\(/) || word ~ /^libnet_/)
			report(FNR, "passive", word ": this program sends no packet")
		if ((word == "socket" || word == "socketpair" || word ~ /^(g_socket_|GSocket|SOCK_)/) && room != "report" &&
		    (word ~ /_|^G/ || code ~ /^[ \t]*\(/))
			report(FNR, "passive", word ": sockets are for src/report only")
		if (kind == "source" && (room in pure) && (word ~ impure_prefix || ((word in impure) && is_used(word, code))))
			report(FNR, "pure", word ": src/" room " is pure: values in, values out")
	}
}

# A type or macro by its name alone, a function only when it is called: `time` is also a good name for a variable.
function is_used(word, code) {
	return word ~ /^[A-Z]/ || code ~ /^[ \t]*\(/
}

# Declarations at file scope, and static ones in functions: the object itself must be const. Of a type or an initialiser
# at file scope only the braces are kept in `statement`, in a function each brace begins a new one.
function check_state(code,    at, c) {
	for (at = 1; at <= length(code); at++) {
		c = substr(code, at, 1)
		if (c == "{")
			open_brace()
		else if (c == "}")
			close_brace()
		else if (c == ";")
			end_statement()
		else
			append(c)
	}
	append(" ")
}

function append(c) {
	if (depth == 0 || in_function)
		statement = statement c
}

function open_brace() {
	if (depth == 0)
		in_function = is_function(statement)
	else if (in_function)
		check_static_local(statement)
	if (in_function)
		statement = ""
	else if (depth == 0)
		statement = statement "{"
	depth++
}

function close_brace() {
	depth--
	if (in_function)
		statement = ""
	else if (depth == 0)
		statement = statement "}"
	if (depth == 0)
		in_function = 0
}

function end_statement() {
	if (depth == 0)
		check_declaration(statement)
	else if (in_function)
		check_static_local(statement)
	if (depth == 0 || in_function)
		statement = ""
}

function is_function(text) {
	return text !~ /=/ && text ~ /\)[ \t]*$/
}

function check_static_local(text) {
	if (text ~ /^[ \t]*static[ \t]/)
		check_const(text)
}

function check_declaration(text) {
	gsub(/[ \t]+/, " ", text)
	sub(/^ /, "", text)
	if (text == "" || text ~ /^(typedef|extern|_Static_assert|G_DEFINE|G_STATIC_ASSERT|G_GNUC)/)
		return
	if (text ~ /^(struct|union|enum)( [A-Za-z0-9_]+)? ?(\{\})? ?$/) # a type
		return
	sub(/=.*/, "", text)
	if (text ~ /^[^{]*\(/ && text !~ /\( ?\*/) # a prototype
		return
	check_const(text)
}

function check_const(text) {
	sub(/=.*/, "", text)
	if (text ~ /volatile sig_atomic_t/ || text ~ /\( ?\* ?const /)
		return
	if (text ~ /\*/)
		sub(/^.*\*/, "", text)
	if (text !~ /(^|[^A-Za-z0-9_])const([^A-Za-z0-9_]|$)/)
		report(FNR, "state", "mutable state outside of a function's own variables: hand it in")
}

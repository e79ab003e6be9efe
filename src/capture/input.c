/* An input, opened: from a path to frames, or to the text of a log.
 *
 * Why: what lies between is the same for all of them: a descriptor, perhaps a decompressor, the first octets that say
 * what it is, and then a reader for that format. Feeds job/. It must not start other programs (libarchive would, for
 * compressions that it was built without, and for rare ones): only the four filters that are named here are let in, one
 * at a time, and none that needs a program.
 */
#include "config.h"

#include "formats.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Octets from a descriptor, counted. */
typedef struct {
	int fd; /* -1 = none */
	gboolean is_ours;
	uint64_t position;
} Disk;

struct AmInputFile {
	char *path;
	AmInputKind kind;
	Disk disk;
	AmBytes *raw;            /* as on the disk */
	size_t lent;             /* of `raw`, to libarchive */
	GError *raw_error;       /* of reading for libarchive */
	struct archive *archive; /* NULL = not compressed */
	AmBytes *bytes;          /* decompressed; == raw when not compressed */
	AmPcap *pcap;
	AmPcapng *pcapng;
	gboolean is_cut, at_end;
};

static gssize disk_read(void *source, void *buffer, size_t size, GError **error)
{
	Disk *disk = source;
	ssize_t got;
	do
		got = read(disk->fd, buffer, size);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN,
			    "cannot be read after octet %" G_GUINT64_FORMAT ": %s", disk->position, g_strerror(errno));
		return -1;
	}
	disk->position += (uint64_t)got;
	return got;
}

/* ---- Compression */

/* libarchive's read callback: lends what is buffered, and takes it back at the next call. */
static la_ssize_t archive_wants(struct archive *archive, void *user_data, const void **ret_buffer)
{
	AmInputFile *file = user_data;
	am_bytes_consume(file->raw, file->lent);
	file->lent = 0;
	if (!am_bytes_fill(file->raw, 1, file->raw_error == NULL ? &file->raw_error : NULL)) {
		archive_set_error(archive, EIO, "cannot be read");
		return -1;
	}
	file->lent = file->raw->left;
	*ret_buffer = file->raw->at;
	return (la_ssize_t)file->lent;
}

/* After a failure: the file's own error; a file that simply ends in the middle; or damage. */
static gssize archive_failed(AmInputFile *file, GError **error)
{
	if (file->raw_error != NULL) {
		g_propagate_error(error, g_steal_pointer(&file->raw_error));
		return -1;
	}
	if (file->raw->at_end) {
		file->is_cut = TRUE;
		return 0;
	}
	g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_CORRUPT, "its compressed data is damaged: %s",
		    archive_error_string(file->archive));
	return -1;
}

static gssize archive_bytes(void *source, void *buffer, size_t size, GError **error)
{
	AmInputFile *file = source;
	la_ssize_t got;
	do
		got = archive_read_data(file->archive, buffer, size);
	while (got == ARCHIVE_RETRY || got == ARCHIVE_WARN);
	return got >= 0 ? got : archive_failed(file, error);
}

static int support(struct archive *archive, AmCompression compression)
{
	switch (compression) {
	case AM_COMPRESSION_GZIP:
		return archive_read_support_filter_gzip(archive);
	case AM_COMPRESSION_ZSTD:
		return archive_read_support_filter_zstd(archive);
	case AM_COMPRESSION_XZ:
		return archive_read_support_filter_xz(archive);
	case AM_COMPRESSION_BZIP2:
		return archive_read_support_filter_bzip2(archive);
	case AM_COMPRESSION_NONE:
		break;
	}
	return ARCHIVE_FATAL;
}

/* FALSE with an error = failed; FALSE without = there is not one decompressed octet. */
static gboolean start_archive(AmInputFile *file, AmCompression compression, GError **error)
{
	file->archive = archive_read_new();
	if (file->archive == NULL || support(file->archive, compression) != ARCHIVE_OK) {
		g_set_error_literal(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN,
				    "this libarchive cannot undo its compression; decompress it first");
		return FALSE;
	}
	archive_read_support_format_raw(file->archive);
	archive_read_support_format_empty(file->archive);
	struct archive_entry *entry;
	int result = archive_read_open(file->archive, file, NULL, archive_wants, NULL);
	if (result == ARCHIVE_OK)
		result = archive_read_next_header(file->archive, &entry);
	/* A filter that does not know its own header leaves the bytes as they are. */
	if (result != ARCHIVE_FATAL && archive_filter_code(file->archive, 0) == ARCHIVE_FILTER_NONE) {
		g_set_error_literal(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_CORRUPT,
				    "it is compressed, and the header of its compression is damaged or cut short");
		return FALSE;
	}
	if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
		return TRUE;
	if (result != ARCHIVE_EOF)
		(void)archive_failed(file, error);
	return FALSE;
}

/* ---- Opening */

static gboolean open_disk(AmInputFile *file, GError **error)
{
	Disk *disk = &file->disk;
	if (strcmp(file->path, "-") == 0) {
		disk->fd = STDIN_FILENO;
		return TRUE;
	}
	disk->fd = open(file->path, O_RDONLY | O_CLOEXEC);
	disk->is_ours = disk->fd >= 0;
	struct stat status;
	if (disk->fd < 0 || fstat(disk->fd, &status) != 0) {
		g_set_error_literal(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN, g_strerror(errno));
		return FALSE;
	}
	if (S_ISDIR(status.st_mode)) {
		g_set_error_literal(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_OPEN, g_strerror(EISDIR));
		return FALSE;
	}
	if (S_ISREG(status.st_mode))
		(void)posix_fadvise(disk->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return TRUE;
}

/* Undoes compression, if any. */
static gboolean open_bytes(AmInputFile *file, GError **error)
{
	file->raw = am_bytes_new((AmByteReader){.read = disk_read, .source = &file->disk});
	file->bytes = file->raw;
	if (!am_bytes_fill(file->raw, 10, error))
		return FALSE;
	if (file->raw->left == 0) {
		g_set_error_literal(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_EMPTY,
				    "the file is empty (0 octets); was the capture stopped before it wrote?");
		return FALSE;
	}
	AmCompression compression = am_sniff_compression(file->raw->at, file->raw->left);
	if (compression == AM_COMPRESSION_NONE)
		return TRUE;
	GError *failure = NULL;
	gboolean has_bytes = start_archive(file, compression, &failure);
	if (failure == NULL && has_bytes) {
		file->bytes = am_bytes_new((AmByteReader){.read = archive_bytes, .source = file});
		(void)am_bytes_fill(file->bytes, 10, &failure);
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	if (!has_bytes || file->bytes->left == 0) {
		g_set_error_literal(
			error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_EMPTY,
			file->is_cut ? "it is compressed and was cut short, and nothing can be decompressed from it"
				     : "it is compressed, and nothing is left once decompressed");
		return FALSE;
	}
	return TRUE;
}

/* A log, or nothing that is read. */
static gboolean open_log(AmInputFile *file, AmRecogniseFunc recognise, GError **error)
{
	AmBytes *bytes = file->bytes;
	const char *what = NULL;
	if (recognise != NULL && recognise(bytes->at, bytes->left, &file->kind, &what))
		return TRUE;
	g_autofree char *looks = am_sniff_describe(bytes->at, bytes->left, what);
	g_set_error(error, AM_CAPTURE_ERROR, AM_CAPTURE_ERROR_FORMAT, "not a pcap or pcapng capture%s; it %s%s",
		    recognise != NULL ? " nor a connection log that is read" : "",
		    file->archive != NULL ? "is compressed, and inside " : "", looks);
	return FALSE;
}

static gboolean open_format(AmInputFile *file, AmRecogniseFunc recognise, GError **error)
{
	AmBytes *bytes = file->bytes;
	/* Captures show themselves in their first octets; only for what does not, more is waited for. */
	if (!am_sniff_kind(bytes->at, bytes->left, &file->kind))
		return am_bytes_fill(bytes, AM_SNIFF_SIZE, error) && open_log(file, recognise, error);
	if (file->kind == AM_INPUT_PCAP)
		file->pcap = am_pcap_open(bytes, error);
	else
		file->pcapng = am_pcapng_open(bytes, error);
	return file->pcap != NULL || file->pcapng != NULL;
}

AmInputFile *am_input_file_open(const char *path, AmRecogniseFunc recognise, GError **error)
{
	g_autoptr(AmInputFile) file = g_new0(AmInputFile, 1);
	file->path = g_strdup(path);
	file->disk.fd = -1;
	if (!open_disk(file, error) || !open_bytes(file, error) || !open_format(file, recognise, error)) {
		g_prefix_error(error, "cannot read %s: ", strcmp(path, "-") == 0 ? "standard input" : path);
		return NULL;
	}
	return g_steal_pointer(&file);
}

void am_input_file_free(AmInputFile *file)
{
	if (file == NULL)
		return;
	am_pcap_free(file->pcap);
	am_pcapng_free(file->pcapng);
	if (file->bytes != file->raw)
		am_bytes_free(file->bytes);
	if (file->archive != NULL)
		archive_read_free(file->archive);
	am_bytes_free(file->raw);
	g_clear_error(&file->raw_error);
	if (file->disk.is_ours)
		close(file->disk.fd);
	g_free(file->path);
	g_free(file);
}

/* ---- Reading */

AmInputKind am_input_file_kind(const AmInputFile *file)
{
	return file->kind;
}

uint64_t am_input_file_position(const AmInputFile *file)
{
	return file->disk.is_ours ? file->disk.position : 0;
}

gboolean am_input_file_was_cut(const AmInputFile *file)
{
	return file->is_cut;
}

static gssize log_read(void *source, void *buffer, size_t size, GError **error)
{
	AmInputFile *file = source;
	return am_bytes_read(file->bytes, buffer, size, error);
}

AmByteReader am_input_file_reader(AmInputFile *file)
{
	return (AmByteReader){.read = log_read, .source = file};
}

int am_input_file_next(AmInputFile *file, AmFrame *ret_frame, GError **error)
{
	if (file->at_end)
		return 0;
	int got = 0;
	gboolean is_cut = FALSE;
	if (file->pcap != NULL)
		got = am_pcap_next(file->pcap, ret_frame, &is_cut, error);
	else if (file->pcapng != NULL)
		got = am_pcapng_next(file->pcapng, ret_frame, &is_cut, error);
	file->at_end = got != 1;
	file->is_cut = file->is_cut || is_cut;
	return got;
}

/* program.c - finding and checking the program; see program.h. */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	MAX_SCRIPTS = 4
};

/* ---- where ------------------------------------------------------------------------------ */

static bool is_runnable(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode) && !access(path, X_OK);
}

static int check_file(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return msg_errno(errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND
		                                                     : STATUS_NOT_EXECUTABLE,
		                 "cannot find program: path=\"%s\"", path);
	if (!S_ISREG(status.st_mode))
		return msg_fail(STATUS_NOT_EXECUTABLE,
		                "cannot run program: path=\"%s\": not a regular file", path);
	if (access(path, X_OK))
		return msg_errno(STATUS_NOT_EXECUTABLE, "cannot run program: path=\"%s\"", path);
	return 0;
}

/* Looks for NAME in the folders of PATH; true when what PROGRAM->path is then can be run. */
static bool search_path(struct program *program, const char *name)
{
	const char *path = getenv("PATH");
	char found[sizeof program->path] = "";

	for (const char *at = path ? path : "/usr/bin:/bin"; *at; at += *at == ':') {
		size_t length = strcspn(at, ":");

		snprintf(program->path, sizeof program->path, "%.*s%s%s", (int)length, at,
		         length ? "/" : "", name);
		if (is_runnable(program->path))
			return true;
		if (!*found && !access(program->path, F_OK))
			memcpy(found, program->path, sizeof found);
		at += length;
	}
	memcpy(program->path, found, sizeof found);
	return false;
}

int program_find(struct program *program, const char *name)
{
	if (strchr(name, '/')) {
		snprintf(program->path, sizeof program->path, "%s", name);
		return check_file(name);
	}
	if (search_path(program, name))
		return 0;
	if (*program->path)
		return check_file(program->path);
	return msg_fail(STATUS_NOT_FOUND, "cannot find program: name=\"%s\": not in PATH", name);
}

bool program_in_path(const char *name)
{
	struct program program;

	return search_path(&program, name);
}

/* ---- what ------------------------------------------------------------------------------- */

/* Follows "#! INTERPRETER"; leaves the ELF file, or what is neither, in program->binary. */
static int follow_scripts(struct program *program)
{
	snprintf(program->binary, sizeof program->binary, "%s", program->path);
	for (int depth = 0; depth < MAX_SCRIPTS; depth++) {
		char line[sizeof program->binary] = "", *name;
		int fd = open(program->binary, O_RDONLY | O_CLOEXEC);
		ssize_t got = fd < 0 ? -1 : read(fd, line, sizeof line - 1);

		if (fd >= 0)
			close(fd);
		if (got < 2 || line[0] != '#' || line[1] != '!')
			return 0; /* not readable is no reason: exec does not need it */
		name = line + 2 + strspn(line + 2, " \t");
		name[strcspn(name, " \t\n")] = '\0';
		memmove(line, name, strlen(name) + 1);
		if (check_file(line))
			return STATUS_NOT_EXECUTABLE;
		snprintf(program->binary, sizeof program->binary, "%s", line);
	}
	return 0;
}

/* LD_PRELOAD is ignored for a program that runs with more rights than its caller. */
static int check_rights(const char *path)
{
	struct stat status;
	char capabilities[64];

	if (stat(path, &status))
		return 0;
	if (((status.st_mode & S_ISUID) && status.st_uid != getuid()) ||
	    ((status.st_mode & S_ISGID) && status.st_gid != getgid()))
		return msg_fail(
			STATUS_FAILED,
			"cannot record a setuid or setgid program: path=\"%s\": the loader ignores "
			"LD_PRELOAD there; record it as its owner",
			path);
	if (getuid() &&
	    getxattr(path, "security.capability", capabilities, sizeof capabilities) > 0)
		return msg_fail(
			STATUS_FAILED,
			"cannot record a program with file capabilities: path=\"%s\": the loader "
			"ignores LD_PRELOAD there",
			path);
	return 0;
}

/* This program's own header, by the linker. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* Reads the name of the program's loader; false when it has none: it is static. */
static bool loader_of(int fd, const ElfW(Ehdr) * header, char *name, size_t size)
{
	ElfW(Phdr) segment;
	ssize_t length;

	for (unsigned i = 0; i < header->e_phnum; i++) {
		if (pread(fd, &segment, sizeof segment,
		          (off_t)(header->e_phoff + i * sizeof segment)) != sizeof segment)
			return false;
		if (segment.p_type != PT_INTERP)
			continue;
		length = pread(fd, name, segment.p_filesz < size ? segment.p_filesz : size - 1,
		               (off_t)segment.p_offset);
		name[length > 0 ? length : 0] = '\0';
		return length > 0;
	}
	return false;
}

static int check_elf(int fd, const char *path)
{
	const int bits = 8 * (int)sizeof(void *);
	ElfW(Ehdr) header = {.e_ident = ""};
	char loader[256] = "";

	/* A header of the other class is longer or shorter, but the same up to the machine. */
	if (pread(fd, &header, sizeof header, 0) < (ssize_t)offsetof(ElfW(Ehdr), e_version) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG))
		return 0; /* exec says what it is */
	if (header.e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
	    header.e_machine != __ehdr_start.e_machine)
		return msg_fail(
			STATUS_FAILED,
			"cannot record a program of another architecture: path=\"%s\", bits=%d, "
			"machine=%d: libraries and session daemon are %d-bit, machine=%d",
			path, header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32, header.e_machine,
			bits, __ehdr_start.e_machine);
	if (!loader_of(fd, &header, loader, sizeof loader))
		return msg_fail(
			STATUS_FAILED,
			"cannot record a static program: path=\"%s\": nothing can be preloaded into "
			"it; link it dynamically",
			path);
	if (strstr(loader, "ld-musl"))
		return msg_fail(
			STATUS_FAILED,
			"cannot record a program of another libc: path=\"%s\", loader=\"%s\"", path,
			loader);
	return 0;
}

int program_check(struct program *program)
{
	int status = follow_scripts(program), fd;

	if (!status)
		status = check_rights(program->binary);
	fd = status ? -1 : open(program->binary, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		status = check_elf(fd, program->binary);
		close(fd);
	}
	return status;
}

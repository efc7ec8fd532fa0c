/* Writes numbered lines to stdout, so that a lost or doubled one can be found afterwards.
 *
 *   numbered_writer NAME NOTES WIDTH LINES_A_WRITE LINES_A_SECOND BURST_LINES
 *
 * Each line is "NAME PID 0000000001 xxx...\n", WIDTH bytes long. LINES_A_SECOND may be 0. SIGUSR1 makes it write BURST_LINES
 * lines more as fast as the pipe takes them. Writes block; a write that fails is noted and its lines are gone.
 *
 * NOTES is a file that all writers append to: "START NAME PID" at main, "DOUBLE NAME PID" when another instance
 * of NAME lives at the same time (it holds the lock file NOTES.NAME), "ERROR NAME PID ERRNO NUMBER" (the first few), "END NAME PID" on SIGTERM. The file NOTES.NAME.PID holds
 * two native 64-bit numbers: how many lines have been taken by the pipe, true also of an instance that was killed, and
 * how many were tried.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MOST_BYTES (1 << 20)
#define MOST_ERRORS 3

static volatile sig_atomic_t ending, bursts;
static const char *name;
static int notes, errors;

static void on_end(int signum) { (void)signum; ending = 1; }
static void on_burst(int signum) { (void)signum; bursts++; }

static volatile int64_t *open_progress(const char *path) {
    char progress_path[4096];
    snprintf(progress_path, sizeof progress_path, "%s.%s.%d", path, name, (int)getpid());
    int fd = open(progress_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, 2 * sizeof(int64_t)) < 0) _exit(3);
    void *shared = mmap(NULL, 2 * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) _exit(3);
    return shared;
}

static void note(const char *what, const char *more) {
    char line[512];
    int size = snprintf(line, sizeof line, "%s %s %d%s\n", what, name, (int)getpid(), more);
    if (write(notes, line, (size_t)size) != size) _exit(3);
}

static void take_lock(const char *path) {
    char lock_path[4096];
    snprintf(lock_path, sizeof lock_path, "%s.%s", path, name);
    int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) _exit(3);
    if (flock(lock, LOCK_EX | LOCK_NB) < 0) note("DOUBLE", "");
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Write `size` bytes of lines, the first of which is the line after `written`; keep count in `*progress`. */
static void put(const char *data, size_t size, size_t width, int64_t written, volatile int64_t *progress) {
    for (size_t done = 0; done < size;) {
        ssize_t count = write(STDOUT_FILENO, data + done, size - done);
        if (count >= 0) {
            done += (size_t)count;
            *progress = written + (int64_t)(done / width);
        } else if (errno != EINTR) {
            char more[64];
            if (errors++ >= MOST_ERRORS) return;
            snprintf(more, sizeof more, " %d %lld", errno, (long long)(written + (int64_t)(done / width) + 1));
            note("ERROR", more);
            return;
        }
    }
}

int main(int argc, char **argv) {
    static char buffer[MOST_BYTES];
    if (argc != 7) return 2;
    name = argv[1];
    size_t width = (size_t)atol(argv[3]);
    int64_t a_write = atoll(argv[4]), burst_lines = atoll(argv[6]);
    double a_second = atof(argv[5]);
    if (a_write * (int64_t)width > MOST_BYTES || width < strlen(name) + 24) return 2;
    notes = open(argv[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (notes < 0) return 3;

    sigset_t held, during_wait;
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGUSR1);
    sigprocmask(SIG_BLOCK, &held, NULL); /* taken only in pselect below: no wake-up is missed */
    sigemptyset(&during_wait);
    struct sigaction action = {.sa_handler = on_end};
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = on_burst;
    sigaction(SIGUSR1, &action, NULL);
    take_lock(argv[2]);
    volatile int64_t *progress = open_progress(argv[2]);
    int pid = (int)getpid();
    note("START", "");

    double began = now();
    int64_t number = 0, steady = 0, extra = 0;
    while (!ending) {
        extra += bursts * burst_lines;
        bursts = 0;
        int64_t due = (int64_t)((now() - began) * a_second) - steady;
        int64_t count = due + extra < a_write ? due + extra : a_write;
        if (count > 0) {
            for (int64_t line = 0; line < count; line++) {
                char *at = buffer + (size_t)line * width;
                int head = sprintf(at, "%s %d %010lld ", name, pid, (long long)(number + line + 1));
                memset(at + head, 'x', width - (size_t)head - 1);
                at[width - 1] = '\n';
            }
            put(buffer, (size_t)count * width, width, number, progress);
            number += count;
            progress[1] = number;
            int64_t from_extra = count < extra ? count : extra;
            extra -= from_extra;
            steady += count - from_extra;
        }
        /* Signals are let in here; with nothing due, until the next line is. */
        struct timespec pause = {0, 0};
        if (extra <= 0 && count <= due) pause.tv_nsec = a_second > 1 ? (long)(9e8 / a_second) : 999999999;
        sigset_t previous;
        if (pause.tv_nsec == 0) {
            sigpending(&previous);
            if (!sigismember(&previous, SIGTERM) && !sigismember(&previous, SIGUSR1)) continue;
        }
        pselect(0, NULL, NULL, NULL, &pause, &during_wait);
    }
    note("END", "");
    return 0;
}

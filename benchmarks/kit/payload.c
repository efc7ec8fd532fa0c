/* The program that every contender runs. It notes CLOCK_MONOTONIC at its main and then does one small job.
 *
 *   payload note  FIFO                         note, then wait for ever
 *   payload flood FIFO SIZE TOTAL SECONDS      wait for SIGUSR1, write TOTAL bytes to stdout in writes of SIZE, note
 *   payload lines FIFO INTERVAL_MS             one line every INTERVAL_MS, for ever
 *   payload listen FIFO EVENTS                 an event listener that holds its first event until SIGUSR1
 *
 * A note is one record of four 64-bit numbers (kind, pid, nanoseconds, count), written to FIFO in one write.
 * FIFO stays open for writing, so its reader sees the end of file when the last program has gone.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NOTE_MAIN = 1, NOTE_BEGIN = 2, NOTE_END = 3 };

static int notes;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void note_at(int64_t kind, int64_t when, int64_t count) {
    int64_t record[4] = {kind, getpid(), when, count};
    if (write(notes, record, sizeof record) != sizeof record) _exit(3);
}

static void put(const char *data, size_t size) {
    while (size > 0) {
        ssize_t done = write(1, data, size);
        if (done <= 0) _exit(4);
        data += done;
        size -= (size_t)done;
    }
}

static void wait_for_go(void) {
    sigset_t set;
    int got;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigwait(&set, &got);
}

static void flood(size_t size, int64_t total, int64_t seconds) {
    static const char line[] = "flood: a line of one hundred bytes, as long as what a web server writes about a request it served ok\n";
    static const char end[] = "flood: END\n";
    size_t width = 100;
    char *block = malloc(size);
    int64_t begin, limit, sent = 0;
    for (size_t i = 0; i < size; i++) block[i] = (i % width == width - 1) ? '\n' : line[i % width];
    wait_for_go();
    begin = now_ns();
    limit = begin + seconds * 1000000000;
    note_at(NOTE_BEGIN, begin, 0);
    for (int64_t turn = 0; sent < total; turn++) {
        put(block, size);
        sent += (int64_t)size;
        if (turn % 64 == 0 && now_ns() > limit) break;
    }
    put(end, sizeof end - 1);
    note_at(NOTE_END, now_ns(), sent);
}

static void lines(int64_t interval_ms) {
    static const char line[] = "a line of one hundred bytes, as long as what a web server writes about a request that it served ok\n";
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (;;) {
        put(line, sizeof line - 1);
        next.tv_nsec += interval_ms * 1000000;
        while (next.tv_nsec >= 1000000000) {
            next.tv_nsec -= 1000000000;
            next.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}

static void listen_to(int64_t events) {
    static char header[4096], body[65536];
    put("READY\n", 6);
    for (int64_t seen = 0;;) {
        if (!fgets(header, sizeof header, stdin)) _exit(0);
        char *len = strstr(header, "len:");
        size_t size = len ? (size_t)atol(len + 4) : 0;
        if (size > sizeof body || fread(body, 1, size, stdin) != size) _exit(0);
        seen++;
        if (seen == 1) {
            note_at(NOTE_BEGIN, now_ns(), seen);
            wait_for_go();
            note_at(NOTE_BEGIN, now_ns(), seen);
        }
        if (seen == events) note_at(NOTE_END, now_ns(), seen);
        put("RESULT 2\nOK", 11);
        put("READY\n", 6);
    }
}

int main(int argc, char **argv) {
    int64_t started = now_ns();
    sigset_t set;
    if (argc < 3) return 2;
    sigemptyset(&set);
    if (!strcmp(argv[1], "flood") || !strcmp(argv[1], "listen")) sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_SETMASK, &set, NULL);
    notes = open(argv[2], O_WRONLY | O_CLOEXEC);
    if (notes < 0) return 2;
    note_at(NOTE_MAIN, started, 0);
    if (!strcmp(argv[1], "flood") && argc > 5) flood((size_t)atol(argv[3]), atoll(argv[4]), atoll(argv[5]));
    if (!strcmp(argv[1], "lines") && argc > 3) lines(atoll(argv[3]));
    if (!strcmp(argv[1], "listen") && argc > 3) listen_to(atoll(argv[3]));
    for (;;) pause();
}

// loadgen: HTTP/1.1 load generator that does a fixed amount of work. One thread, edge-triggered epoll, loopback only.
//
//   loadgen -p IP:PORT -c CONNECTIONS -n REQUESTS [-u PATH] [-m ka|close|idle|udp] [-d SECONDS] [-r RATE] [-b LENGTH] [-H]
//
//   -m   ka: keep-alive (default); close: a connection for each request; idle: one request on each connection, which
//        then stays open until standard input ends, when the living ones are counted; udp: no HTTP, each socket sends a
//        datagram of 64 bytes and waits until it comes back, for a second at most
//   -d   give up after so many seconds (15)
//   -r   open loop: so many requests a second, each timed from when it was due
//   -b   expected length of the body; any other counts as a failure
//   -H   nine more request headers, as a browser sends them
//
// Prints one line of JSON. Bodies are discarded inside the kernel, so that large ones cost the generator little.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_SIZE = 16384, EVENTS = 1024, BUCKETS = 64 * 64, DATAGRAM_SIZE = 64 };

typedef unsigned long long u64;

typedef enum { CLOSED, CONNECTING, READY, IN_HEAD, IN_BODY, IN_CLOSE } State;

typedef struct {
    int fd;
    State state;
    int length;
    u64 began;
    long long body_left;
    char buffer[BUFFER_SIZE];
} Connection;

static enum { KEEP_ALIVE, CLOSE, IDLE, UDP } mode;
static struct sockaddr_in server;
static int connection_count = 64;
static u64 total = 10000;
static double rate, longest = 15;
static long long expected_length = -1;
static char request[4096];
static int request_length;

static Connection *connections, **waiting; // waiting: in open loop, those that have nothing to do yet
static int waiting_count, epoll_fd;
static u64 started, begun, finished, failures, bad_status, refused, reconnects, bytes;
static u64 histogram[BUCKETS];

static u64 now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

// Latencies are counted in buckets of 1/64 of their own size, so that percentiles are right to 1.6 %.
static int bucket(u64 us) {
    if (us < 64) {
        return us;
    }
    int shift = 63 - __builtin_clzll(us) - 6;
    int index = 64 + shift * 64 + ((us >> shift) & 63);
    return index < BUCKETS ? index : BUCKETS - 1;
}

static double bucket_middle(int index) {
    if (index < 64) {
        return index + 0.5;
    }
    int shift = (index - 64) / 64;
    return (64 + (index - 64) % 64 + 0.5) * (double)(1ull << shift);
}

static double percentile(double share) {
    u64 count = 0, seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        count += histogram[i];
    }
    for (int i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen > (u64)(count * share)) {
            return bucket_middle(i);
        }
    }
    return 0;
}

static u64 due(u64 number) {
    return started + (u64)(number * 1e9 / rate);
}

// May one more request begin now? If so, its time starts.
static bool take_turn(Connection *c) {
    if (begun >= total || (rate > 0 && due(begun) > now())) {
        return false;
    }
    c->began = rate > 0 ? due(begun) : now();
    begun++;
    return true;
}

static void begin(Connection *c);

// Idle connections are opened a few at a time: many requests at once would need memory of their own.
#define OPENED_AT_ONCE 32
static int opened;

static void begin_next_idle(void) {
    if (opened < connection_count) {
        begin(&connections[opened++]);
    }
}

static void drop(Connection *c) {
    if (c->fd >= 0) {
        close(c->fd);
    }
    c->fd = -1;
    c->state = CLOSED;
}

static void fail(Connection *c) {
    failures++;
    finished++;
    reconnects++;
    drop(c);
    if (mode != IDLE) {
        begin(c);
    } else {
        begin_next_idle();
    }
}

static void complete(Connection *c) {
    histogram[bucket((now() - c->began) / 1000)]++;
    finished++;
    c->state = c->fd >= 0 ? READY : CLOSED;
    if (mode != IDLE) {
        begin(c);
    } else {
        begin_next_idle();
    }
}

static void open_connection(Connection *c) {
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (void *)&server, sizeof server) && errno != EINPROGRESS) {
        // Counted, but not tried again at once: revive() does, or a local shortage of ports would recurse without end.
        refused++;
        failures++;
        finished++;
        drop(c);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
    c->state = CONNECTING;
}

// A datagram is known by its number: an answer to an earlier one does not count.
static void send_datagram(Connection *c) {
    c->state = IN_HEAD;
    memset(c->buffer, 'x', DATAGRAM_SIZE);
    memcpy(c->buffer, &begun, sizeof begun);
    if (send(c->fd, c->buffer, DATAGRAM_SIZE, MSG_NOSIGNAL) != DATAGRAM_SIZE) {
        fail(c);
    }
}

static void open_datagram_socket(Connection *c) {
    c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    connect(c->fd, (void *)&server, sizeof server);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
    send_datagram(c);
}

static void on_datagrams(Connection *c) {
    char answer[DATAGRAM_SIZE + 1];
    ssize_t received;
    while ((received = recv(c->fd, answer, sizeof answer, 0)) >= 0) {
        if (c->state == IN_HEAD && received == DATAGRAM_SIZE && memcmp(answer, c->buffer, DATAGRAM_SIZE) == 0) {
            bytes += received;
            complete(c);
        }
    }
    if (errno != EAGAIN && c->state == IN_HEAD) {
        fail(c);
    }
}

static void send_request(Connection *c) {
    c->state = IN_HEAD;
    c->length = 0;
    if (send(c->fd, request, request_length, MSG_NOSIGNAL) != request_length) {
        fail(c);
    }
}

static void begin(Connection *c) {
    if (!take_turn(c)) {
        c->state = c->fd >= 0 ? READY : CLOSED;
        if (rate > 0) {
            waiting[waiting_count++] = c;
        }
    } else if (mode == UDP) {
        c->fd < 0 ? open_datagram_socket(c) : send_datagram(c);
    } else if (c->fd < 0) {
        open_connection(c);
    } else {
        send_request(c);
    }
}

static void body_complete(Connection *c) {
    if (mode == CLOSE) {
        c->state = IN_CLOSE;
    } else {
        complete(c);
    }
}

// Reads the end of the head at `end`; the body that came with it counts as read.
static void head_complete(Connection *c, char *end) {
    int head_length = end + 4 - c->buffer;
    if (c->length < 12 || memcmp(c->buffer + 8, " 200", 4) != 0) {
        bad_status++;
    }

    end[2] = 0;
    char *header = strcasestr(c->buffer, "\ncontent-length:");
    long long length = header ? atoll(header + strlen("\ncontent-length:")) : -1;
    c->body_left = length - (c->length - head_length);
    if (length < 0 || c->body_left < 0 || (expected_length >= 0 && length != expected_length)) {
        if (failures == 0) {
            fprintf(stderr, "unexpected answer: %.200s\n", c->buffer);
        }
        fail(c);
    } else if (c->body_left == 0) {
        body_complete(c);
    } else {
        c->state = IN_BODY;
    }
}

static void on_head(Connection *c, ssize_t received) {
    bytes += received;
    c->length += received;
    c->buffer[c->length] = 0;
    char *end = memmem(c->buffer, c->length, "\r\n\r\n", 4);
    if (end) {
        head_complete(c, end);
    } else if (c->length == BUFFER_SIZE - 1) {
        fail(c);
    }
}

static void on_body(Connection *c, ssize_t received) {
    bytes += received;
    c->body_left -= received;
    if (c->body_left == 0) {
        body_complete(c);
    }
}

static ssize_t receive(Connection *c) {
    static char discarded[1 << 20];
    size_t wanted = c->body_left > (8 << 20) ? 8 << 20 : c->body_left;
    return c->state == IN_BODY   ? recv(c->fd, discarded, wanted, MSG_TRUNC)
           : c->state == IN_HEAD ? recv(c->fd, c->buffer + c->length, BUFFER_SIZE - 1 - c->length, 0)
                                 : recv(c->fd, discarded, sizeof discarded, 0);
}

static void on_readable(Connection *c) {
    while (c->fd >= 0 && c->state >= READY) {
        ssize_t received = receive(c);
        if (received < 0 && errno == EAGAIN) {
            return;
        }

        if (c->state == READY) {
            drop(c); // The server closed an idle connection: no failure, the next request opens another.
            reconnects++;
        } else if (c->state == IN_CLOSE && received == 0) {
            drop(c);
            complete(c);
        } else if (c->state == IN_CLOSE || received <= 0) {
            fail(c);
        } else if (c->state == IN_HEAD) {
            on_head(c, received);
        } else {
            on_body(c, received);
        }
    }
}

static void on_event(Connection *c, unsigned events) {
    if (mode == UDP) {
        on_datagrams(c);
    } else if (c->state != CONNECTING) {
        on_readable(c);
    } else if (events & (EPOLLERR | EPOLLHUP)) {
        refused++;
        fail(c);
    } else if (events & EPOLLOUT) {
        send_request(c);
    }
}

// Starts what is due in open loop, and returns how long there is nothing to start.
static long start_due(u64 time, long patience_ns) {
    while (waiting_count > 0 && begun < total && due(begun) <= time) {
        begin(waiting[--waiting_count]);
    }
    if (waiting_count > 0 && begun < total) {
        long until = due(begun) > time ? (long)(due(begun) - time) : 0;
        return until < patience_ns ? until : patience_ns;
    }
    return patience_ns;
}

// Ten times a second: connections that could not be opened get another chance, and lost datagrams are given up.
static void revive(u64 time) {
    static u64 last;
    if (time - last < 100000000ull || mode == IDLE) {
        return;
    }
    last = time;
    for (Connection *c = connections; c < connections + connection_count; c++) {
        if (c->state == CLOSED && begun < total && rate == 0) {
            begin(c);
        } else if (mode == UDP && c->state == IN_HEAD && time > c->began + 1000000000ull) {
            fail(c);
        }
    }
}

static bool run(void) {
    struct epoll_event events[EVENTS];
    u64 end = started + (u64)(longest * 1e9);
    for (int i = 0; i < connection_count; i++) {
        connections[i].fd = -1;
    }
    if (mode == IDLE) {
        while (opened < connection_count && opened < OPENED_AT_ONCE) {
            begin_next_idle();
        }
    } else {
        for (int i = 0; i < connection_count; i++) {
            begin(&connections[i]);
            if (connection_count > 512 && i % 128 == 127) {
                usleep(2000); // A listen queue holds only so many.
            }
        }
    }

    while (finished < total) {
        u64 time = now();
        if (time > end) {
            return false;
        }

        struct timespec patience = {.tv_nsec = start_due(time, 50000000)};
        int count = epoll_pwait2(epoll_fd, events, EVENTS, &patience, NULL);
        for (int i = 0; i < count; i++) {
            Connection *c = events[i].data.ptr;
            if (c->fd >= 0) {
                on_event(c, events[i].events);
            }
        }
        revive(time);
    }
    return true;
}

static void print_result(bool in_time) {
    double seconds = (now() - started) / 1e9;
    printf("{\"requests\":%llu,\"ok\":%llu,\"fail\":%llu,\"bad_status\":%llu,\"refused\":%llu,\"reconnects\":%llu,"
           "\"timed_out\":%d,\"secs\":%.4f,\"rps\":%.1f,\"bytes\":%llu,\"p50_us\":%.1f,\"p90_us\":%.1f,"
           "\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f}\n",
           finished, finished - failures - bad_status, failures, bad_status, refused, reconnects, !in_time, seconds,
           finished / seconds, bytes, percentile(.5), percentile(.9), percentile(.99), percentile(.999),
           percentile(.9999999));
    fflush(stdout);
}

static void wait_and_count_alive(void) {
    char byte;
    int alive = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    for (Connection *c = connections; c < connections + connection_count; c++) {
        alive += c->fd >= 0 && recv(c->fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
    }
    printf("{\"alive\":%d}\n", alive);
}

static void write_request(const char *path, const char *host, bool browser_headers) {
    request_length = sprintf(request, "GET %.1000s HTTP/1.1\r\nHost: %.100s\r\n%s%s\r\n", path, host,
        mode == CLOSE ? "Connection: close\r\n" : "",
        !browser_headers ? "" :
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
        "Safari/537.36\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
        "Accept-Encoding: gzip, deflate, br\r\n"
        "Accept-Language: en-GB,en;q=0.9,de;q=0.7\r\n"
        "Cookie: sid=8f14e45fceea167a5a36dedd4bea2543; theme=dark; _ga=GA1.2.1234567890.1700000000\r\n"
        "Referer: http://shop.example.test/catalogue/items?page=3&sort=price\r\n"
        "Cache-Control: max-age=0\r\n"
        "Upgrade-Insecure-Requests: 1\r\n"
        "X-Request-Id: 5f0c7c1e-6d1f-4f2e-9a53-0b8f3d1f2a11\r\n");
}

static bool parse_server(char *text) {
    char address[64];
    char *colon = strchr(text, ':');
    if (!colon) {
        return false;
    }
    snprintf(address, sizeof address, "%.*s", (int)(colon - text), text);
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(colon + 1));
    return inet_pton(AF_INET, address, &server.sin_addr) == 1 && ntohl(server.sin_addr.s_addr) >> 24 == 127;
}

int main(int argc, char **argv) {
    char *path = "/", *host = "";
    bool browser_headers = false;
    int option;
    while ((option = getopt(argc, argv, "p:c:n:d:m:u:r:b:H")) != -1) {
        switch (option) {
        case 'p': host = optarg; break;
        case 'c': connection_count = atoi(optarg); break;
        case 'n': total = strtoull(optarg, NULL, 10); break;
        case 'd': longest = atof(optarg); break;
        case 'm':
            mode = strcmp(optarg, "close") == 0  ? CLOSE
                   : strcmp(optarg, "idle") == 0 ? IDLE
                   : strcmp(optarg, "udp") == 0  ? UDP
                                                 : KEEP_ALIVE;
            break;
        case 'u': path = optarg; break;
        case 'r': rate = atof(optarg); break;
        case 'b': expected_length = atoll(optarg); break;
        case 'H': browser_headers = true; break;
        default: return 2;
        }
    }
    if (!parse_server(host)) {
        fprintf(stderr, "-p wants 127.x.y.z:PORT\n");
        return 2;
    }

    signal(SIGPIPE, SIG_IGN);
    write_request(path, host, browser_headers);
    if (mode == IDLE) {
        total = connection_count;
    }
    connections = calloc(connection_count, sizeof *connections);
    waiting = calloc(connection_count, sizeof *waiting);
    epoll_fd = epoll_create1(0);
    started = now();

    bool in_time = run();
    print_result(in_time);
    if (mode == IDLE) {
        wait_and_count_alive();
    }
    return 0;
}

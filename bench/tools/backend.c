// backend PORT [PORT...]: small HTTP/1.1 server for benchmarks. One thread, edge-triggered epoll, loopback only.
//
//   GET /         13 bytes
//   GET /b/N      N bytes
//   GET /stats    one line a port: port, requests, connections
//
// Request bodies with a Content-Length are read and thrown away. UDP on the same ports: each datagram goes back as it is.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FD = 65536, MAX_PORTS = 64, INPUT_SIZE = 16384, HEAD_SIZE = 4096, FILL_SIZE = 1 << 20, EVENTS = 512 };

typedef unsigned long long u64;

typedef struct {
    int port;
    u64 requests, connections;
} Port;

// head and body_left are the answer being sent; skip is what is left of a request body. A new connection starts with
// everything before the buffers set to zero.
typedef struct {
    int fd;
    Port *port;
    int input_length, head_length, head_sent;
    u64 body_left, skip;
    bool close_after;
    char head[HEAD_SIZE];
    char input[INPUT_SIZE + 1];
} Connection;

typedef enum { DONE, BLOCKED, DEAD } Progress;

static Port ports[MAX_PORTS];
static int port_count;
static Port *listeners[MAX_FD];
static Connection *connections[MAX_FD];
static bool is_datagram_socket[MAX_FD];
static char *fill;
static int epoll_fd;

static const char *http_date(void) {
    static char text[64];
    static time_t last;
    time_t now = time(NULL);
    if (now != last) {
        struct tm parts;
        last = now;
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
    }
    return text;
}

static size_t next_piece(const Connection *c) {
    return c->body_left > FILL_SIZE ? FILL_SIZE : c->body_left;
}

static Progress send_answer(Connection *c) {
    while (c->head_sent < c->head_length || c->body_left > 0) {
        size_t head_left = c->head_length - c->head_sent;
        struct iovec parts[2] = {{c->head + c->head_sent, head_left}, {fill, next_piece(c)}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t sent = sendmsg(c->fd, &message, MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN ? BLOCKED : DEAD;
        }
        size_t of_head = (size_t)sent < head_left ? (size_t)sent : head_left;
        c->head_sent += of_head;
        c->body_left -= sent - of_head;
    }
    return DONE;
}

static void consume(Connection *c, int length) {
    c->input_length -= length;
    memmove(c->input, c->input + length, c->input_length);
}

static bool wants_close(char *request) {
    char *line_end = strstr(request, "\r\n");
    bool close = line_end - request >= 3 && memcmp(line_end - 3, "1.0", 3) == 0;
    char *header = strcasestr(request, "\nconnection:");
    if (header) {
        header += strlen("\nconnection:");
        header += strspn(header, " ");
        if (strncasecmp(header, "close", 5) == 0) {
            close = true;
        } else if (strncasecmp(header, "keep-alive", 10) == 0) {
            close = false;
        }
    }
    return close;
}

static int write_stats(char *text) {
    int length = 0;
    for (Port *p = ports; p < ports + port_count; p++) {
        length += sprintf(text + length, "%d %llu %llu\n", p->port, p->requests, p->connections);
    }
    return length;
}

// Makes the answer to the request at the start of the input; its head is terminated by a zero byte.
static bool prepare_answer(Connection *c) {
    char stats[MAX_PORTS * 48];
    int stats_length = 0;
    char *path = strchr(c->input, ' ');
    if (!path) {
        return false;
    }

    path++;
    c->body_left = 13;
    if (strncmp(path, "/b/", 3) == 0) {
        c->body_left = strtoull(path + 3, NULL, 10);
    } else if (strncmp(path, "/stats", 6) == 0) {
        stats_length = write_stats(stats);
        c->body_left = 0;
    }

    char *length = strcasestr(c->input, "\ncontent-length:");
    c->skip = length ? strtoull(length + strlen("\ncontent-length:"), NULL, 10) : 0;
    c->close_after = wants_close(c->input);
    c->head_sent = 0;
    c->head_length = sprintf(c->head,
        "HTTP/1.1 200 OK\r\nServer: backend\r\nDate: %s\r\nContent-Type: text/plain\r\nContent-Length: %llu\r\n%s\r\n",
        http_date(), c->body_left + stats_length, c->close_after ? "Connection: close\r\n" : "");
    memcpy(c->head + c->head_length, stats, stats_length);
    c->head_length += stats_length;
    return true;
}

// Answers what the input holds until it is empty (DONE), the client does not read (BLOCKED) or the connection ends.
static Progress serve(Connection *c) {
    for (;;) {
        Progress progress = send_answer(c);
        if (progress != DONE) {
            return progress;
        }
        if (c->close_after) {
            return DEAD;
        }

        int skipped = c->skip < (u64)c->input_length ? (int)c->skip : c->input_length;
        c->skip -= skipped;
        consume(c, skipped);

        char *end = memmem(c->input, c->input_length, "\r\n\r\n", 4);
        if (!end) {
            return c->input_length == INPUT_SIZE ? DEAD : DONE;
        }

        c->port->requests++;
        end[3] = 0;
        if (!prepare_answer(c)) {
            return DEAD;
        }
        consume(c, end + 4 - c->input);
    }
}

static Progress receive(Connection *c, bool peer_closed) {
    for (;;) {
        int room = INPUT_SIZE - c->input_length;
        if (room == 0) {
            return serve(c); // A pipelining client that does not read: nothing more is taken from it.
        }

        ssize_t received = recv(c->fd, c->input + c->input_length, room, 0);
        if (received < 0) {
            return errno == EAGAIN ? DONE : DEAD;
        }
        if (received == 0) {
            return DEAD;
        }

        c->input_length += received;
        if (serve(c) == DEAD) {
            return DEAD;
        }
        if (received < room && !peer_closed) {
            return DONE;
        }
    }
}

static void watch(int fd, unsigned events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void accept_all(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_FD) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Connection *c = connections[fd] = malloc(sizeof *c);
        memset(c, 0, offsetof(Connection, head));
        c->fd = fd;
        c->port = listeners[listener];
        c->port->connections++;
        watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    }
}

static void on_event(int fd, unsigned events) {
    Connection *c = connections[fd];
    Progress progress = DONE;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) {
        progress = receive(c, events & (EPOLLHUP | EPOLLRDHUP));
    }
    if (progress != DEAD && events & EPOLLOUT) {
        progress = serve(c);
    }
    if (progress == DEAD) {
        close(fd);
        free(c);
        connections[fd] = NULL;
    }
}

static void return_datagrams(int fd) {
    static char datagram[65536];
    struct sockaddr_in sender;
    socklen_t sender_length = sizeof sender;
    ssize_t length;
    while ((length = recvfrom(fd, datagram, sizeof datagram, MSG_DONTWAIT, (void *)&sender, &sender_length)) >= 0) {
        sendto(fd, datagram, length, MSG_DONTWAIT, (void *)&sender, sender_length);
    }
}

static void take_datagrams_on(Port *port) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4 << 20;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(fd, (void *)&address, sizeof address)) {
        perror("bind");
        exit(1);
    }
    is_datagram_socket[fd] = true;
    watch(fd, EPOLLIN);
}

static void listen_on(Port *port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (void *)&address, sizeof address) || listen(fd, 4096)) {
        perror("bind");
        exit(1);
    }
    listeners[fd] = port;
    watch(fd, EPOLLIN);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    fill = aligned_alloc(4096, FILL_SIZE);
    memset(fill, 'x', FILL_SIZE);
    memcpy(fill, "Hello, World\n", 13);
    epoll_fd = epoll_create1(0);
    for (int i = 1; i < argc && port_count < MAX_PORTS; i++) {
        ports[port_count].port = atoi(argv[i]);
        take_datagrams_on(&ports[port_count]);
        listen_on(&ports[port_count++]);
    }

    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(epoll_fd, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (listeners[fd]) {
                accept_all(fd);
            } else if (is_datagram_socket[fd]) {
                return_datagrams(fd);
            } else if (connections[fd]) {
                on_event(fd, events[i].events);
            }
        }
    }
}

// The least that relaying UDP by sockets takes: no time-outs, no counters, no errors told, nothing ever closed. A thread for each
// CPU, each with its own socket on the port; a connected socket for each client; datagrams are received and answered in batches.
//
//   udprelay LISTEN_PORT DESTINATION_PORT...     all on 127.0.0.1

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, SIZE = 2048, EVENTS = 512, SLOTS = 1 << 16 };

static int listen_port;
static int destination_count;
static struct sockaddr_in destinations[16];

typedef struct {
    int fd;
    struct sockaddr_in client;
} Session;

typedef struct {
    int count;
    struct mmsghdr headers[BATCH];
    struct iovec pieces[BATCH];
    struct sockaddr_in addresses[BATCH];
    char bytes[BATCH][SIZE];
} Batch;

typedef struct {
    int epoll, fd;
    unsigned next;
    Session *by_port[SLOTS]; // All clients are on one address.
    Batch in, out;
} Loop;

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void prepare(Batch *batch) {
    for (int i = 0; i < BATCH; i++) {
        batch->pieces[i] = (struct iovec){batch->bytes[i], SIZE};
        batch->headers[i].msg_hdr = (struct msghdr){.msg_name = &batch->addresses[i], .msg_namelen = sizeof batch->addresses[i],
                                                    .msg_iov = &batch->pieces[i], .msg_iovlen = 1};
    }
}

static void watch(Loop *loop, int fd, Session *session) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
}

static Session *session_of(Loop *loop, const struct sockaddr_in *client) {
    Session **slot = &loop->by_port[ntohs(client->sin_port)];
    if (!*slot) {
        Session *session = *slot = malloc(sizeof *session);
        *session = (Session){socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), *client};
        connect(session->fd, (struct sockaddr *)&destinations[loop->next++ % destination_count], sizeof *destinations);
        watch(loop, session->fd, session);
    }
    return *slot;
}

static void forward(Loop *loop) {
    int count = recvmmsg(loop->fd, loop->in.headers, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        send(session_of(loop, &loop->in.addresses[i])->fd, loop->in.bytes[i], loop->in.headers[i].msg_len, MSG_DONTWAIT);
    }
}

static void flush(Loop *loop) {
    if (loop->out.count > 0) {
        sendmmsg(loop->fd, loop->out.headers, loop->out.count, MSG_DONTWAIT);
        loop->out.count = 0;
    }
}

static void answer(Loop *loop, const Session *session) {
    int i = loop->out.count;
    ssize_t length = recv(session->fd, loop->out.bytes[i], SIZE, MSG_DONTWAIT);
    if (length >= 0) {
        loop->out.pieces[i].iov_len = length;
        loop->out.addresses[i] = session->client;
        if (++loop->out.count == BATCH) {
            flush(loop);
        }
    }
}

static void *run(void *state) {
    Loop *loop = state;
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(loop->epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr) {
                answer(loop, events[i].data.ptr);
            } else {
                forward(loop);
            }
        }
        flush(loop);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 18) {
        return 2;
    }
    listen_port = atoi(argv[1]);
    for (int i = 2; i < argc; i++) {
        destinations[destination_count++] = loopback(atoi(argv[i]));
    }

    long threads = sysconf(_SC_NPROCESSORS_ONLN);
    for (long i = 0; i < threads; i++) {
        Loop *loop = calloc(1, sizeof *loop);
        struct sockaddr_in address = loopback(listen_port);
        loop->epoll = epoll_create1(0);
        loop->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        setsockopt(loop->fd, SOL_SOCKET, SO_REUSEPORT, &(int){1}, sizeof(int));
        if (bind(loop->fd, (struct sockaddr *)&address, sizeof address) < 0) {
            return 1;
        }
        prepare(&loop->in);
        prepare(&loop->out);
        watch(loop, loop->fd, NULL);
        pthread_t thread;
        pthread_create(&thread, NULL, run, loop);
    }
    pause();
}

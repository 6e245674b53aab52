/* Subgraphs that cost next to nothing: every POST is answered from memory by its path and body.
 *
 *   stub PORT REFERENCE_PORT
 *
 * What it has not seen it asks the real subgraphs for once (on REFERENCE_PORT, blocking) and remembers. `GET /` answers
 * {"requests": n, "learnt": n}. One thread, epoll, HTTP/1.1 with keep-alive, bodies of known length or in chunks.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    char *data;
    size_t size, room;
} Buffer;

typedef struct {
    uint64_t hash;
    Buffer key, answer;
} Entry;

typedef struct {
    int socket;
    int waits_to_write;
    size_t sent;
    Buffer in, out;
} Client;

#define TABLE_SIZE (1u << 20)
static Entry *table;
static unsigned long requests, learnt;
static int reference_port, poller;

static void append(Buffer *buffer, const void *data, size_t size) {
    if (buffer->size + size > buffer->room) {
        buffer->room = 2 * (buffer->size + size) + 4096;
        buffer->data = realloc(buffer->data, buffer->room);
        if (!buffer->data) abort();
    }
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

static uint64_t hash_of(const char *data, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; size >= 8; data += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    for (; size; data++, size--) hash = (hash ^ (unsigned char)*data) * 0x100000001b3u;
    return hash ^ (hash >> 29);
}

/* The entry of a key, or the free place for it. */
static Entry *place_of(const Buffer *key) {
    uint64_t hash = hash_of(key->data, key->size);
    for (size_t i = hash % TABLE_SIZE;; i = (i + 1) % TABLE_SIZE) {
        Entry *entry = &table[i];
        int is_same = entry->hash == hash && entry->key.size == key->size &&
                      !memcmp(entry->key.data, key->data, key->size);
        if (!entry->answer.data || is_same) {
            entry->hash = hash;
            return entry;
        }
    }
}

static int address(struct sockaddr_in *to, int port) {
    memset(to, 0, sizeof *to);
    to->sin_family = AF_INET;
    to->sin_port = htons(port);
    to->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* The whole HTTP answer of the real subgraph; it closes the connection after it. */
static void learn(Entry *entry, const Buffer *key, const char *path, size_t path_size, const char *body, size_t size) {
    struct sockaddr_in to;
    int connection = address(&to, reference_port);
    Buffer question = {0}, reply = {0};
    char head[512], part[65536];
    ssize_t count = snprintf(head, sizeof head,
                             "POST %.*s HTTP/1.1\r\nhost: reference\r\nconnection: close\r\n"
                             "content-type: application/json\r\ncontent-length: %zu\r\n\r\n",
                             (int)path_size, path, size);
    append(&question, head, count);
    append(&question, body, size);
    if (connect(connection, (struct sockaddr *)&to, sizeof to)) exit(3);
    for (size_t sent = 0; sent < question.size; sent += count)
        if ((count = send(connection, question.data + sent, question.size - sent, MSG_NOSIGNAL)) <= 0) exit(3);
    while ((count = recv(connection, part, sizeof part, 0)) > 0) append(&reply, part, count);
    close(connection);
    char *end = reply.size ? memmem(reply.data, reply.size, "\r\n\r\n", 4) : NULL;
    if (!end || learnt * 2 > TABLE_SIZE) exit(3);
    size_t length = reply.data + reply.size - (end + 4);
    count = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n", length);
    append(&entry->answer, head, count);
    append(&entry->answer, end + 4, length);
    append(&entry->key, key->data, key->size);
    free(question.data);
    free(reply.data);
    learnt++;
}

/* The value of a header inside a head, or NULL. */
static const char *header(const char *head, const char *end, const char *name) {
    for (const char *line = memchr(head, '\n', end - head); line && line < end; line = memchr(line, '\n', end - line))
        if (!strncasecmp(++line, name, strlen(name))) return line + strlen(name);
    return NULL;
}

/* Puts a chunked body together. Its size in the input, 0 when it is not all there. */
static size_t dechunk(const char *from, size_t have, Buffer *body) {
    size_t used = 0;
    for (;;) {
        const char *end = memmem(from + used, have - used, "\r\n", 2);
        if (!end) return 0;
        size_t size = strtoul(from + used, NULL, 16);
        used = end + 2 - from;
        if (have < used + size + 2) return 0;
        append(body, from + used, size);
        used += size + 2;
        if (!size) return used;
    }
}

/* Answers the first request of the input; the bytes it took, 0 when it is not all there. */
static size_t answer(Client *client, const char *input, size_t have) {
    static Buffer key, chunks;
    const char *end = memmem(input, have, "\r\n\r\n", 4);
    if (!end) return 0;
    const char *body = end + 4, *length = header(input, end, "content-length:");
    size_t head = body - input, size = length ? strtoul(length, NULL, 10) : 0, used = head + size;
    if (header(input, end, "transfer-encoding:")) {
        chunks.size = 0;
        size_t taken = dechunk(body, have - head, &chunks);
        if (!taken) return 0;
        used = head + taken;
        body = chunks.data;
        size = chunks.size;
    } else if (have < used)
        return 0;
    if (*input == 'G') {
        char text[256], counts[96];
        int count = snprintf(counts, sizeof counts, "{\"requests\":%lu,\"learnt\":%lu}", requests, learnt);
        count = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s", count, counts);
        append(&client->out, text, count);
        return used;
    }
    const char *path = (const char *)memchr(input, ' ', head) + 1;
    size_t path_size = (const char *)memchr(path, ' ', end - path) - path;
    key.size = 0;
    append(&key, path, path_size);
    append(&key, " ", 1);
    append(&key, body, size);
    Entry *entry = place_of(&key);
    if (!entry->answer.data) learn(entry, &key, path, path_size, body, size);
    append(&client->out, entry->answer.data, entry->answer.size);
    requests++;
    return used;
}

static void watch(Client *client, int operation, int events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    epoll_ctl(poller, operation, client->socket, &event);
}

static int flush(Client *client) {
    while (client->sent < client->out.size) {
        ssize_t count = send(client->socket, client->out.data + client->sent, client->out.size - client->sent,
                             MSG_NOSIGNAL);
        if (count > 0)
            client->sent += count;
        else if (errno != EAGAIN)
            return -1;
        else {
            if (!client->waits_to_write) watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            client->waits_to_write = 1;
            return 0;
        }
    }
    client->out.size = client->sent = 0;
    if (client->waits_to_write) watch(client, EPOLL_CTL_MOD, EPOLLIN);
    client->waits_to_write = 0;
    return 0;
}

/* -1 when the client is gone. */
static int take(Client *client) {
    char part[65536];
    ssize_t count;
    while ((count = recv(client->socket, part, sizeof part, MSG_DONTWAIT)) > 0) {
        append(&client->in, part, count);
        if ((size_t)count < sizeof part) break;
    }
    if (count == 0 || (count < 0 && errno != EAGAIN)) return -1;
    size_t used = 0, one;
    while (used < client->in.size && (one = answer(client, client->in.data + used, client->in.size - used))) used += one;
    memmove(client->in.data, client->in.data + used, client->in.size - used);
    client->in.size -= used;
    return flush(client);
}

static void accept_from(int listener) {
    int on = 1, connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0) return;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Client *client = calloc(1, sizeof *client);
    client->socket = connection;
    watch(client, EPOLL_CTL_ADD, EPOLLIN);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    signal(SIGPIPE, SIG_IGN);
    reference_port = atoi(arguments[2]);
    table = calloc(TABLE_SIZE, sizeof *table);
    struct sockaddr_in at;
    int on = 1, listener = address(&at, atoi(arguments[1]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1024)) return 1;
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, ready[256];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int number = epoll_wait(poller, ready, 256, -1);
        for (int i = 0; i < number; i++) {
            Client *client = ready[i].data.ptr;
            if (!client)
                accept_from(listener);
            else if (ready[i].events & EPOLLIN ? take(client) : ready[i].events & EPOLLOUT ? flush(client) : -1) {
                close(client->socket);
                free(client->in.data);
                free(client->out.data);
                free(client);
            }
        }
    }
}

// Guarded memory, signal handlers, and the file of findings.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <mutex>
#include <tuple>

#include "driver.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace hpctc {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t alignment = 16;     // of the widest vector access
constexpr std::size_t reach = 64 << 20;   // how far outside a buffer an access is still traced to it
constexpr int most_findings = 32;

int findings = -1;
std::mutex complaints;
std::set<std::tuple<std::string, std::string, int>> known;
std::atomic<int> written{0};

void *stacks[1 << 16];
std::atomic<unsigned> stack_count{0};

std::size_t rounded(std::size_t bytes, std::size_t to) { return (bytes + to - 1) / to * to; }

/// Copy `from` as the inside of a JSON string.
void escaped(char *to, std::size_t room, const char *from) {
    std::size_t used = 0;
    for (; *from != 0 && used + 8 < room; ++from) {
        const auto c = static_cast<unsigned char>(*from);
        if (c == '"' || c == '\\') to[used++] = '\\';
        if (c < 0x20)
            used += static_cast<std::size_t>(std::snprintf(to + used, 8, "\\u%04x", c));
        else
            to[used++] = static_cast<char>(c);
    }
    to[used] = 0;
}

std::uintptr_t instruction_of(const ucontext_t *context) {
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(context->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

const char *verb_of(const ucontext_t *context) {
#if defined(__x86_64__)
    return context->uc_mcontext.gregs[REG_ERR] & 2 ? "writes" : "reads";
#else
    (void)context;
    return "touches";
#endif
}

void on_fault(int signal, siginfo_t *info, void *raw) {
    auto *context = static_cast<ucontext_t *>(raw);
    auto *address = static_cast<char *>(info->si_addr);
    Note what{"crash", "", 0, "", 0, instruction_of(context)};
    char text[256];
    std::snprintf(text, sizeof text, "%s at address %p", strsignal(signal), info->si_addr);
    if (signal == SIGFPE) {
        std::snprintf(text, sizeof text, "an integer is divided by zero");
    } else if (signal == SIGSEGV && info->si_code == SI_KERNEL) {
        std::snprintf(text, sizeof text, "a vector access is not aligned, or an address is no address");
        what.kind = "misaligned";
    } else if (signal == SIGILL) {
#if defined(__SANITIZE_ADDRESS__)
        std::snprintf(text, sizeof text, "a vector access is not aligned");  // the alignment sanitizer's trap
        what.kind = "misaligned";
#else
        std::snprintf(text, sizeof text, "the end of a function that returns a value was reached");
#endif
    }
    for (unsigned i = 0; i < stack_count; ++i) {
        auto *guard = static_cast<char *>(stacks[i]);
        if (address < guard || address >= guard + stack_guard) continue;
        what.kind = "stack overflow";
        std::snprintf(text, sizeof text, "a thread's local variables need more than 256 KiB");
    }
    for (const Buffer &b : buffers) {
        if (address < b.low || address >= b.high) continue;
        const long long offset = address - b.data, item = static_cast<long long>(b.item);
        what.index = offset >= 0 ? offset / item : -((item - 1 - offset) / item);
        what.buffer = b.name.c_str();
        const bool inside = address >= b.body && address < b.limit;
        what.kind = inside ? "input written" : "out of bounds";
        std::snprintf(text, sizeof text, "%s %s[%lld]%s%zu elements", verb_of(context), what.buffer,
                      what.index, inside ? ", an input of " : "; it has ", b.count);
    }
    what.message = text;
    note(what);
    _exit(3);
}

void on_alarm(int, siginfo_t *, void *raw) {
    note({"timeout", "the time is up; this is what ran", 0, "", 0,
          instruction_of(static_cast<ucontext_t *>(raw))});
    _exit(3);
}

void handle(int signal, void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(signal, &action, nullptr);
}

}  // namespace

std::vector<Buffer> buffers;
Stage stage;

void fill_poison(char *from, char *to) {
    for (; from + 1 < to; from += 2) std::memcpy(from, &poison, 2);
    if (from < to) *from = static_cast<char>(poison);
}

void map_buffer(Buffer &b, bool flush_right) {
    const std::size_t bytes = b.item * b.count;
    const std::size_t body = rounded(bytes == 0 ? 1 : bytes, page);
    void *memory = mmap(nullptr, body + 2 * reach, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) give_up("out of memory", "no memory for a buffer", 0);
    b.low = static_cast<char *>(memory);
    b.high = b.low + body + 2 * reach;
    b.body = b.low + reach;
    b.limit = b.body + body;
    if (mprotect(b.body, body, PROT_READ | PROT_WRITE) != 0)
        give_up("out of memory", "no memory for a buffer", 0);
    b.data = flush_right ? b.limit - rounded(bytes, alignment) : b.body;
    fill_poison(b.body, b.limit);
}

void check_edges() {
    for (const Buffer &b : buffers) {
        if (b.role == Buffer::input) continue;  // read-only: a write was caught in the act
        char fresh[page];
        fill_poison(fresh, fresh + page);
        const char *end = b.data + b.item * b.count;
        const auto changed = [&](const char *from, const char *to) -> const char * {
            for (; from < to; ++from)
                if (*from != fresh[(from - b.body) % page]) return from;
            return nullptr;
        };
        const char *where = changed(b.body, b.data);
        if (where == nullptr) where = changed(end, b.limit);
        if (where == nullptr) continue;
        const long long offset = where - b.data, item = static_cast<long long>(b.item);
        const long long index = offset >= 0 ? offset / item : -((item - 1 - offset) / item);
        char text[256];
        std::snprintf(text, sizeof text, "writes %s[%lld]; it has %zu elements", b.name.c_str(), index, b.count);
        threadIdx = blockIdx = {0, 0, 0};
        note({"out of bounds", text, 0, b.name.c_str(), index, 0});
        _exit(3);
    }
}

void note_stack(void *guard) {
    const unsigned place = stack_count;
    if (place < sizeof stacks / sizeof *stacks) {
        stacks[place] = guard;
        stack_count = place + 1;
    }
}

void watch_thread() {
    constexpr std::size_t bytes = 64 << 10;
    stack_t own{};
    own.ss_sp = std::malloc(bytes);
    own.ss_size = bytes;
    sigaltstack(&own, nullptr);
}

void watch(double seconds) {
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) handle(signal, on_fault);
    handle(SIGALRM, on_alarm);
    itimerval timer{};
    timer.it_value.tv_sec = static_cast<time_t>(seconds);
    timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(timer.it_value.tv_sec)) * 1e6);
    setitimer(ITIMER_REAL, &timer, nullptr);
}

void open_findings(const char *path) {
    findings = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (findings < 0) {
        std::perror(path);
        std::exit(2);
    }
}

void note(const Note &what) {
    char message[1024], kernel[512], line[2304];
    escaped(message, sizeof message, what.message);
    escaped(kernel, sizeof kernel, stage.kernel);
    const int length = std::snprintf(
        line, sizeof line,
        "{\"kind\":\"%s\",\"message\":\"%s\",\"line\":%d,\"kernel\":\"%s\",\"launch\":%d,"
        "\"block\":[%u,%u,%u],\"thread\":[%u,%u,%u],\"buffer\":\"%s\",\"index\":%lld,\"instruction\":%llu}\n",
        what.kind, message, what.line, kernel, stage.launch, blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x,
        threadIdx.y, threadIdx.z, what.buffer, what.index, static_cast<unsigned long long>(what.instruction));
    if (write(findings, line, static_cast<std::size_t>(length)) != length) _exit(4);
}

void complain(const char *kind, const char *message, int line) {
    const std::lock_guard<std::mutex> lock(complaints);
    if (written >= most_findings || !known.emplace(stage.kernel, kind, line).second) return;
    ++written;
    note({kind, message, line, "", 0, 0});
}

void give_up(const char *kind, const char *message, int line) {
    {
        const std::lock_guard<std::mutex> lock(complaints);
        note({kind, message, line, "", 0, 0});
        std::fflush(stdout);
        _exit(3);
    }
}

}  // namespace hpctc

#if defined(__SANITIZE_ADDRESS__)
extern "C" const char *__asan_default_options() {
    // Our handler words a bad access to a buffer; leaks at _exit are no business of a kernel.
    return "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:detect_leaks=0:use_sigaltstack=0";
}

extern "C" void __asan_on_error() {
    char text[256];
    std::snprintf(text, sizeof text, "the address sanitizer found a %s", __asan_get_report_description());
    hpctc::note({"out of bounds", text, 0, "", 0, reinterpret_cast<std::uintptr_t>(__asan_get_report_pc()) - 1});
    _exit(3);
}
#endif

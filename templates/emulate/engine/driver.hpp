// What the parts of the driver know of each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "interface.hpp"

namespace hpctc {

class Block;

/// The block scheduler of the calling operating-system thread.
Block &engine();

/// A global array of the run, between two stretches of memory that nobody may touch.
struct Buffer {
    enum Role { input, output, scratch } role;
    std::string name;
    std::string file;
    std::size_t item, count;
    char *data;
    char *low, *high;    // the mapping, guards included
    char *body, *limit;  // the part of it that may be touched
};

/// Kernel and launch that run now; for messages.
struct Stage {
    const char *kernel = "";
    int launch = -1;
    std::uint64_t shared_bytes = 0;
};
extern Stage stage;
extern std::vector<Buffer> buffers;

/// What neither a float nor an index should ever be: NaN in every format, a huge integer.
constexpr std::uint16_t poison = 0x7FF7;
void fill_poison(char *from, char *to);

void map_buffer(Buffer &buffer, bool flush_right);
/// Complain about every buffer that was written just outside its ends.
void check_edges();

/// Forbidden memory below every stack; an array larger than it could leap over it.
constexpr std::size_t stack_guard = 1 << 20;
void note_stack(void *guard);
/// Catch bad accesses and the end of the time from now on.
void watch(double seconds);
/// Give the calling thread a stack of its own for signal handlers.
void watch_thread();

/// One line of the findings file; `index` and `buffer` may be empty.
struct Note {
    const char *kind, *message;
    int line = 0;
    const char *buffer = "";
    long long index = 0;
    std::uintptr_t instruction = 0;
};
void note(const Note &what);
void open_findings(const char *path);

}  // namespace hpctc

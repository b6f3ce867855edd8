// Carries out the launches of a plan file: the program around the kernels.
//
//   order forward|reverse|random SEED      threads N      seconds S      guard right|left
//   buffer NAME input|output|scratch ITEM_BYTES COUNT FILE
//   launch KERNEL_INDEX GX GY GZ BX BY BZ SHARED_BYTES N  then N times: b BUFFER | i INTEGER | f REAL
//
// Inputs are read from their files, outputs written to theirs when every launch has come to its end.
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <numeric>

#include "block.hpp"
#include "driver.hpp"

// The unit defines these: its kernels, and where dynamic shared memory lies and ends.
extern "C" const hpctc::Kernel hpctc_kernels[];
extern "C" const std::size_t hpctc_dynamic_bytes;
extern __thread char hpctc_dynamic[], hpctc_dynamic_guard[];

// Not zero, so that the linker puts them with the initialised thread-local data: what is left in
// the zeroed part is the shared memory of the kernels, and may be poisoned as one piece.
__thread uint3 threadIdx = {1, 0, 0}, blockIdx = {1, 0, 0}, blockDim = {1, 1, 1}, gridDim = {1, 1, 1};

namespace hpctc {

#if defined(__SANITIZE_ADDRESS__)
char shared_origin = 1;
#else
__thread char shared_origin = 1;
#endif

namespace {

constexpr std::size_t page = 4096;

struct Local {
    Block *block;
    char *shared, *shared_end;
    bool ready;
};
__thread struct {
    Local local;
    int here;
} mine = {{nullptr, nullptr, nullptr, false}, 1};

struct Launch {
    int kernel;
    dim3 grid, block;
    std::size_t shared_bytes;
    std::vector<Argument> arguments;
};

struct Plan {
    Order order{Order::forward, 0};
    int threads = 1;
    double seconds = 60;
    bool flush_right = true;
    std::vector<Launch> launches;
};

[[noreturn]] void refuse(const std::string &why) {
    std::fprintf(stderr, "emulator: %s\n", why.c_str());
    std::exit(2);
}

Argument read_argument(std::istream &in) {
    char kind = 0;
    Argument argument{};
    in >> kind;
    if (kind == 'b') {
        std::size_t index = 0;
        in >> index;
        argument.kind = Argument::address;
        argument.pointer = buffers.at(index).data;
    } else if (kind == 'i') {
        argument.kind = Argument::integer;
        in >> argument.whole;
    } else {
        std::string text;
        in >> text;
        argument.kind = Argument::real;
        argument.number = std::strtod(text.c_str(), nullptr);
    }
    return argument;
}

Launch read_launch(std::istream &in) {
    Launch l{};
    std::size_t count = 0;
    in >> l.kernel >> l.grid.x >> l.grid.y >> l.grid.z >> l.block.x >> l.block.y >> l.block.z;
    in >> l.shared_bytes >> count;
    for (std::size_t i = 0; i < count; ++i) l.arguments.push_back(read_argument(in));
    return l;
}

void read_buffer(std::istream &in, bool flush_right) {
    Buffer b{};
    std::string role;
    in >> b.name >> role >> b.item >> b.count >> b.file;
    b.role = role == "input" ? Buffer::input : role == "output" ? Buffer::output : Buffer::scratch;
    map_buffer(b, flush_right);
    if (b.file != "-" && access(b.file.c_str(), R_OK) == 0) {
        std::ifstream source(b.file, std::ios::binary);
        source.read(b.data, static_cast<std::streamsize>(b.item * b.count));
        if (!source && b.item * b.count != 0) refuse("cannot read " + b.file);
    }
    if (b.role == Buffer::input)
        mprotect(b.body, static_cast<std::size_t>(b.limit - b.body), PROT_READ);
    buffers.push_back(b);
}

Plan read_plan(const char *path) {
    std::ifstream in(path);
    if (!in) refuse(std::string("cannot read ") + path);
    Plan plan;
    for (std::string word; in >> word;) {
        if (word == "order") {
            std::string kind;
            in >> kind >> plan.order.seed;
            plan.order.kind = kind == "forward"   ? Order::forward
                              : kind == "reverse" ? Order::reverse
                                                  : Order::shuffled;
        } else if (word == "threads") {
            in >> plan.threads;
        } else if (word == "seconds") {
            in >> plan.seconds;
        } else if (word == "guard") {
            in >> word;
            plan.flush_right = word == "right";
        } else if (word == "buffer") {
            read_buffer(in, plan.flush_right);
        } else if (word == "launch") {
            plan.launches.push_back(read_launch(in));
        } else {
            refuse("the plan says " + word);
        }
    }
    return plan;
}

/// Find this thread's copy of the zeroed thread-local data of the program: the shared memory.
int find_shared(dl_phdr_info *info, std::size_t, void *) {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto &header = info->dlpi_phdr[i];
        if (header.p_type != PT_TLS) continue;
        auto *base = static_cast<char *>(info->dlpi_tls_data);
        mine.local.shared = base + header.p_filesz;
        mine.local.shared_end = base + header.p_memsz;
    }
    return 1;  // the program itself comes first; the libraries' data is none of ours
}

void prepare_thread() {
    if (mine.local.ready) return;
    mine.local.ready = true;
    mine.local.block = new Block;
    watch_thread();
#if !defined(__SANITIZE_ADDRESS__)
    dl_iterate_phdr(find_shared, nullptr);
    if (hpctc_dynamic_bytes != 0) mprotect(hpctc_dynamic_guard, page, PROT_NONE);
#endif
}

void poison_shared() {
    if (hpctc_dynamic_bytes == 0) return fill_poison(mine.local.shared, mine.local.shared_end);
    fill_poison(mine.local.shared, hpctc_dynamic_guard);
    fill_poison(hpctc_dynamic_guard + page, mine.local.shared_end);
}

/// The i-th block to run of `count`: every order meets every block once.
std::uint64_t pick_block(const Order &order, std::uint64_t i, std::uint64_t count) {
    if (order.kind == Order::forward) return i;
    if (order.kind == Order::reverse) return count - 1 - i;
    std::uint64_t step = (order.seed * 2654435761u + 40503u) % count;
    while (std::gcd(step, count) != 1) ++step;
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(i) * step + order.seed) % count);
}

/// A launch whose arguments the kernel cannot take ends the run.
void check_arguments(const Launch &launch, const Kernel &kernel) {
    char text[160];
    if (static_cast<int>(launch.arguments.size()) != kernel.parameters) {
        std::snprintf(text, sizeof text, "%s takes %d arguments, the launch gives %zu", kernel.name,
                      kernel.parameters, launch.arguments.size());
        give_up("bad launch", text, 0);
    }
    for (std::size_t i = 0; i < launch.arguments.size(); ++i) {
        const bool pointer = kernel.kinds[i] == 'p', given = launch.arguments[i].kind == Argument::address;
        if (pointer == given) continue;
        std::snprintf(text, sizeof text, "argument %zu of %s is a %s, the launch gives a %s", i + 1, kernel.name,
                      pointer ? "pointer" : "number", given ? "buffer" : "number");
        give_up("bad launch", text, 0);
    }
}

void carry_out(const Launch &launch, const Plan &plan) {
    const Kernel &kernel = hpctc_kernels[launch.kernel];
    check_arguments(launch, kernel);
    const std::uint64_t blocks = std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
    const auto workers = static_cast<int>(std::min<std::uint64_t>(static_cast<unsigned>(plan.threads), blocks));
    const std::uint64_t chunk = std::max<std::uint64_t>(1, blocks / static_cast<unsigned>(16 * workers));
#pragma omp parallel num_threads(workers)
    {
        prepare_thread();
        Block &block = engine();
        block.prepare(plan.order, kernel.invoke, launch.arguments.data());
        gridDim = launch.grid;
        blockDim = launch.block;
#pragma omp for schedule(dynamic, chunk)
        for (std::uint64_t i = 0; i < blocks; ++i) {
            const std::uint64_t at = pick_block(plan.order, i, blocks);
            blockIdx = {static_cast<unsigned>(at % launch.grid.x),
                        static_cast<unsigned>(at / launch.grid.x % launch.grid.y),
                        static_cast<unsigned>(at / launch.grid.x / launch.grid.y)};
            poison_shared();
            block.run();
        }
    }
}

void save(const Buffer &b) {
    std::ofstream out(b.file + ".out", std::ios::binary);
    out.write(b.data, static_cast<std::streamsize>(b.item * b.count));
    out.close();
    if (!out) refuse("cannot write " + b.file + ".out");
}

int run(const char *plan_path, const char *findings_path, const char *printed_path) {
    open_findings(findings_path);
    if (std::freopen(printed_path, "w", stdout) == nullptr) refuse("cannot write the kernel's output");
    std::setvbuf(stdout, nullptr, _IOLBF, 1 << 12);
    const Plan plan = read_plan(plan_path);
    prepare_thread();
    watch(plan.seconds);
    for (std::size_t i = 0; i < plan.launches.size(); ++i) {
        const Launch &launch = plan.launches[i];
        stage = {hpctc_kernels[launch.kernel].name, static_cast<int>(i), launch.shared_bytes};
        carry_out(launch, plan);
        check_edges();
    }
    std::fflush(stdout);
    for (const Buffer &b : buffers)
        if (b.role == Buffer::output) save(b);
    return 0;
}

}  // namespace

Block &engine() { return *mine.local.block; }

std::uint64_t dynamic_shared_bytes() { return stage.shared_bytes; }

}  // namespace hpctc

int main(int count, char **words) {
    if (count != 4) {
        std::fprintf(stderr, "use: %s PLAN FINDINGS PRINTED\n", words[0]);
        return 2;
    }
    const int status = hpctc::run(words[1], words[2], words[3]);
    // _exit: kernels may have static objects, whose destructors are nobody's business.
    _exit(status);
}

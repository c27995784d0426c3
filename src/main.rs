//! The `seamlint` program.

/// Half of a scan is building and freeing small trees, on several threads at once. The system's allocator
/// takes a fifth of the time for it, the one of musl in the static binary more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // SAFETY: the four functions belong together, keep the contracts of their namesakes in C, and nothing
    // was allocated by tree-sitter yet.
    unsafe {
        tree_sitter::set_allocator(Some(tree_sitter::Allocator {
            malloc: libmimalloc_sys::mi_malloc,
            calloc: libmimalloc_sys::mi_calloc,
            realloc: libmimalloc_sys::mi_realloc,
            free: libmimalloc_sys::mi_free,
        }));
    }
    seamlint::cli::run()
}

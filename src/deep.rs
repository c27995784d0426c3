//! Work that goes deep: as deep as code calls, or as source nests.

use std::cell::Cell;

/// Stack of the thread that follows calls, in bytes. Only what is used becomes memory.
const STACK: usize = 512 << 20;

thread_local! {
    /// The size of this thread's stack, as far as it is known.
    static STACK_SIZE: Cell<usize> = const { Cell::new(2 << 20) };
}

/// Does `work` on a thread of its own with a large stack, and waits for it.
pub fn on_deep_stack<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> T {
    on_thread(std::thread::Builder::new().name(name.to_owned()).stack_size(STACK), work)
        .expect("the system gives a thread")
}

/// Tells that the current thread was started with a stack of `bytes`. Without it, files of more than a
/// few thousand bytes are parsed on a thread of their own, which takes a tenth longer.
pub fn declare_stack(bytes: usize) {
    STACK_SIZE.set(bytes);
}

/// Does `work` that may take so many bytes of stack: here where there are as many, else on a thread of its
/// own. `None` where the system gives none.
pub fn with_stack<T: Send>(bytes: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if bytes <= STACK_SIZE.get() {
        return Some(work());
    }
    on_thread(std::thread::Builder::new().stack_size(bytes), work)
}

fn on_thread<T: Send>(builder: std::thread::Builder, work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = builder.spawn_scoped(scope, work).ok()?;
        Some(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

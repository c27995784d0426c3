//! Work that follows calls as deep as code calls.

/// Stack of the thread, in bytes. Only what is used becomes memory.
const STACK: usize = 512 << 20;

/// Does `work` on a thread of its own with a large stack, and waits for it.
pub fn on_deep_stack<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name(name.to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .expect("the system gives a thread")
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

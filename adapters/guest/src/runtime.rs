//! What the standard library would bring on wasm, without its imports: an allocator, a panic handler, and the function
//! through which the host asks for memory.

use alloc::alloc::{Layout, alloc, realloc};
use core::arch::wasm32::unreachable;
use core::panic::PanicInfo;

#[global_allocator]
static ALLOCATOR: heap::Small<dlmalloc::GlobalDlmalloc> = heap::Small::new(dlmalloc::GlobalDlmalloc);

/// A panic ends the instance. Its message would need somewhere to go, and that would be an import.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unreachable()
}

// Memory functions such as `memcmp` come from the C library, which the standard library would have linked.
#[link(name = "c")]
unsafe extern "C" {}

/// The canonical ABI's allocation function, exported under this name.
///
/// # Safety
/// `old` was given out by this function with `old_len` and `align`, or `old_len` is 0; `align` is a power of two.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_len: usize, align: usize, new_len: usize) -> *mut u8 {
    if new_len == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    let length = if old_len == 0 { new_len } else { old_len };
    let Ok(layout) = Layout::from_size_align(length, align) else { unreachable() };
    // SAFETY: the layout isn't empty, and by the contract above it is the one under which `old` was given out.
    let given = unsafe { if old_len == 0 { alloc(layout) } else { realloc(old, layout, new_len) } };
    if given.is_null() {
        unreachable()
    }
    given
}

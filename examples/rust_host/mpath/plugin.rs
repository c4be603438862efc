//! From a file to a negotiated table.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::mem;
use std::os::raw::{c_char, c_int, c_void};
use std::os::unix::io::AsRawFd;
use std::path::Path;

use super::{size, slot, sys, trust, words, Error};

extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlerror() -> *const c_char;
}
const RTLD_NOW: c_int = 2; // and RTLD_LOCAL, which is 0

type Negotiate = unsafe extern "C" fn(*mut sys::mpath_negotiation) -> sys::mpath_status;

/// A table that both sides agreed on. It is never unloaded (MPATH-H-21), hence `'static`.
#[derive(Clone, Copy)]
pub struct Plugin {
    pub(super) table: &'static sys::mpath_plugin_table,
    pub name: &'static str,
    pub major: u32,
    pub minor: u32,
}

impl Plugin {
    /// Checks, loads and negotiates. After `fork`, before a sandbox (MPATH-H-20).
    pub fn load(path: &Path) -> Result<Plugin, Error> {
        let file = trust::open_trusted(path).map_err(Error::Refused)?;
        let negotiate = open_library(&file).map_err(Error::Refused)?;
        // The linker knows the library by the descriptor's name: it must never name another file.
        mem::forget(file);
        negotiate_with(negotiate, path)
    }

    pub fn reason_text(&self, reason: u32) -> &'static str {
        // SAFETY: any number is allowed; the words are static.
        unsafe { words(slot(self.table.reason_text)(reason)) }
    }

    pub fn status_text(&self, status: sys::mpath_status) -> &'static str {
        // SAFETY: as above.
        unsafe { words(slot(self.table.status_text)(status)) }
    }

    /// What a status means for the tunnel. `reason` is what the call wrote, 0 if it writes none.
    pub(super) fn error(&self, status: sys::mpath_status, reason: u32) -> Error {
        let text = self.status_text(status);
        match status {
            sys::MPATH_E_POISONED => Error::Poisoned,
            -199..=-1 => Error::Misuse(status, text),
            -299..=-200 if reason != 0 => Error::Closed(reason, self.reason_text(reason)),
            -299..=-200 => Error::Closed(0, text),
            _ => Error::Resource(status, text),
        }
    }

    pub(super) fn check(&self, status: sys::mpath_status) -> Result<sys::mpath_status, Error> {
        if status < 0 {
            return Err(self.error(status, 0));
        }
        Ok(status)
    }
}

fn open_library(file: &File) -> Result<Negotiate, String> {
    let path = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).expect("no NUL in it");
    // SAFETY: the file is trusted code from here on; that is what open_trusted() decided.
    let library = unsafe { dlopen(path.as_ptr(), RTLD_NOW) };
    if library.is_null() {
        // SAFETY: after a failure dlerror() gives a text that lives until the next dl call.
        return Err(unsafe { CStr::from_ptr(dlerror()) }.to_string_lossy().into_owned());
    }
    // SAFETY: the library is open and the name ends with NUL.
    let entry = unsafe { dlsym(library, sys::MPATH_NEGOTIATE_SYMBOL.as_ptr().cast()) };
    if entry.is_null() {
        return Err("is no multipath plugin: it has no mpath_plugin_negotiate".to_owned());
    }
    // SAFETY: the contract gives the function of this name this type.
    Ok(unsafe { mem::transmute::<*mut c_void, Negotiate>(entry) })
}

fn negotiate_with(negotiate: Negotiate, path: &Path) -> Result<Plugin, Error> {
    let refused = |what: &str| Err(Error::Refused(format!("{}: {what}", path.display())));
    // SAFETY: all of its fields may be zero.
    let mut io: sys::mpath_negotiation = unsafe { mem::zeroed() };
    io.struct_size = size::<sys::mpath_negotiation>();
    io.host_major_min = sys::MPATH_ABI_MAJOR;
    io.host_major_max = sys::MPATH_ABI_MAJOR;
    io.magic = sys::MPATH_NEGOTIATION_MAGIC;
    // SAFETY: `io` is whole and lives through the call.
    let status = unsafe { negotiate(&mut io) };
    if status != sys::MPATH_OK {
        return refused(&format!(
            "is no multipath plugin for ABI {}; it speaks {} to {}",
            sys::MPATH_ABI_MAJOR,
            io.plugin_major_min,
            io.plugin_major_max
        ));
    }
    if io.table.is_null() {
        return refused("gave no table");
    }
    // SAFETY: not null, and the plugin is never unloaded. Only the size is read before the size is
    // known.
    let length = unsafe { (*io.table).struct_size };
    if length < size::<sys::mpath_plugin_table>() || !is_whole(io.table) {
        return refused("its table is shorter than version 1.0 or has holes");
    }
    // SAFETY: as long as the type, and static; the names are static texts or null.
    unsafe {
        let (table, name) = (&*io.table, words(io.plugin_name));
        Ok(Plugin { table, name, major: io.major, minor: io.minor })
    }
}

/// No function of version 1.0 is null. The caller has seen that the table is that long.
fn is_whole(table: *const sys::mpath_plugin_table) -> bool {
    let end = table.wrapping_add(1).cast::<usize>();
    // SAFETY: only an address is taken.
    let first = unsafe { std::ptr::addr_of!((*table).status_text).cast::<usize>() };
    let words = (end as usize - first as usize) / mem::size_of::<usize>();
    // SAFETY: within the table; a function pointer is a word.
    (0..words).all(|at| unsafe { *first.add(at) } != 0)
}

//! A safe layer over the multipath plugin ABI, on nothing but `std`. Copy this directory.
//!
//! What the contract asks of hosts and a compiler can check is checked here by types:
//!
//! * a [`Tunnel`] borrows its [`Instance`]: tunnels go first (MPATH-H-19);
//! * a `Tunnel` is `Send` and not `Sync`: one thread at a time, hand-over allowed (MPATH-H-2);
//! * a cell that goes into [`Tunnel::receive`] belongs to the tunnel for as long as the plugin
//!   holds it back, and comes out once (MPATH-H-8);
//! * every `struct_size` and `stride` is set here (MPATH-H-1).
//!
//! The plugin never calls back, so nothing here can unwind through C.
#![allow(dead_code)] // whole on purpose: a host uses a part of it

mod events;
mod instance;
mod plugin;
pub mod sys;
mod trust;
mod tunnel;

pub use events::{Event, EventBuffer};
pub use instance::Instance;
pub use plugin::Plugin;
pub use tunnel::{leg_view, Arrival, Leg, Received, Request, Route, Tunnel, Verdict, Views};

use std::ffi::CStr;
use std::fmt;
use std::os::raw::c_char;

/// Why a call did nothing, or why its tunnel is over. `ABI.md`, section 1: families of errors.
#[derive(Debug, Clone)]
pub enum Error {
    /// A bug in this host. Nothing has changed.
    Misuse(sys::mpath_status, &'static str),
    /// The tunnel is closed: destroy its circuits, drain it, drop it. The reason is a number of
    /// `reasons.h`; 0 where the call has no field for it.
    Closed(u32, &'static str),
    /// Memory, a limit, random bytes. Nothing has changed; again later, or with less.
    Resource(sys::mpath_status, &'static str),
    /// A bug in the plugin. Poll, drain and drop the tunnel; report it.
    Poisoned,
    /// Loading or opening failed; the text says why and what to do.
    Refused(String),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Misuse(status, text) => write!(out, "a bug in this host: {text} ({status})"),
            Error::Closed(reason, text) => write!(out, "the tunnel is closed: {text} ({reason})"),
            Error::Resource(status, text) => write!(out, "again later: {text} ({status})"),
            Error::Poisoned => out.write_str("a bug in the plugin poisoned this tunnel"),
            Error::Refused(text) => out.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

/// A function of the table. All of them are there: `Plugin::load` looked.
fn slot<F>(function: Option<F>) -> F {
    function.expect("checked when the plugin was loaded")
}

/// The size of a struct, as its `struct_size` or `stride` field wants it.
fn size<T>() -> u32 {
    std::mem::size_of::<T>() as u32
}

/// Static words of the plugin.
///
/// # Safety
/// `text` is null or a NUL-terminated text that is never freed.
unsafe fn words(text: *const c_char) -> &'static str {
    if text.is_null() {
        return "";
    }
    CStr::from_ptr(text).to_str().unwrap_or("words that are not UTF-8")
}

//! What poll tells.

use super::sys;

/// One thing to do, or that has happened. `leg` is the cookie that the host gave the leg.
pub enum Event<'a> {
    /// Send it now, before anything else on this leg (MPATH-H-4).
    SendCell {
        leg: u64,
        cell: &'a sys::mpath_control_cell,
    },
    /// The leg's handshake ended; reason 0: it is linked.
    LinkResult {
        leg: u64,
        reason: u32,
        rtt_us: u64,
    },
    /// Streams may be opened.
    Ready,
    /// Too much is held back: ask the peer to pause (XOFF); or it may go on (XON).
    Pressure {
        high: bool,
        held_bytes: u64,
    },
    /// The last that is told of this leg.
    LegGone {
        leg: u64,
        reason: u32,
    },
    /// Destroy the circuits, drain, drop the tunnel.
    Closed {
        reason: u32,
    },
    /// Close the circuit, then `remove_leg`. Told until it is done; so are those below.
    RemoveLeg {
        leg: u64,
        reason: u32,
    },
    HandleCell {
        leg: u64,
    },
    ReadStreams {
        leg: u64,
        which: u32,
        cells: u64,
    },
    Padding {
        leg: u64,
    },
    CollectHalfStreams {
        leg: u64,
    },
    /// Of a newer minor version: as if it had not been told (MPATH-H-24).
    Unknown,
}

/// Room for what one poll can tell. One for each thread suffices.
pub struct EventBuffer {
    pub(super) items: Vec<sys::mpath_event>,
    pub(super) count: usize,
    pub next_deadline_us: u64,
}

impl EventBuffer {
    pub fn new() -> EventBuffer {
        // SAFETY: an event is plain numbers.
        let empty: sys::mpath_event = unsafe { std::mem::zeroed() };
        let items = vec![empty; sys::MPATH_EVENTS_MAX as usize];
        EventBuffer { items, count: 0, next_deadline_us: sys::MPATH_NEVER }
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = Event<'_>> {
        self.items[..self.count].iter().map(event_of)
    }
}

fn event_of(raw: &sys::mpath_event) -> Event<'_> {
    let (leg, reason) = (raw.leg_cookie, raw.reason);
    match raw.kind {
        sys::MPATH_EVENT_SEND_CELL => Event::SendCell { leg, cell: &raw.cell },
        sys::MPATH_EVENT_LINK_RESULT => Event::LinkResult { leg, reason, rtt_us: raw.value },
        sys::MPATH_EVENT_READY => Event::Ready,
        sys::MPATH_EVENT_PRESSURE => {
            Event::Pressure { high: raw.detail == sys::MPATH_WATER_HIGH, held_bytes: raw.value }
        }
        sys::MPATH_EVENT_LEG_GONE => Event::LegGone { leg, reason },
        sys::MPATH_EVENT_CLOSED => Event::Closed { reason },
        sys::MPATH_EVENT_REMOVE_LEG => Event::RemoveLeg { leg, reason },
        sys::MPATH_EVENT_HANDLE_CELL => Event::HandleCell { leg },
        sys::MPATH_EVENT_READ_STREAMS => {
            Event::ReadStreams { leg, which: raw.detail, cells: raw.value }
        }
        sys::MPATH_EVENT_PADDING => Event::Padding { leg },
        sys::MPATH_EVENT_COLLECT_HALFSTREAMS => Event::CollectHalfStreams { leg },
        _ => Event::Unknown,
    }
}

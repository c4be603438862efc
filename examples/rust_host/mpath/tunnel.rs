//! One tunnel, and the cells that it holds back.

use std::cell::Cell;
use std::marker::PhantomData;

use super::{size, slot, sys, Error, EventBuffer, Instance};

const DRAIN_BATCH: usize = 64;

/// A circuit that becomes a leg. `cookie` is yours, and comes back in events.
pub struct Leg<'a> {
    pub cookie: u64,
    pub hops: &'a [sys::mpath_hop],
    pub cwnd_init: u32,
    pub sendme_inc: u32,
    /// `MPATH_LEG_EVER_*`
    pub flags: u32,
}

impl Leg<'_> {
    fn raw(&self) -> sys::mpath_leg_params {
        let path = sys::mpath_path {
            hops: self.hops.as_ptr(),
            count: self.hops.len() as u32,
            stride: size::<sys::mpath_hop>(),
            cwnd_init: self.cwnd_init,
            sendme_inc: self.sendme_inc,
        };
        let struct_size = size::<sys::mpath_leg_params>();
        sys::mpath_leg_params { struct_size, flags: self.flags, cookie: self.cookie, path }
    }
}

/// Each leg of the tunnel once, as it is now, and how many cells its streams could fill.
pub struct Views<'a> {
    pub legs: &'a [sys::mpath_leg_view],
    pub backlog: u32,
}

impl Views<'_> {
    fn raw(&self) -> sys::mpath_leg_views {
        sys::mpath_leg_views {
            items: self.legs.as_ptr(),
            count: self.legs.len() as u32,
            stride: size::<sys::mpath_leg_view>(),
            backlog: self.backlog,
            reserved: 0,
        }
    }
}

/// A view of which nothing is known yet but the leg.
pub fn leg_view(leg: sys::mpath_leg_id) -> sys::mpath_leg_view {
    // SAFETY: a view is plain numbers.
    let mut view: sys::mpath_leg_view = unsafe { std::mem::zeroed() };
    view.leg = leg;
    view.half_stream_expiry_us = sys::MPATH_NEVER;
    view.disused_since_us = sys::MPATH_NEVER;
    view
}

/// Cells that wait to be sent, all of one class, to one hop.
pub struct Request {
    pub command: u8,
    pub hop: u8,
    pub want: u32,
}

/// Where they go.
#[must_use = "a grant is a commitment: what it grants must be sent (MPATH-H-5)"]
pub enum Route {
    /// On `leg` (its cookie): `first`, then so many cells.
    Granted { leg: u64, cells: u32, first: Option<sys::mpath_control_cell> },
    /// Nothing now; the reason is a number of `reasons.h`. Ask again after any event or SENDME.
    Blocked(u32),
}

/// A relay cell that arrived and whose digest was right.
pub struct Arrival<'a> {
    pub leg: sys::mpath_leg_id,
    pub command: u8,
    pub hop: u8,
    /// Only read for signalling commands.
    pub body: &'a [u8],
    /// Bytes of memory that holding it back takes.
    pub cost: u32,
}

/// What becomes of it.
pub enum Received<C> {
    /// Deliver it now; then drain.
    Deliver(C),
    /// Not sequenced: handle it as in a circuit without multipath.
    Pass(C),
    /// The tunnel keeps it until `drain` gives it back.
    Held,
    /// It was for the plugin.
    Consumed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Deliver,
    Discard,
}

/// One tunnel whose cells are of type `C`. Dropping it closes it and frees what it holds.
pub struct Tunnel<'i, C> {
    instance: &'i Instance,
    id: sys::mpath_tunnel_id,
    held: Slots<C>,
    last_now_us: u64,
    // [owner]: one thread at a time. `Cell` makes it Send but not Sync.
    owner: PhantomData<Cell<()>>,
}

impl<'i, C> Tunnel<'i, C> {
    /// A single-path tunnel and the id of its leg. `seed` comes from a CSPRNG (MPATH-H-13).
    pub fn create(
        instance: &'i Instance,
        first: &Leg<'_>,
        seed: &[u8; sys::MPATH_SEED_LEN as usize],
    ) -> Result<(Tunnel<'i, C>, sys::mpath_leg_id), Error> {
        let first = first.raw();
        let params = sys::mpath_tunnel_params {
            struct_size: size::<sys::mpath_tunnel_params>(),
            role: sys::MPATH_ROLE_CLIENT,
            cookie: 0,
            seed: seed.as_ptr(),
            first_leg: &first,
        };
        let (mut id, mut leg) = (0, 0);
        // SAFETY: the instance is open; what the pointers name lives through the call.
        let status = unsafe {
            slot(instance.plugin.table.tunnel_create)(instance.raw, &params, &mut id, &mut leg)
        };
        instance.plugin.check(status)?;
        let tunnel =
            Tunnel { instance, id, held: Slots::new(), last_now_us: 0, owner: PhantomData };
        Ok((tunnel, leg))
    }

    /// For drop(), which has no clock: of a time that the plugin refuses it could make no use.
    fn note_time(&mut self, now_us: u64) {
        if now_us <= sys::MPATH_TIME_MAX {
            self.last_now_us = self.last_now_us.max(now_us);
        }
    }

    /// Joins circuits, all or none. One id for each.
    pub fn add_legs(
        &mut self,
        legs: &[Leg<'_>],
        views: &Views<'_>,
    ) -> Result<Vec<sys::mpath_leg_id>, Error> {
        let raw: Vec<_> = legs.iter().map(Leg::raw).collect();
        let mut ids = vec![0; raw.len()];
        // SAFETY: `raw` and `ids` have `count` elements; the rest as in create().
        let status = unsafe {
            slot(self.table().legs_add)(
                self.instance.raw,
                self.id,
                raw.as_ptr(),
                raw.len() as u32,
                size::<sys::mpath_leg_params>(),
                &views.raw(),
                ids.as_mut_ptr(),
            )
        };
        self.instance.plugin.check(status).map(|_| ids)
    }

    /// Begins the handshake on every unlinked leg. Then poll.
    pub fn link(&mut self, now_us: u64) -> Result<(), Error> {
        self.note_time(now_us);
        // SAFETY: plain numbers.
        let status = unsafe { slot(self.table().link)(self.instance.raw, self.id, now_us) };
        self.instance.plugin.check(status).map(drop)
    }

    /// The circuit is gone, or must go. `views` are from before the loss (MPATH-H-16).
    pub fn remove_leg(
        &mut self,
        leg: sys::mpath_leg_id,
        reason: u32,
        views: &Views<'_>,
        now_us: u64,
    ) -> Result<(), Error> {
        self.note_time(now_us);
        let (instance, views) = (self.instance.raw, views.raw());
        // SAFETY: the views live through the call.
        let status = unsafe {
            slot(self.table().leg_remove)(instance, self.id, leg, reason, &views, now_us)
        };
        self.instance.plugin.check(status).map(drop)
    }

    pub fn route(
        &mut self,
        request: &Request,
        views: &Views<'_>,
        now_us: u64,
    ) -> Result<Route, Error> {
        self.note_time(now_us);
        let request = sys::mpath_route_request {
            struct_size: size::<sys::mpath_route_request>(),
            command: request.command,
            hop: request.hop,
            reserved: 0,
            leg: 0,
            want: request.want,
            reserved2: 0,
        };
        // SAFETY: a grant is plain numbers.
        let mut grant: sys::mpath_grant = unsafe { std::mem::zeroed() };
        grant.struct_size = size::<sys::mpath_grant>();
        let (instance, views) = (self.instance.raw, views.raw());
        // SAFETY: what the pointers name lives through the call.
        let status = unsafe {
            slot(self.table().route)(instance, self.id, &request, &views, now_us, &mut grant)
        };
        if self.instance.plugin.check(status)? == sys::MPATH_BLOCKED {
            return Ok(Route::Blocked(grant.reason));
        }
        let first = if grant.has_first != 0 { Some(grant.first) } else { None };
        Ok(Route::Granted { leg: grant.leg_cookie, cells: grant.granted, first })
    }

    /// Gives every relay cell of the tunnel's circuits, once, in the order of its leg (MPATH-H-6).
    /// With an error comes the cell: after `Resource` give it again (MPATH-H-23), else drop it.
    pub fn receive(
        &mut self,
        arrival: &Arrival<'_>,
        cell: C,
        now_us: u64,
    ) -> Result<Received<C>, (Error, C)> {
        self.note_time(now_us);
        let token = self.held.put(cell);
        let raw = sys::mpath_cell {
            struct_size: size::<sys::mpath_cell>(),
            command: arrival.command,
            hop: arrival.hop,
            body_length: arrival.body.len() as u16,
            leg: arrival.leg,
            body: arrival.body.as_ptr(),
            token,
            cost: arrival.cost,
            reserved: 0,
        };
        let struct_size = size::<sys::mpath_receipt>();
        let mut receipt = sys::mpath_receipt { struct_size, ready: 0, reason: 0, reserved: 0 };
        // SAFETY: what the pointers name lives through the call.
        let status = unsafe {
            slot(self.table().receive)(self.instance.raw, self.id, &raw, now_us, &mut receipt)
        };
        if status == sys::MPATH_HELD {
            return Ok(Received::Held);
        }
        let cell = self.held.take(token).expect("it was put there above");
        match status {
            sys::MPATH_OK => Ok(Received::Deliver(cell)),
            sys::MPATH_CONSUMED => Ok(Received::Consumed),
            status if status < 0 => Err((self.instance.plugin.error(status, receipt.reason), cell)),
            _ => Ok(Received::Pass(cell)),
        }
    }

    /// Gives back what is in order now, or is to be freed because the tunnel closed.
    pub fn drain(&mut self, mut each: impl FnMut(Verdict, C)) -> Result<(), Error> {
        // SAFETY: a token is plain numbers.
        let mut items: [sys::mpath_token; DRAIN_BATCH] = unsafe { std::mem::zeroed() };
        loop {
            let mut tokens = sys::mpath_tokens {
                items: items.as_mut_ptr(),
                capacity: DRAIN_BATCH as u32,
                stride: size::<sys::mpath_token>(),
                count: 0,
                left: 0,
            };
            // SAFETY: `items` has room for `capacity` tokens of `stride` bytes.
            let status =
                unsafe { slot(self.table().drain)(self.instance.raw, self.id, &mut tokens) };
            self.instance.plugin.check(status)?;
            for token in &items[..tokens.count as usize] {
                let deliver = token.verdict == sys::MPATH_DELIVER;
                let verdict = if deliver { Verdict::Deliver } else { Verdict::Discard };
                if let Some(cell) = self.held.take(token.token) {
                    each(verdict, cell);
                }
            }
            if tokens.left == 0 || tokens.count == 0 {
                return Ok(());
            }
        }
    }

    /// Again until it tells nothing that has not been done.
    pub fn poll(
        &mut self,
        views: &Views<'_>,
        now_us: u64,
        out: &mut EventBuffer,
    ) -> Result<(), Error> {
        self.note_time(now_us);
        out.count = 0;
        let mut events = sys::mpath_events {
            items: out.items.as_mut_ptr(),
            capacity: out.items.len() as u32,
            stride: size::<sys::mpath_event>(),
            count: 0,
            reserved: 0,
            next_deadline_us: sys::MPATH_NEVER,
        };
        let (instance, views) = (self.instance.raw, views.raw());
        // SAFETY: `items` has room for `capacity` events of `stride` bytes.
        let status =
            unsafe { slot(self.table().poll)(instance, self.id, &views, now_us, &mut events) };
        self.instance.plugin.check(status)?;
        out.count = events.count as usize;
        out.next_deadline_us = events.next_deadline_us;
        Ok(())
    }

    /// Held cells then drain as `Discard`.
    pub fn close(&mut self, now_us: u64) -> Result<(), Error> {
        self.note_time(now_us);
        // SAFETY: plain numbers.
        let status = unsafe { slot(self.table().tunnel_close)(self.instance.raw, self.id, now_us) };
        self.instance.plugin.check(status).map(drop)
    }

    fn table(&self) -> &'static sys::mpath_plugin_table {
        self.instance.plugin.table
    }
}

impl<C> Drop for Tunnel<'_, C> {
    fn drop(&mut self) {
        let _ = self.close(self.last_now_us);
        let _ = self.drain(|_, _| ());
        // SAFETY: closed and drained; the id is not used again.
        unsafe { slot(self.table().tunnel_destroy)(self.instance.raw, self.id) };
    }
}

/// Cells by token. A slot is used again only after its cell was taken.
struct Slots<C> {
    cells: Vec<Option<C>>,
    free: Vec<usize>,
}

impl<C> Slots<C> {
    fn new() -> Slots<C> {
        Slots { cells: Vec::new(), free: Vec::new() }
    }

    fn put(&mut self, cell: C) -> u64 {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.cells.push(None);
                self.cells.len() - 1
            }
        };
        self.cells[at] = Some(cell);
        at as u64
    }

    fn take(&mut self, token: u64) -> Option<C> {
        let at = usize::try_from(token).ok()?;
        let cell = self.cells.get_mut(at)?.take()?;
        self.free.push(at);
        Some(cell)
    }
}

//! rust_host - a host of a multipath plugin in Rust, on nothing but `std`.
//!
//! The same story as `examples/minimal_host/minimal_host.c`, word for word: two circuits ("legs")
//! of three hops end at the same far end, which is the two methods `far_end_*()`, and time is a
//! number. What your proxy must bring instead of the toys is marked YOURS; copy `mpath/`.
//!
//!   rustc --edition 2021 -O -D warnings main.rs -o rust_host
//!   ./rust_host /usr/lib/mpath/conflux.so

mod mpath;

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use mpath::sys::{self, mpath_control_cell, mpath_hop, mpath_leg_view};
use mpath::{
    leg_view, Arrival, Error, Event, EventBuffer, Instance, Leg, Plugin, Received, Request, Route,
    Tunnel, Verdict, Views,
};

const BEGIN: u8 = 1;
const DATA: u8 = 2;
const LINK: u8 = 19;
const LINKED: u8 = 20;
const LINKED_ACK: u8 = 21;
const SWITCH: u8 = 22;
const HOPS: usize = 3;
const JOIN_HOP: u8 = HOPS as u8 - 1;
const CELL_BYTES: u32 = 514;

const USAGE: &str = "usage: rust_host /absolute/path/to/conflux.so\n\
    Loads a multipath plugin, links two legs to a far end in memory, sends cells over\n\
    both, receives cells out of order, and prints what the plugin decides.\n";
const YAML: &str = "version: 1\nconflux: {profile: fast, scheduler: low_rtt}\n"; // YOURS: a file

/// YOURS: a relay cell in your memory. The tunnel owns it while it is held back.
type HeldCell = &'static str;

/// YOURS: the circuit.
struct Circuit {
    id: sys::mpath_leg_id,
    cwnd: u32, // congestion control is the host's
    inflight: u32,
    rtt_us: u32,
    link_body: Vec<u8>, // toy: the LINK that the far end got over it
}

struct Host<'i> {
    tunnel: Tunnel<'i, HeldCell>,
    circuits: [Circuit; 2],
    plugin: Plugin,
    events: EventBuffer,
    now_us: u64, // YOURS: CLOCK_MONOTONIC; std::time::Instant will do
}

fn name(command: u8) -> &'static str {
    match command {
        BEGIN => "BEGIN",
        DATA => "DATA",
        LINK => "LINK",
        LINKED => "LINKED",
        LINKED_ACK => "LINKED_ACK",
        SWITCH => "SWITCH",
        _ => "?",
    }
}

/// YOURS: encrypt for `cell.hop`, stream id 0, and put it on the leg's channel at once.
fn send_control(circuits: &mut [Circuit; 2], leg: u64, cell: &mpath_control_cell) {
    let name = name(cell.command);
    println!("  send  {:<10} on leg {}, {} bytes", name, leg + 1, cell.length);
    if cell.command == LINK {
        circuits[leg as usize].link_body = cell.body[..usize::from(cell.length)].to_vec();
    }
}

impl<'i> Host<'i> {
    fn new(instance: &'i Instance) -> Result<Host<'i>, Error> {
        let hop = |relay_tag, congestion_control| mpath_hop {
            relay_tag,
            kind: sys::MPATH_HOP_RELAY,
            congestion_control,
        };
        // Relays are numbers that we choose: 1, 2, 3, 4, and 9 where both legs end.
        let paths: [[mpath_hop; HOPS]; 2] = [
            [hop(1, 0), hop(2, 0), hop(9, sys::MPATH_CC_VEGAS)],
            [hop(3, 0), hop(4, 0), hop(9, sys::MPATH_CC_VEGAS)],
        ];
        let leg = |at: usize| Leg {
            cookie: at as u64,
            hops: &paths[at],
            cwnd_init: 124,
            sendme_inc: 31,
            flags: 0,
        };
        let (mut tunnel, first) = Tunnel::create(instance, &leg(0), &seed())?;
        let views = Views { legs: &[leg_view(first)], backlog: 0 };
        let added = tunnel.add_legs(&[leg(1)], &views)?;
        let circuit = |id| Circuit { id, cwnd: 0, inflight: 0, rtt_us: 0, link_body: Vec::new() };
        let circuits = [circuit(first), circuit(added[0])];
        let events = EventBuffer::new();
        Ok(Host { tunnel, circuits, plugin: instance.plugin, events, now_us: 1_000_000 })
    }

    /// What we know of our legs now. Cheap: it is borrowed, and made anew for each call.
    fn look(&self) -> [mpath_leg_view; 2] {
        [0, 1].map(|at: usize| {
            let circuit = &self.circuits[at];
            mpath_leg_view {
                cwnd: circuit.cwnd,
                inflight: circuit.inflight,
                ewma_rtt_us: circuit.rtt_us,
                last_rtt_us: circuit.rtt_us,
                ..leg_view(circuit.id)
            }
        })
    }

    /// The heart of a host: after every call that may have results, do what the plugin says.
    fn pump(&mut self) -> Result<(), Error> {
        loop {
            let legs = self.look();
            let views = Views { legs: &legs, backlog: 0 }; // YOURS: how many cells wait for a leg
            self.tunnel.poll(&views, self.now_us, &mut self.events)?;
            let mut done = 0;
            for event in self.events.iter() {
                match event {
                    Event::SendCell { leg, cell } => send_control(&mut self.circuits, leg, cell),
                    Event::LinkResult { leg, reason, rtt_us } => {
                        let linked = if reason == 0 { "yes" } else { "no" };
                        println!(
                            "  event leg {} linked: {linked}, RTT {} ms",
                            leg + 1,
                            rtt_us / 1000
                        );
                    }
                    Event::Ready => println!("  event ready: streams may be opened"),
                    Event::LegGone { leg, reason } => {
                        println!(
                            "  event leg {} gone: {}",
                            leg + 1,
                            self.plugin.reason_text(reason)
                        );
                    }
                    Event::Closed { reason } => {
                        println!("  event closed: {}", self.plugin.reason_text(reason));
                    }
                    Event::RemoveLeg { leg, reason } => {
                        let id = self.circuits[leg as usize].id; // YOURS: DESTROY the circuit, then
                        self.tunnel.remove_leg(id, reason, &views, self.now_us)?;
                    }
                    // YOURS: Padding, HandleCell, ReadStreams, Pressure, ... An unknown one is as
                    // if it had not been told, though it may be told again and again.
                    _ => continue,
                }
                done += 1;
            }
            if done == 0 {
                return Ok(()); // YOURS: then sleep until input, or events.next_deadline_us
            }
        }
    }

    /// Cells of a stream want to go. The grant is binding: what it grants must now be sent.
    fn send_cells(&mut self, command: u8, want: u32) -> Result<(), Error> {
        let legs = self.look();
        let views = Views { legs: &legs, backlog: want };
        let request = Request { command, hop: JOIN_HOP, want };
        match self.tunnel.route(&request, &views, self.now_us)? {
            Route::Blocked(reason) => {
                let why = self.plugin.reason_text(reason);
                println!("  route {want} {}: wait, {why}", name(command));
            }
            Route::Granted { leg, cells, first } => {
                if let Some(first) = first {
                    send_control(&mut self.circuits, leg, &first);
                }
                println!("  route {want} {}: {cells} on leg {}", name(command), leg + 1);
                if command == DATA {
                    self.circuits[leg as usize].inflight += cells;
                }
            }
        }
        Ok(())
    }

    /// Cells that we held back and that are in order now, or are to be freed because of a close.
    fn drain(&mut self) -> Result<(), Error> {
        self.tunnel.drain(|verdict, cell| {
            let what = if verdict == Verdict::Deliver { "deliver" } else { "free" };
            println!("  -> {what} \"{cell}\"");
        })
    }

    /// A relay cell came over a leg and was decrypted.
    fn receive_cell(
        &mut self,
        leg: usize,
        command: u8,
        body: &[u8],
        cell: HeldCell,
    ) -> Result<(), Error> {
        let id = self.circuits[leg].id;
        let arrival = Arrival { leg: id, command, hop: JOIN_HOP, body, cost: CELL_BYTES };
        let received =
            self.tunnel.receive(&arrival, cell, self.now_us).map_err(|(error, _)| error)?;
        let told = match received {
            Received::Held => "held back, an earlier one is missing",
            Received::Consumed => "for the plugin",
            Received::Deliver(_) | Received::Pass(_) => "in order",
        };
        println!("  recv  {:<10} on leg {}: {told}", name(command), leg + 1);
        if let Received::Deliver(cell) | Received::Pass(cell) = received {
            println!("  -> deliver \"{cell}\"");
        }
        self.drain()?;
        self.pump()
    }

    /// The far end answers LINK with LINKED: same version and nonce, nothing sent or received so
    /// far, and what it wishes itself (1: low latency). Spec: prop329 [LINKED].
    fn far_end_answers(&mut self, leg: usize) -> Result<(), Error> {
        let mut body = [0; 50];
        if let Some(start) = self.circuits[leg].link_body.get(..33) {
            body[..33].copy_from_slice(start);
        }
        body[49] = 1;
        self.receive_cell(leg, LINKED, &body, "")
    }

    fn far_end_switches(&mut self, leg: usize, skipped: u8) -> Result<(), Error> {
        self.receive_cell(leg, SWITCH, &[0, 0, 0, skipped], "")
    }
}

/// From the system's CSPRNG, anew for each tunnel: who knows it can add circuits to the tunnel.
fn seed() -> [u8; sys::MPATH_SEED_LEN as usize] {
    let mut bytes = [0; sys::MPATH_SEED_LEN as usize];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.expect("no tunnel without random bytes");
    bytes
}

fn run(path: &Path) -> Result<(), Error> {
    let plugin = Plugin::load(path)?;
    println!("loaded {}, ABI {}.{}", plugin.name, plugin.major, plugin.minor);
    println!("two circuits with the same last hop become one tunnel");
    let instance = Instance::open(plugin, YAML, "rust_host")?;
    let mut host = Host::new(&instance)?;

    println!("handshake: the far end answers after 10 ms on leg 1, after 25 ms on leg 2");
    host.tunnel.link(host.now_us)?;
    host.pump()?;
    host.now_us += 10_000;
    host.far_end_answers(0)?;
    host.now_us += 15_000;
    host.far_end_answers(1)?;

    println!("sending: each leg has room for 4 cells");
    for (circuit, rtt_us) in host.circuits.iter_mut().zip([10_000, 25_000]) {
        circuit.cwnd = 4;
        circuit.rtt_us = rtt_us;
    }
    host.send_cells(BEGIN, 1)?;
    for want in [6, 2, 9, 9] {
        host.send_cells(DATA, want)?;
    }

    println!("receiving: cells 1 and 2 on leg 1 are slower than 3 and 4 on leg 2");
    host.far_end_switches(1, 2)?;
    host.receive_cell(1, DATA, &[], "three")?;
    host.receive_cell(1, DATA, &[], "four")?;
    host.receive_cell(0, DATA, &[], "one")?;
    host.receive_cell(0, DATA, &[], "two")?;

    println!("closing while a cell is held back");
    host.far_end_switches(1, 1)?;
    host.receive_cell(1, DATA, &[], "six")?;
    host.tunnel.close(host.now_us)?;
    host.drain()?;
    host.pump()?;
    // YOURS: what the plugin has to say goes to your log, and ticks come by a timer.
    instance.tick(host.now_us)?;
    instance.drain_log(|level, ordinal, text| {
        if level <= sys::MPATH_LOG_WARN {
            eprintln!("rust_host: tunnel {ordinal}: {text}");
        }
    });
    instance.reload(YAML, "rust_host")
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [help] if help == "--help" => print!("{USAGE}"),
        [path] if path.starts_with('/') => {
            if let Err(error) = run(Path::new(path)) {
                eprintln!("rust_host: {error}");
                return ExitCode::from(1);
            }
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

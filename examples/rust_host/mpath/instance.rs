//! The plugin, opened for this host.

use std::ffi::CString;
use std::ptr;

use super::{size, slot, sys, words, Error, Plugin};

const DIAGNOSTICS_MAX: usize = 16 * 1024;
const LOG_BATCH: usize = 64;

/// Closes itself. Tunnels borrow it, so they are gone by then.
pub struct Instance {
    pub plugin: Plugin,
    pub(super) raw: *mut sys::mpath_instance,
}

// SAFETY: every function that is called with nothing but an instance is [any-thread].
unsafe impl Send for Instance {}
unsafe impl Sync for Instance {}

impl Instance {
    /// `yaml` is the text of a configuration; empty: the defaults. `name` is shown in messages.
    pub fn open(plugin: Plugin, yaml: &str, name: &str) -> Result<Instance, Error> {
        let mut raw = ptr::null_mut();
        with_config(yaml, name, |config, diagnostics| {
            // SAFETY: all three are whole and live through the call.
            unsafe { slot(plugin.table.instance_open)(config, diagnostics, &mut raw) }
        })?;
        Ok(Instance { plugin, raw })
    }

    /// For tunnels that are made from now on. An error changes nothing.
    pub fn reload(&self, yaml: &str, name: &str) -> Result<(), Error> {
        with_config(yaml, name, |config, diagnostics| {
            // SAFETY: as above; the instance is open.
            unsafe { slot(self.plugin.table.instance_reload)(self.raw, config, diagnostics) }
        })
    }

    /// Housekeeping. Returns when to call again at the latest; `MPATH_NEVER`: no need.
    pub fn tick(&self, now_us: u64) -> Result<u64, Error> {
        let mut deadline_us = sys::MPATH_NEVER;
        // SAFETY: the instance is open and the number lives through the call.
        let status =
            unsafe { slot(self.plugin.table.instance_tick)(self.raw, now_us, &mut deadline_us) };
        self.plugin.check(status).map(|_| deadline_us)
    }

    /// Gives each record, oldest first: level (`MPATH_LOG_*`), ordinal of the tunnel, words.
    pub fn drain_log(&self, mut each: impl FnMut(u32, u64, &str)) {
        // SAFETY: a record is plain numbers.
        let mut items: [sys::mpath_log_record; LOG_BATCH] = unsafe { std::mem::zeroed() };
        loop {
            let mut out = sys::mpath_log_records {
                items: items.as_mut_ptr(),
                capacity: LOG_BATCH as u32,
                stride: size::<sys::mpath_log_record>(),
                count: 0,
                left: 0,
                lost: 0,
            };
            // SAFETY: `items` has room for `capacity` records of `stride` bytes.
            let status = unsafe { slot(self.plugin.table.instance_drain_log)(self.raw, &mut out) };
            if status != sys::MPATH_OK {
                return;
            }
            for record in &items[..out.count as usize] {
                // SAFETY: any number is allowed; the words are static.
                let text = unsafe { words(slot(self.plugin.table.log_text)(record.event)) };
                each(record.level, record.tunnel_ordinal, text);
            }
            if out.left == 0 || out.count == 0 {
                return;
            }
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: open, and no tunnel is left: each one borrows this. It is the last call.
        unsafe { slot(self.plugin.table.instance_close)(self.raw) };
    }
}

fn with_config(
    yaml: &str,
    name: &str,
    call: impl FnOnce(*const sys::mpath_config_text, *mut sys::mpath_text) -> sys::mpath_status,
) -> Result<(), Error> {
    let name = CString::new(name).map_err(|_| Error::Refused("a NUL in the name".to_owned()))?;
    let config = sys::mpath_config_text {
        struct_size: size::<sys::mpath_config_text>(),
        length: u32::try_from(yaml.len()).map_err(|_| Error::Refused("too long".to_owned()))?,
        text: yaml.as_ptr().cast(),
        name: name.as_ptr(),
    };
    let mut buffer = vec![0u8; DIAGNOSTICS_MAX];
    let mut text = sys::mpath_text {
        data: buffer.as_mut_ptr().cast(),
        capacity: DIAGNOSTICS_MAX as u32,
        length: 0,
    };
    if call(&config, &mut text) == sys::MPATH_OK {
        return Ok(());
    }
    buffer.truncate((text.length as usize).min(DIAGNOSTICS_MAX - 1));
    Err(Error::Refused(String::from_utf8_lossy(&buffer).into_owned()))
}

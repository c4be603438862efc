//! May this file be loaded? Who can write to it runs code in this process (MPATH-H-22). The rules
//! are those of `mpath/loader.hpp`, without pins, for `std` has no SHA-256: see SECURITY.md.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

extern "C" {
    fn geteuid() -> u32;
}

const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

fn is_ours(metadata: &Metadata) -> bool {
    // SAFETY: geteuid() has no preconditions and cannot fail.
    metadata.uid() == 0 || metadata.uid() == unsafe { geteuid() }
}

/// Others may rename what lies in such a directory.
fn is_open_to_others(metadata: &Metadata) -> bool {
    metadata.mode() & GROUP_OR_OTHERS_WRITE != 0
}

fn check_directories(file: &Path) -> Result<(), String> {
    for (depth, directory) in file.ancestors().skip(1).enumerate() {
        let metadata =
            fs::metadata(directory).map_err(|e| format!("{}: {e}", directory.display()))?;
        // A directory like /tmp may be passed through: there nobody moves what is another's.
        let passed_through = depth > 0 && metadata.mode() & STICKY != 0;
        if !is_ours(&metadata) || (is_open_to_others(&metadata) && !passed_through) {
            return Err(format!(
                "{}: others than root and this user may put files there; install the plugin \
                 below /usr/lib",
                directory.display()
            ));
        }
    }
    Ok(())
}

/// Opens the file if nobody but root and this user can have written it. Load what was opened, not
/// the path: what was checked is what must be loaded.
pub fn open_trusted(path: &Path) -> Result<File, String> {
    if !path.is_absolute() {
        return Err(format!("{}: give the absolute path of the plugin", path.display()));
    }
    let real = fs::canonicalize(path).map_err(|e| format!("{}: {e}", path.display()))?;
    check_directories(&real)?;
    let file = File::open(&real).map_err(|e| format!("{}: {e}", real.display()))?;
    let metadata = file.metadata().map_err(|e| format!("{}: {e}", real.display()))?;
    if !metadata.is_file() || !is_ours(&metadata) || is_open_to_others(&metadata) {
        return Err(format!(
            "{}: must be a file of root or this user that nobody else can write: chmod go-w",
            real.display()
        ));
    }
    Ok(file)
}

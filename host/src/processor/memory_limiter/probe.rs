//! How much memory the process uses, and how much it may.

use std::fs;
use std::path::Path;

use crate::telemetry::process::resident_memory;

/// Looks at the memory.
pub trait MemoryProbe: Send + Sync + 'static {
    /// What the process uses now, in bytes; 0 where that cannot be told.
    fn used(&self) -> u64;

    /// What the process may use at most, in bytes.
    fn available(&self) -> u64;
}

/// Resident memory against the limit of the cgroup or, without one, the memory of the machine.
#[derive(Clone, Copy, Debug)]
pub struct ProcessMemory;

impl MemoryProbe for ProcessMemory {
    fn used(&self) -> u64 {
        resident_memory().unwrap_or(0)
    }

    fn available(&self) -> u64 {
        available(Path::new("/"))
    }
}

/// The lowest of all the limits found below `root`.
fn available(root: &Path) -> u64 {
    let read = |path: &str| fs::read_to_string(root.join(path)).ok();
    let machine = read("proc/meminfo").and_then(|meminfo| {
        let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        total.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    });
    let limit = |path: String| read(&path)?.trim().parse::<u64>().ok();
    // In a container the cgroup stands at the root of the file system that it sees; else, below its
    // own name.
    let own = read("proc/self/cgroup").unwrap_or_default();
    let names = own.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, name) = (fields.next()?, fields.next()?, fields.next()?);
        let is_memory = controllers.is_empty() || controllers.split(',').any(|c| c == "memory");
        is_memory.then_some(name)
    });
    let cgroup = names
        .chain(["/"])
        .flat_map(|name| {
            let name = name.trim_matches('/');
            [
                limit(format!("sys/fs/cgroup/{name}/memory.max")),
                limit(format!("sys/fs/cgroup/memory/{name}/memory.limit_in_bytes")),
            ]
        })
        .flatten()
        .min();
    machine.into_iter().chain(cgroup).min().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], want: u64) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(available(root.path()), want, "{files:?}");
    }

    #[test]
    fn the_lowest_limit_counts() {
        let machine = ("proc/meminfo", "MemTotal:       1024 kB\nMemFree: 1 kB\n");
        let v2 = ("proc/self/cgroup", "0::/system.slice/tamis.service\n");
        let v1 = ("proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/abc\n");
        check(&[], u64::MAX);
        check(&[machine], 1 << 20);
        check(&[machine, ("sys/fs/cgroup/memory.max", "max\n")], 1 << 20);
        check(&[machine, ("sys/fs/cgroup/memory.max", "4096\n")], 4096);
        let service = ("sys/fs/cgroup/system.slice/tamis.service/memory.max", "8192\n");
        check(&[machine, v2, service], 8192);
        let container = ("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "16384\n");
        check(&[machine, v1, container], 16384);
        let unlimited = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        check(&[machine, unlimited], 1 << 20);
    }

    #[test]
    fn this_process_uses_less_than_it_may() {
        assert!(ProcessMemory.used() > 0);
        assert!(ProcessMemory.used() < ProcessMemory.available());
    }
}

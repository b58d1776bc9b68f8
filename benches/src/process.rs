//! A gateway's process: started on a core of its own, and what the kernel knows about it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

/// The core of the gateway.
pub const GATEWAY_CORE: usize = 0;
/// The core of the load generator and the backend.
pub const LOAD_CORE: usize = 1;

/// The unit of CPU times in /proc: `USER_HZ`, 100 on every architecture of Linux that we know.
const TICK: Duration = Duration::from_millis(10);

/// A child that dies with its value.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts the program on [`GATEWAY_CORE`]. Its stderr goes to the file.
    ///
    /// # Errors
    ///
    /// Without `taskset` (util-linux), or when the file cannot be made.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let child = Command::new("taskset")
            .args(["--cpu-list", &GATEWAY_CORE.to_string()])
            .arg(program)
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(log)?)
            .spawn()
            .with_context(|| format!("cannot start {} by taskset", program.display()))?;
        Ok(Self(child))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(Some(_)) | Err(_))
    }

    /// User and system time of all its threads since it started.
    ///
    /// # Errors
    ///
    /// When the process is gone.
    pub fn cpu_time(&self) -> anyhow::Result<Duration> {
        Ok(usage(&self.0.id().to_string())?.cpu())
    }

    /// The most memory that was ever resident, in bytes.
    ///
    /// # Errors
    ///
    /// When the process is gone.
    pub fn peak_memory(&self) -> anyhow::Result<u64> {
        self.memory("VmHWM:")
    }

    /// What is resident now, in bytes.
    ///
    /// # Errors
    ///
    /// When the process is gone.
    pub fn memory_now(&self) -> anyhow::Result<u64> {
        self.memory("VmRSS:")
    }

    fn memory(&self, field: &str) -> anyhow::Result<u64> {
        memory(&self.0.id().to_string(), field)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is to be drained: all load has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process has used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub user: Duration,
    pub system: Duration,
    /// Pages that the kernel had to bring, without reading any.
    pub faults: u64,
    /// Bytes that are resident now.
    pub resident: u64,
}

impl Usage {
    /// User and system time.
    pub fn cpu(&self) -> Duration {
        self.user + self.system
    }
}

/// What this process has used until now.
///
/// # Errors
///
/// Without /proc.
pub fn own_usage() -> anyhow::Result<Usage> {
    usage("self")
}

fn usage(process: &str) -> anyhow::Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything; the fields after it are numbers.
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // The state after the name is field 3; minflt is 10, utime and stime are 14 and 15.
    let field = |number: usize| fields.get(number - 3).context("too few fields in stat");
    Ok(Usage {
        user: TICK * field(14)?.parse()?,
        system: TICK * field(15)?.parse()?,
        faults: field(10)?.parse()?,
        resident: memory(process, "VmRSS:")?,
    })
}

fn memory(process: &str, field: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: u64 = kibibytes.with_context(|| format!("no {field} in status"))?.parse()?;
    Ok(kibibytes << 10)
}

/// Moves this process to [`LOAD_CORE`]; before it has threads.
///
/// # Errors
///
/// Without `taskset`, or on a machine with one core.
pub fn pin_load() -> anyhow::Result<()> {
    let status = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", &LOAD_CORE.to_string()])
        .arg(std::process::id().to_string())
        .stdout(Stdio::null())
        .status()
        .context("taskset (util-linux) is needed")?;
    ensure!(status.success(), "cannot move to core {LOAD_CORE}: two cores are needed");
    Ok(())
}

//! A child process whose log is read while it runs.

use std::ffi::OsStr;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::soon;

/// A running process. Killed when dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: watch::Receiver<Vec<String>>,
}

impl Process {
    /// Starts a program; both of its streams become its log.
    pub(crate) fn start<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
        environment: &[(&str, String)],
    ) -> Self {
        let name = program.as_ref().to_string_lossy().into_owned();
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}; build it with `cargo xtask test`"));
        let (lines, log) = watch::channel(Vec::new());
        tokio::spawn(read(child.stdout.take().unwrap(), lines.clone()));
        tokio::spawn(read(child.stderr.take().unwrap(), lines));
        Self { name, child, log }
    }

    /// Waits until a line of the log satisfies; those that are there already count too.
    pub(crate) async fn line<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let mut found = None;
        let waited = self.log.wait_for(|lines| {
            found = lines.iter().find_map(|line| find(line));
            found.is_some()
        });
        if soon_or_none(waited).await.is_none() {
            panic!("{} did not log {what}; its log:\n{}", self.name, self.log());
        }
        found.unwrap()
    }

    /// Everything that it wrote so far.
    pub(crate) fn log(&self) -> String {
        self.log.borrow().join("\n")
    }

    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it as kill -9 does, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    pub(crate) fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).unwrap();
    }

    pub(crate) fn id(&self) -> Pid {
        let id = self.child.id().expect("the process runs");
        Pid::from_raw(id.cast_signed()).unwrap()
    }

    /// Waits for its end and the end of its log.
    pub(crate) async fn exit(mut self) -> (ExitStatus, String) {
        let status = soon(&format!("the end of {}", self.name), self.child.wait()).await.unwrap();
        // The senders go when the streams end: then `changed` fails.
        soon("the end of its log", async { while self.log.changed().await.is_ok() {} }).await;
        (status, self.log())
    }
}

async fn soon_or_none<T, E>(event: impl Future<Output = Result<T, E>>) -> Option<T> {
    tokio::time::timeout(super::PATIENCE, event).await.ok()?.ok()
}

async fn read(stream: impl AsyncRead + Unpin, log: watch::Sender<Vec<String>>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.send_modify(|log| log.push(line));
    }
}

//! A slow disk: strace holds up each request of a process to have its writes on the disk.

use crate::Fault;
use std::{collections::BTreeSet, fs, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    task::JoinHandle,
    time,
};

/// The system calls that wait for the disk.
const SYNCS: &str = "fsync,fdatasync,sync_file_range,msync";

/// How long attaching or detaching may take, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Holds up the processes until it is detached, or dropped.
#[derive(Debug)]
pub(crate) struct SlowDisk {
    tracer: Child,
    told: JoinHandle<u64>,
}

impl SlowDisk {
    /// Each sync of these processes, their threads and those that they start takes so much longer.
    pub(crate) async fn attach(processes: &[u32], delay: Duration) -> Result<Self, Fault> {
        let mut command = Command::new("strace");
        command.args(["--follow-forks", "--quiet=exit,path-resolution"]);
        command.arg(format!("--trace={SYNCS}"));
        command.arg(format!("--inject={SYNCS}:delay_enter={}", delay.as_micros()));
        for process in processes {
            command.arg(format!("--attach={process}"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut tracer =
            command.spawn().map_err(|error| format!("strace: {error}; install the package strace"))?;
        let stderr = tracer.stderr.take().ok_or("strace has no standard error")?;
        let mut lines = BufReader::new(stderr).lines();
        let mut waiting: BTreeSet<u32> = processes.iter().copied().collect();
        let attached = async {
            while !waiting.is_empty() {
                let line = lines.next_line().await?.ok_or("strace ended before it was attached")?;
                match told_of(&line) {
                    Some(Told::Attached(process)) => waiting.remove(&process),
                    // One that ended meanwhile has nothing to sync.
                    Some(Told::Absent(process)) => waiting.remove(&process),
                    Some(Told::Refused) => {
                        return Err(format!("{line}; tracing takes root (CAP_SYS_PTRACE)").into());
                    }
                    None => false,
                };
            }
            Ok::<_, Fault>(())
        };
        time::timeout(PATIENCE, attached).await.map_err(|_| "strace was not attached in time")??;
        let told = tokio::spawn(async move {
            let mut held_up = 0;
            // What it prints must not fill the pipe: it would hold up more than the disk.
            while let Ok(Some(line)) = lines.next_line().await {
                held_up += u64::from(line.contains("(DELAYED)"));
            }
            held_up
        });
        Ok(Self { tracer, told })
    }

    /// The disk is as fast as it was. Returns how many syncs were held up.
    pub(crate) async fn detach(mut self) -> Result<u64, Fault> {
        if let Some(id) = self.tracer.id() {
            std::process::Command::new("kill").args(["-TERM", &id.to_string()]).status()?;
        }
        let ended = async {
            self.tracer.wait().await?;
            Ok::<_, Fault>((&mut self.told).await?)
        };
        time::timeout(PATIENCE, ended).await.map_err(|_| "strace did not let go in time")?
    }
}

enum Told {
    Attached(u32),
    Absent(u32),
    Refused,
}

fn told_of(line: &str) -> Option<Told> {
    let number = |text: &str| text.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok();
    if let Some(rest) = line.strip_prefix("strace: Process ")
        && line.contains("attached")
    {
        return number(rest).map(Told::Attached);
    }
    let rest = line.split_once("PTRACE_SEIZE, ")?.1;
    if rest.contains("No such process") { number(rest).map(Told::Absent) } else { Some(Told::Refused) }
}

/// A process and all that it started, and those, as they are now.
pub(crate) fn tree(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut looked_at = 0;
    while let Some(parent) = found.get(looked_at).copied() {
        looked_at += 1;
        let threads =
            fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().filter_map(Result::ok);
        for thread in threads {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        process::{Child, ChildStdin, ChildStdout, Command, Stdio},
        time::Instant,
    };

    const DELAY: Duration = Duration::from_millis(400);

    /// A process whose child writes a file and has it on the disk whenever it is sent a line.
    struct Writer {
        process: Child,
        asking: ChildStdin,
        answers: std::io::Lines<BufReader<ChildStdout>>,
    }

    impl Writer {
        fn start(file: &std::path::Path) -> Self {
            let script = r#"while read -r line; do dd if=/dev/zero of="$1" bs=512 count=1 conv=fdatasync 2>/dev/null; echo done; done"#;
            let mut process = Command::new("sh")
                .args(["-c", script, "writer"])
                .arg(file)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let asking = process.stdin.take().unwrap();
            let answers = BufReader::new(process.stdout.take().unwrap()).lines();
            Self { process, asking, answers }
        }

        fn write(&mut self) -> Duration {
            let begun = Instant::now();
            writeln!(self.asking).unwrap();
            assert_eq!(self.answers.next().unwrap().unwrap(), "done");
            begun.elapsed()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn syncs_wait_while_it_is_attached_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::start(&folder.path().join("file"));
        writer.write();
        let slow = SlowDisk::attach(&tree(writer.process.id()), DELAY).await.unwrap();
        assert!(writer.write() >= DELAY);
        assert!(writer.write() >= DELAY);
        assert_eq!(slow.detach().await.unwrap(), 2);
        assert!(writer.write() < DELAY);
        let Writer { mut process, asking, .. } = writer;
        drop(asking);
        process.wait().unwrap();
    }

    #[test]
    fn what_strace_says_is_understood() {
        assert!(matches!(told_of("strace: Process 17 attached with 3 threads"), Some(Told::Attached(17))));
        assert!(matches!(told_of("strace: Process 17 attached"), Some(Told::Attached(17))));
        let gone = "strace: attach: ptrace(PTRACE_SEIZE, 99): No such process";
        assert!(matches!(told_of(gone), Some(Told::Absent(99))));
        let refused = "strace: attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted";
        assert!(matches!(told_of(refused), Some(Told::Refused)));
        assert!(told_of("fdatasync(3) = 0 (DELAYED)").is_none());
    }

    #[test]
    fn a_tree_is_a_process_and_what_it_started() {
        let mut parent = Command::new("sh")
            .args(["-c", "sleep 600 & cat; kill $!"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while tree(parent.id()).len() < 3 {
            assert!(begun.elapsed() < PATIENCE, "{:?}", tree(parent.id()));
            std::thread::yield_now();
        }
        drop(parent.stdin.take());
        parent.wait().unwrap();
    }
}

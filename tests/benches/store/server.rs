//! The peers that are servers: started on loopback in a folder of their own, stopped or killed by their process id.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::engine::Name;
use crate::machine;
use crate::programs::Programs;

const PATIENCE: Duration = Duration::from_secs(120);
const PORT: &str = "15432";
/// PostgreSQL refuses to run as root; this is nobody.
const NOBODY: u32 = 65_534;

/// A server that runs.
pub struct Server {
    child: Child,
    /// How its client finds it.
    pub address: String,
    /// From its start until it took a connection.
    pub started: Duration,
    quit: Signal,
    _socket: Option<tempfile::TempDir>,
}

impl Server {
    /// Starts the server of an engine that has one, with its data in `folder`, and waits until it takes connections.
    ///
    /// # Errors
    /// It does not start; its own last words are told.
    pub fn start(engine: Name, folder: &Path, programs: &Programs) -> Result<Server> {
        let log = folder.join("log");
        let missing = "its program is not on this machine";
        let begun = Instant::now();
        let started = match engine {
            Name::Postgres => postgres(folder, programs.postgres.as_ref().context(missing)?, &log),
            Name::Influxdb => influx(folder, programs.influxd.as_ref().context(missing)?, &log),
            Name::Victoria => victoria(folder, programs.victoria.as_ref().context(missing)?, &log),
            other => bail!("{other:?} has no server"),
        };
        let (mut server, socket) = started?;
        while !takes_connections(&server.address, socket.as_deref()) {
            let gone = server.child.try_wait()?.is_some();
            if gone || begun.elapsed() > PATIENCE {
                let said = fs::read_to_string(&log).unwrap_or_default();
                bail!(
                    "{engine:?} does not take connections: {}",
                    said.lines().last().unwrap_or("it said nothing")
                );
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        server.started = begun.elapsed();
        Ok(server)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it in order, all on disk.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop(mut self) -> Result<()> {
        kill(pid(self.child.id())?, self.quit).context("stop a server")?;
        self.child.wait().context("wait for a server's end")?;
        Ok(())
    }

    /// Kills it and what it started, as a power cut would.
    ///
    /// # Errors
    /// It cannot be killed.
    pub fn kill(mut self) -> Result<()> {
        for member in machine::family(self.child.id()) {
            // One that is gone already is no failure.
            let _ = kill(pid(member)?, Signal::SIGKILL);
        }
        self.child.wait().context("wait for a server's end")?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn pid(number: u32) -> Result<Pid> {
    Ok(Pid::from_raw(i32::try_from(number)?))
}

fn takes_connections(address: &str, socket: Option<&Path>) -> bool {
    match socket {
        // PostgreSQL answers before it is ready; only a client's hello tells.
        Some(socket) => {
            UnixStream::connect(socket).is_ok() && postgres::Client::connect(address, postgres::NoTls).is_ok()
        }
        None => TcpStream::connect(address).is_ok(),
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn spawn(command: &mut Command, log: &Path) -> Result<Child> {
    let log = File::options().create(true).append(true).open(log).context("open a server's log")?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn().with_context(|| format!("start {}", command.get_program().display()))
}

type Started = (Server, Option<PathBuf>);

fn postgres(folder: &Path, programs: &Path, log: &Path) -> Result<Started> {
    let cluster = folder.join("cluster");
    let root = fs::metadata("/proc/self").context("ask who runs this")?.uid() == 0;
    let own = |path: &Path| if root { chown(path, Some(NOBODY), Some(NOBODY)) } else { Ok(()) };
    let command = |name: &str| {
        let mut command = Command::new(programs.join(name));
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        // A folder that nobody may look into is no good place to be.
        command.current_dir("/");
        command
    };
    if !cluster.exists() {
        own(folder)?;
        let words = ["-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "-D"];
        let made = command("initdb").args(words).arg(&cluster).output().context("run initdb")?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr).trim());
    }
    let socket = tempfile::tempdir()?;
    own(socket.path())?;
    fs::set_permissions(socket.path(), fs::Permissions::from_mode(0o755))?;
    let mut server = command("postgres");
    server.arg("-D").arg(&cluster).arg("-k").arg(socket.path()).args(["-p", PORT]);
    for setting in [
        "listen_addresses=",
        "fsync=on",
        "synchronous_commit=on",
        "full_page_writes=on",
        "shared_buffers=256MB",
        "max_wal_size=4GB",
    ] {
        server.args(["-c", setting]);
    }
    let child = spawn(&mut server, log)?;
    let address = format!("host={} port={PORT} user=postgres dbname=postgres", socket.path().display());
    let path = socket.path().join(format!(".s.PGSQL.{PORT}"));
    let (started, quit) = (Duration::ZERO, Signal::SIGINT);
    Ok((Server { child, address, started, quit, _socket: Some(socket) }, Some(path)))
}

fn influx(folder: &Path, program: &Path, log: &Path) -> Result<Started> {
    let address = format!("127.0.0.1:{}", free_port()?);
    let place = folder.display();
    let settings = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:{}\"\n[meta]\ndir = \"{place}/meta\"\n\
         [data]\ndir = \"{place}/data\"\nwal-dir = \"{place}/wal\"\nwal-fsync-delay = \"0s\"\n\
         index-version = \"inmem\"\nquery-log-enabled = false\n\
         [http]\nbind-address = \"{address}\"\nlog-enabled = false\n[monitor]\nstore-enabled = false\n",
        free_port()?
    );
    let path = folder.join("influxdb.conf");
    fs::write(&path, settings)?;
    let child = spawn(Command::new(program).arg("run").arg("-config").arg(&path), log)?;
    let (started, quit) = (Duration::ZERO, Signal::SIGTERM);
    Ok((Server { child, address, started, quit, _socket: None }, None))
}

fn victoria(folder: &Path, program: &Path, log: &Path) -> Result<Started> {
    let address = format!("127.0.0.1:{}", free_port()?);
    let child = spawn(
        Command::new(program)
            .arg(format!("-storageDataPath={}", folder.join("data").display()))
            .arg(format!("-httpListenAddr={address}"))
            .args(["-retentionPeriod=100y", "-selfScrapeInterval=0s"]),
        log,
    )?;
    let (started, quit) = (Duration::ZERO, Signal::SIGINT);
    Ok((Server { child, address, started, quit, _socket: None }, None))
}

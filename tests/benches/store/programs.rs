//! Where the peers are, and what is said of one that is not here.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::Name;

/// Where set-up unpacked what the distribution has and the machine lacked.
const PEERS: &str = "PLATEN_PEERS";
/// A Python with the packages of `.ci/bench-python.txt`.
const PYTHON: &str = "PLATEN_BENCH_PYTHON";

/// The peers' programs.
#[derive(Debug, Default)]
pub struct Programs {
    /// The folder with `postgres` and `initdb`.
    pub postgres: Option<PathBuf>,
    /// `influxd`.
    pub influxd: Option<PathBuf>,
    /// `victoria-metrics`.
    pub victoria: Option<PathBuf>,
    /// Python with DuckDB.
    pub python: Option<PathBuf>,
}

impl Programs {
    /// Looks for them.
    #[must_use]
    pub fn find() -> Programs {
        let python = env::var_os(PYTHON).map(PathBuf::from);
        Programs {
            postgres: postgres(),
            influxd: program("influxd"),
            victoria: program("victoria-metrics"),
            python: python.filter(|python| run(python, &["-c", "import duckdb, numpy, pyarrow"]).is_some()),
        }
    }

    /// Whether an engine can run here.
    #[must_use]
    pub fn has(&self, engine: Name) -> bool {
        match engine {
            Name::Postgres => self.postgres.is_some(),
            Name::Influxdb => self.influxd.is_some(),
            Name::Victoria => self.victoria.is_some(),
            Name::Duckdb | Name::DuckdbKey | Name::DuckdbSorted => self.python.is_some(),
            Name::Platen | Name::PlatenWhole | Name::Sqlite | Name::Append | Name::Overwrite => true,
        }
    }

    /// Versions of those that are here, in a line.
    #[must_use]
    pub fn versions(&self) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/store/duck.py");
        let mut told = vec![format!("SQLite {}", crate::sqlite::version())];
        let ask = |program: &Option<PathBuf>, words: &[&str]| program.as_ref().and_then(|at| run(at, words));
        told.extend(ask(&self.python, &[script, "version"]).map(|version| format!("DuckDB {version}")));
        let server = self.postgres.as_ref().map(|folder| folder.join("postgres"));
        told.extend(
            ask(&server, &["--version"]).map(|said| said.replace("postgres (PostgreSQL)", "PostgreSQL")),
        );
        told.extend(ask(&self.influxd, &["version"]));
        // The distribution's does not know its own; set-up wrote down what it unpacked.
        let noted = env::var_os(PEERS).map(|peers| Path::new(&peers).join("victoria-metrics.version"));
        let version = noted.and_then(|path| std::fs::read_to_string(path).ok());
        let version = version.as_deref().map_or("of unknown version", str::trim);
        told.extend(self.victoria.as_ref().map(|_| format!("VictoriaMetrics {version}")));
        told.join("; ")
    }
}

fn run(program: &Path, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok().filter(|output| output.status.success())?;
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    Some(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned())
}

fn folders() -> Vec<PathBuf> {
    let unpacked = env::var_os(PEERS).map(|peers| Path::new(&peers).join("usr/bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    unpacked.into_iter().chain(env::split_paths(&path)).collect()
}

fn program(name: &str) -> Option<PathBuf> {
    folders().into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The newest of the distribution's, or what lies on the path.
fn postgres() -> Option<PathBuf> {
    let roots = [Some(PathBuf::from("/")), env::var_os(PEERS).map(PathBuf::from)];
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for root in roots.into_iter().flatten() {
        let versions = root.join("usr/lib/postgresql").read_dir();
        for version in versions.into_iter().flatten().flatten() {
            let number = version.file_name().to_str().and_then(|name| name.parse().ok());
            found.extend(number.map(|number| (number, version.path().join("bin"))));
        }
    }
    found.sort();
    found.reverse();
    let found = found.into_iter().map(|(_, folder)| folder);
    found.chain(folders()).find(|folder| folder.join("postgres").is_file() && folder.join("initdb").is_file())
}

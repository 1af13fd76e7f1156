//! Rebuilds the program when the site inside it has changed.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let site = Path::new("../target/site");
    let manifest = site.join("manifest.json");
    if manifest.exists() {
        println!("cargo::rerun-if-changed={}", manifest.display());
        return;
    }
    // Watching what is not there would rebuild the program every time; an empty folder can be watched until the
    // site takes its place. Where it cannot be made, being rebuilt is better than being stale.
    let _ = std::fs::create_dir_all(site);
    println!("cargo::rerun-if-changed={}", site.display());
}

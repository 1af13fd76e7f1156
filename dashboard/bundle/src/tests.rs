//! The bundler's laws.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::command_line::CommandLine;
use crate::compress::{Effort, with_siblings};
use crate::inputs::Asset;
use crate::program::Program;
use crate::site::{Site, assemble, hashed_name};
use crate::{run, swap};

fn program() -> Program {
    Program {
        script: "import { f } from './snippets/lib-1/inline0.js';\nnew URL('app_bg.wasm', import.meta.url)"
            .to_owned(),
        wasm: b"\0asm\x01\0\0\0".to_vec(),
        snippets: vec![(
            "snippets/lib-1/inline0.js".to_owned(),
            "export function f() { return 1 }".to_owned(),
        )],
    }
}

fn logo() -> Asset {
    Asset { name: "logo.svg".to_owned(), bytes: b"<svg/>".to_vec() }
}

fn manifest_of(site: &Site) -> Value {
    let files = site.files_with_manifest().unwrap();
    let (_, bytes) = files.iter().find(|(name, _)| name == "manifest.json").unwrap();
    serde_json::from_slice(bytes).unwrap()
}

fn text_of(site: &Site, plain: &str) -> String {
    let file = site.files.iter().find(|file| file.plain == plain).unwrap();
    String::from_utf8(file.bytes.clone()).unwrap()
}

/// A folder with the smallest dashboard there is: a module without anything in it.
struct Workbench {
    folder: TempDir,
}

impl Workbench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let bench = Self { folder };
        bench.write("app.wasm", b"\0asm\x01\0\0\0");
        bench.write("style/20-late.css", b"b{}");
        bench.write("style/10-early.css", b"a{}");
        bench.write("assets/logo.svg", b"<svg/>");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn line(&self) -> CommandLine {
        CommandLine {
            wasm: self.path("app.wasm"),
            style: self.path("style"),
            assets: self.path("assets"),
            out: self.path("site"),
            wasm_opt: None,
            fast: true,
        }
    }

    fn listing(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(self.path("site"))
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

#[test]
fn a_name_changes_exactly_when_the_content_does() {
    assert_eq!(hashed_name("logo.svg", b"abc"), "logo.ba7816bf.svg");
    assert_eq!(hashed_name("icons/logo.svg", b"abc"), "icons/logo.ba7816bf.svg");
    assert_eq!(hashed_name("LICENSE", b"abc"), "LICENSE.ba7816bf");
    assert_ne!(hashed_name("logo.svg", b"abd"), hashed_name("logo.svg", b"abc"));
}

#[test]
fn the_script_points_at_hashed_names_only() {
    let site = assemble(program(), "a{}", &[]).unwrap();
    let script = text_of(&site, "app.js");
    let manifest = manifest_of(&site);
    assert!(script.contains(manifest["wasm"].as_str().unwrap()));
    assert!(!script.contains("app_bg.wasm"));
    assert!(!script.contains("snippets/"));
    let snippet = site.files.iter().find(|file| file.plain == "inline0.js").unwrap();
    assert!(script.contains(&format!("'./{}'", snippet.name)));
}

#[test]
fn a_changed_wasm_changes_the_name_of_the_script_too() {
    let before = assemble(program(), "a{}", &[]).unwrap();
    let mut changed = program();
    changed.wasm.push(0);
    let after = assemble(changed, "a{}", &[]).unwrap();
    assert_ne!(manifest_of(&before)["wasm"], manifest_of(&after)["wasm"]);
    assert_ne!(manifest_of(&before)["js"], manifest_of(&after)["js"]);
    assert_eq!(manifest_of(&before)["css"], manifest_of(&after)["css"]);
}

#[test]
fn style_addresses_follow_the_hashed_assets() {
    let sheet = "a{background:url('logo.svg')}b{mask:url(#m)}c{cursor:url(data:image/gif;base64,AA==)}";
    let site = assemble(program(), sheet, &[logo()]).unwrap();
    let style = text_of(&site, "style.css");
    let name = manifest_of(&site)["assets"]["logo.svg"].as_str().unwrap().to_owned();
    assert!(style.contains(&format!("url(\"{name}\")")));
    assert!(style.contains("url(#m)"));
    assert!(style.contains("url(data:image/gif;base64,AA==)"));
}

#[test]
fn a_style_that_names_something_missing_is_refused() {
    let error = assemble(program(), "a{background:url(https://elsewhere/x.png)}", &[]).unwrap_err();
    assert!(error.to_string().contains("elsewhere"));
}

#[test]
fn a_script_that_does_not_load_the_wasm_is_refused() {
    let mut broken = program();
    broken.script = "nothing".to_owned();
    assert!(assemble(broken, "a{}", &[]).is_err());
}

#[test]
fn compressed_siblings_unpack_to_the_same_bytes_and_are_counted() {
    let sheet = "a{color:red}".repeat(100);
    let site = with_siblings(assemble(program(), &sheet, &[]).unwrap(), Effort::Best).unwrap();
    let manifest = manifest_of(&site);
    let style = manifest["css"].as_str().unwrap();
    let files = site.files_with_manifest().unwrap();
    let (_, pressed) = files.iter().find(|(name, _)| *name == format!("{style}.br")).unwrap();
    let mut plain = Vec::new();
    brotli::BrotliDecompress(&mut pressed.as_slice(), &mut plain).unwrap();
    assert_eq!(plain, sheet.as_bytes());
    assert_eq!(manifest["bytes"][style]["raw"], sheet.len());
    assert_eq!(manifest["bytes"][style]["brotli"], pressed.len());
}

#[test]
fn what_does_not_shrink_has_no_compressed_sibling() {
    let tiny = Asset { name: "dot.txt".to_owned(), bytes: b".".to_vec() };
    let site = with_siblings(assemble(program(), "a{}", &[tiny]).unwrap(), Effort::Quick).unwrap();
    let name = manifest_of(&site)["assets"]["dot.txt"].as_str().unwrap().to_owned();
    assert!(site.files_with_manifest().unwrap().iter().all(|(file, _)| *file != format!("{name}.br")));
    assert!(manifest_of(&site)["bytes"][&name]["brotli"].is_null());
}

#[test]
fn an_empty_dashboard_bundles_from_end_to_end() {
    let bench = Workbench::new();
    run(&bench.line()).unwrap();
    let manifest: Value =
        serde_json::from_slice(&fs::read(bench.path("site/manifest.json")).unwrap()).unwrap();
    for key in ["js", "wasm", "css"] {
        let name = manifest[key].as_str().unwrap();
        assert!(bench.path("site").join(name).is_file(), "{name} is missing");
    }
    let style = fs::read_to_string(bench.path("site").join(manifest["css"].as_str().unwrap())).unwrap();
    assert_eq!(style, "a{}\nb{}", "style sheets are joined in the order of their names");
    assert_eq!(fs::read_dir(bench.folder.path()).unwrap().count(), 5, "only the site and its stamp are new");
}

#[test]
fn a_second_run_leaves_every_file_untouched() {
    let bench = Workbench::new();
    run(&bench.line()).unwrap();
    let times = |bench: &Workbench| -> Vec<_> {
        bench
            .listing()
            .into_iter()
            .map(|(name, _)| fs::metadata(bench.path("site").join(name)).unwrap().modified().unwrap())
            .collect()
    };
    let before = times(&bench);
    run(&bench.line()).unwrap();
    assert_eq!(times(&bench), before);

    // Without the stamp the whole work is done again, and still nothing is written.
    fs::remove_file(bench.path("site.inputs")).unwrap();
    run(&bench.line()).unwrap();
    assert_eq!(times(&bench), before);
}

#[test]
fn a_failed_run_changes_nothing() {
    let bench = Workbench::new();
    run(&bench.line()).unwrap();
    let before = bench.listing();
    bench.write("app.wasm", b"this is no wasm");
    run(&bench.line()).unwrap_err();
    assert_eq!(bench.listing(), before);
    bench.write("app.wasm", b"\0asm\x01\0\0\0");
    bench.write("style/10-early.css", b"a{background:url(missing.png)}");
    run(&bench.line()).unwrap_err();
    assert_eq!(bench.listing(), before);
}

#[test]
fn a_failing_optimiser_fails_the_run() {
    let bench = Workbench::new();
    let mut line = bench.line();
    line.wasm_opt = Some(PathBuf::from("/bin/false"));
    assert!(run(&line).unwrap_err().to_string().contains("/bin/false"));
    assert!(!bench.path("site").exists());
}

#[test]
fn what_is_no_longer_made_goes_away() {
    let bench = Workbench::new();
    run(&bench.line()).unwrap();
    bench.write("style/10-early.css", b"a{color:red}");
    let before = bench.listing();
    run(&bench.line()).unwrap();
    let styles =
        |files: &[(String, Vec<u8>)]| files.iter().filter(|(name, _)| name.ends_with(".css")).count();
    assert_eq!(styles(&before), 1);
    assert_eq!(styles(&bench.listing()), 1);
    assert_ne!(bench.listing(), before);
}

#[test]
fn a_site_without_its_manifest_is_never_current() {
    let bench = Workbench::new();
    run(&bench.line()).unwrap();
    fs::remove_file(bench.path("site/manifest.json")).unwrap();
    let stamp = swap::stamp_path(&bench.path("site")).unwrap();
    let kept = fs::read_to_string(&stamp).unwrap();
    assert!(!swap::is_current(&bench.path("site"), &stamp, &kept));
    run(&bench.line()).unwrap();
    assert!(bench.path("site/manifest.json").is_file());
}

#[test]
fn a_missing_style_folder_is_refused_and_a_missing_assets_folder_is_empty() {
    let bench = Workbench::new();
    fs::remove_dir_all(bench.path("assets")).unwrap();
    run(&bench.line()).unwrap();
    fs::remove_dir_all(bench.path("style")).unwrap();
    assert!(run(&bench.line()).unwrap_err().to_string().contains("no style sheet"));
}

#[test]
fn the_command_line_is_checked() {
    let parse = |text: &str| CommandLine::parse(text.split_whitespace().map(str::to_owned));
    let line = parse("a.wasm style assets site --wasm-opt opt --fast").unwrap();
    assert_eq!(line.wasm_opt.as_deref(), Some(Path::new("opt")));
    assert!(line.fast);
    assert!(parse("a.wasm style assets").is_err());
    assert!(parse("a.wasm style assets site more").is_err());
    assert!(parse("a.wasm style assets site --wasm-opt").is_err());
    assert!(parse("a.wasm style assets site --unknown").is_err());
}
